"""`workbuoy rehearse --report FILE.html`."""

import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from operations.main import main

_PROGRAM = """
import pulumi
import pulumi_aws as aws
provider = aws.Provider("aws", region="eu-north-1")
aws.sns.Topic("alarms", opts=pulumi.ResourceOptions(provider=provider))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in the current folder, with stack dev."""
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text('config:\n  small:settings:\n    account: "000000000009"\n')
    (tmp_path / "__main__.py").write_text(_PROGRAM)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["rehearse", "dev", "--declare-only", *arguments])


def test_the_report_is_written_beside_the_summary(folder: Path) -> None:
    result = run("--report", "report.html")
    assert result.exit_code == 0
    assert "is declared" in result.stdout
    assert "report.html" in result.stderr
    assert "dev was declared" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_missing_folder_is_reported_before_anything_runs(folder: Path) -> None:
    (folder / "__main__.py").write_text("raise SystemExit('the program ran')")
    result = run("--report", "missing/report.html")
    assert result.exit_code == 1
    assert "there is no folder missing" in result.stderr


def test_a_folder_in_the_reports_place_is_reported_before_anything_runs(folder: Path) -> None:
    (folder / "__main__.py").write_text("raise SystemExit('the program ran')")
    (folder / "taken").mkdir()
    result = run("--report", "taken")
    assert result.exit_code == 1
    assert result.stderr == "error: taken: is a folder; name a file\n"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a file system that takes no files: /proc")
def test_a_place_that_takes_no_files_is_reported_before_anything_runs(folder: Path) -> None:
    """Its rights would let root write."""
    (folder / "__main__.py").write_text("raise SystemExit('the program ran')")
    result = run("--report", "/proc/report.html")
    assert result.exit_code == 1
    assert result.stderr == "error: /proc/report.html: cannot be written there; name another place\n"


def test_a_report_that_cannot_be_written_does_not_hide_the_result(folder: Path) -> None:
    (folder / "__main__.py").write_text(f"{_PROGRAM}\nimport pathlib; pathlib.Path('taken').mkdir()\n")
    result = run("--report", "taken")
    assert result.exit_code == 1
    assert "is declared" in result.stdout
    assert "taken" in result.stderr
    assert "Traceback" not in result.output


def test_the_head_says_where_what_it_costs_and_of_which_commit_it_is(folder: Path) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "--quiet"], ["add", "-A"], ["commit", "--quiet", "--message", "first"]):
        subprocess.run([*git, *arguments], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    run("--report", "report.html")
    head = (folder / "report.html").read_text(encoding="utf-8").partition("<header")[2].partition("</header>")[0]
    told = re.sub(r"<[^>]+>", " ", head)
    assert re.search(r"Account\s+210000000009\s+Region\s+us-east-1\s+At rest\s+0\.00 USD a month", told)
    assert commit[:12] in told
    assert "in no commit" not in told
    (folder / "__main__.py").write_text(_PROGRAM + "\n")
    run("--report", "report.html")
    assert "and changes that are in no commit" in (folder / "report.html").read_text(encoding="utf-8")
