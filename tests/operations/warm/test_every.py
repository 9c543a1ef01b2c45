"""`workbuoy rehearse --all`: every stack and account, or those that a change touches, with one verdict."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from operations.changed.files import Files
from operations.main import main
from operations.warm.every import _places
from project.files import find_project
from rehearsal.report.estate import render_estate
from tests.conftest import PROJECT, schema_of

_HEAD = "import pulumi\nimport pulumi_aws as aws\nprovider = aws.Provider('aws', region='eu-north-1')\n"
_TOP = "opts=pulumi.ResourceOptions(provider=provider)"
PROGRAM = f"""{_HEAD}
if pulumi.get_stack() == "dev-bad":
    aws.cloudwatch.LogGroup('logs', retention_in_days=2, {_TOP})
elif pulumi.get_stack() == "dev-broken":
    raise ValueError("not today")
else:
    aws.sns.Topic('alarms', {_TOP})
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a good stack and a good account."""
    for place, stack in ((tmp_path, "dev"), (tmp_path / "bootstrap", "dev")):
        place.mkdir(exist_ok=True)
        (place / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
        (place / "__main__.py").write_text(PROGRAM)
        add(place, stack)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def add(place: Path, stack: str) -> None:
    (place / f"Pulumi.{stack}.yaml").write_text('config:\n  small:settings:\n    account: "000000000009"\n')


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["rehearse", "--all", *arguments])


@pytest.mark.slow
def test_all_that_stand_end_with_0_and_one_report_shows_each(folder: Path, tmp_path: Path) -> None:
    result = run("--report", str(tmp_path / "all.html"))
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "All 2 stand"
    assert [line.split()[:2] for line in result.stdout.splitlines()[3:5]] == [
        ["dev", "passed"],
        ["bootstrap/dev", "passed"],
    ]
    page = (tmp_path / "all.html").read_text(encoding="utf-8")
    assert page.count("<iframe ") == 2
    assert 'href="#of-bootstrap-dev"' in page
    assert folder.exists()


@pytest.mark.slow
def test_one_that_fails_is_reported_whole_and_ends_with_the_worst_exit_code(folder: Path) -> None:
    add(folder, "dev-bad")
    add(folder, "dev-broken")
    result = run("--json")
    document = json.loads(result.stdout)
    schema_of("rehearse-all").validate(document)
    assert document["passed"] is False
    assert {one["name"]: (one["verdict"], one["exitCode"]) for one in document["rehearsals"]} == {
        "dev-bad": ("FAILED", 3),
        "dev-broken": ("no verdict", 4),
        "dev": ("passed", 0),
        "bootstrap/dev": ("passed", 0),
    }
    assert "AWS would refuse (1)" in document["rehearsals"][1]["summary"]
    assert "error: dev-broken: the program itself failed, which is a mistake in it: not today" in result.stderr
    assert result.exit_code == 4


@pytest.mark.parametrize(
    ("file", "touched"),
    [
        ("docs/architecture.md", set()),
        ("Pulumi.dev.yaml", {"dev"}),
        ("Pulumi.prod.yaml", {"prod", "prod-acme"}),
        ("tenants/acme.yaml", {"prod-acme"}),
        ("bootstrap/Pulumi.dev.yaml", {"bootstrap/dev"}),
        ("bootstrap/roles.py", {f"bootstrap/{one}" for one in ("dev", "prod", "staging", "vault")}),
    ],
)
def test_a_change_touches_those_alone_that_its_files_concern(file: str, touched: set[str]) -> None:
    found = {place.name for place in _places(find_project(PROJECT), Files(differing=(file,)))}
    assert found == touched


@pytest.mark.parametrize("file", ["components/files.py", "requirements.lock"])
def test_shared_code_touches_all(file: str) -> None:
    project = find_project(PROJECT)
    everything = {place.name for place in _places(project, None)}
    assert {place.name for place in _places(project, Files(differing=(file,)))} == everything
    assert {"dev", "prod", "prod-acme", "bootstrap/dev", "bootstrap/prod"} <= everything


@pytest.mark.parametrize("other", [["prod"], ["--watch"], ["--tenants", "all"], ["--declare-only"], ["--image"]])
def test_it_goes_with_no_option_that_concerns_one_stack(other: list[str]) -> None:
    result = run(*other)
    assert result.exit_code == 2
    assert "--all rehearses each stack by itself: leave out" in result.output


def test_an_unknown_revision_is_one_line(folder: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    result = run("--since", "nowhere")
    assert result.exit_code == 1
    assert "error: nowhere: git knows no such commit here" in result.stderr
    assert "Traceback" not in result.output


def test_a_report_s_place_is_refused_before_the_run(folder: Path) -> None:
    result = run("--report", str(folder))
    assert result.exit_code == 1
    assert "is a folder; name a file" in result.stderr


def test_a_name_in_a_page_meets_no_other_page_s() -> None:
    rows = [("prod", "passed", 3, 1.0, 2.0), ("dev", "FAILED", 3, None, 2.0)]
    page = render_estate(rows, ['<p id="x">"one"</p>', "<p id='x'>two</p>"], made_at=datetime(2026, 11, 26, tzinfo=UTC))
    assert 'id="x"' not in page
    assert "&lt;p id=&quot;x&quot;&gt;" in page
    assert "1 of 2 do not stand" in page
    assert "not known" in page
