"""`workbuoy rehearse` as a person and a program use it: output, exit codes, interruption."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from operations.main import main
from operations.rehearse.command import rehearse
from operations.rehearse.fitting import arguments_of

pytestmark = pytest.mark.lengthy

_HEAD = "import pulumi\nimport pulumi_aws as aws\nprovider = aws.Provider('aws', region='eu-north-1')\n"
_TOP = "opts=pulumi.ResourceOptions(provider=provider)"
GOOD = f"{_HEAD}aws.sns.Topic('alarms', {_TOP})\n"
REFUSED = f"{_HEAD}aws.cloudwatch.LogGroup('logs', retention_in_days=2, {_TOP})\n"
UNKNOWN = f"{_HEAD}aws.sqs.Queue('queue', {_TOP})\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in the current folder, with stack dev."""
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text('config:\n  small:settings:\n    account: "000000000009"\n')
    (tmp_path / "__main__.py").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["rehearse", *arguments])


def test_a_good_stack_exits_with_0_and_says_that_it_stands(folder: Path) -> None:
    result = run()
    assert result.exit_code == 0
    first, *_ = result.stdout.splitlines()
    assert first.startswith("dev (210000000009, us-east-1) stands: 1 resource")
    assert "small:settings.account: 000000000009 -> 210000000009" in result.stdout
    assert "does not prove" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("Next: workbuoy rehearse dev")
    assert folder.exists()


@pytest.mark.usefixtures("usual_columns")
def test_the_summary_fits_into_80_columns(folder: Path) -> None:
    (folder / "__main__.py").write_text(REFUSED.replace("'logs'", "'other-logs'"))
    lines = run("--verbose").stdout.splitlines()
    assert lines
    assert max(len(line) for line in lines) <= 80


def test_json_on_stdout_is_nothing_but_json(folder: Path) -> None:
    result = run("--json")
    document = json.loads(result.stdout)
    assert document["passed"] is True
    assert document["stack"] == "dev"
    assert document["resources"]["compared"] == 1
    assert document["standIns"][0]["standIn"] == "210000000009"
    assert result.stderr
    assert folder.exists()


def test_declaring_only_never_imports_moto(folder: Path) -> None:
    code = (
        "import sys\nfrom operations.main import main\n"
        "try:\n    main(['rehearse', '--declare-only'])\n"
        "finally:\n    print([m for m in sys.modules if m.split('.')[0] in ('moto', 'boto3', 'botocore')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert "is declared: 1 resource" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (REFUSED, "keeps logs for 2 days"),
        (UNKNOWN, "does not know the type aws:sqs/queue:Queue"),
        (f"{_HEAD}aws.sns.Topic('bare')\n", "has no explicit provider"),
    ],
)
def test_a_check_that_fails_exits_with_3_and_says_what(folder: Path, program: str, said: str) -> None:
    (folder / "__main__.py").write_text(program)
    result = run()
    assert result.exit_code == 3
    assert "FAILS its rehearsal: 1 problem," in result.stdout
    assert said in " ".join(result.stdout.split())


def test_what_cannot_go_on_exits_with_3_and_one_line(folder: Path) -> None:
    (folder / "__main__.py").write_text(f"{_HEAD}aws.get_caller_identity()\n")
    result = run()
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1].startswith("error: refused: function aws:index/getCallerIdentity")
    assert "Traceback" not in result.output


def test_a_mistake_in_the_program_exits_with_4_and_shows_where(folder: Path) -> None:
    (folder / "__main__.py").write_text("1 / 0\n")
    result = run()
    assert result.exit_code == 4
    assert "ZeroDivisionError" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: the program itself failed, which is a mistake in it")


@pytest.mark.parametrize(
    ("stack", "content", "said"),
    [
        ("nope", None, "there is no stack 'nope'; the project has: dev"),
        ("dev", "", "Pulumi.dev.yaml: is empty"),
        ("dev", "config: [", "Pulumi.dev.yaml:2: is not YAML"),
    ],
)
def test_a_person_s_mistake_exits_with_1_on_one_line(folder: Path, stack: str, content: str | None, said: str) -> None:
    if content is not None:
        (folder / "Pulumi.dev.yaml").write_text(content)
    result = run(stack)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert said in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.output


def test_problems_of_the_program_s_settings_come_one_a_line(folder: Path) -> None:
    (folder / "__main__.py").write_text(
        "from infra.problems import Problem, ProblemsError\n"
        "raise ProblemsError([Problem(file='f', path='a', message='one'), Problem(message='two')])\n"
    )
    result = run()
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-2:] == ["error: f: a: one", "error: two"]


def test_outside_a_project_it_exits_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run()
    assert result.exit_code == 1
    assert "no Pulumi.yaml" in result.stderr


def test_wrong_usage_exits_with_2(folder: Path) -> None:
    assert run("dev", "prod").exit_code == 2
    assert run("--unknown").exit_code == 2
    assert folder.exists()


def test_help_explains_the_exit_codes_without_importing_pulumi() -> None:
    code = (
        "import sys\nfrom operations.main import main\n"
        "try:\n    main(['--help'])\n"
        "finally:\n    print('pulumi' in sys.modules, 'boto3' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Exit codes" in done.stdout
    assert done.stdout.splitlines()[-1] == "False False"


def test_ctrl_c_ends_it_with_one_line_and_130(folder: Path) -> None:
    (folder / "__main__.py").write_text("import pathlib, time\npathlib.Path('started').touch()\ntime.sleep(600)\n")
    command = [sys.executable, "-c", "from operations.main import main; main()", "rehearse"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 300
        while not (folder / "started").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=300)
    assert process.returncode == 130
    assert out == b""
    assert errors.decode().splitlines()[-1] == "error: interrupted; nothing is left behind"
    assert "Traceback" not in errors.decode()


@pytest.mark.parametrize(
    "words",
    [
        ["prod", "--leave", "--tenants", "initech,acme", "--move", "prod-eu-north-1"],
        ["prod", "--tenants", "all", "--no-matrix"],
        ["dev", "--other", "python -m other"],
        ["dev"],
    ],
    ids=" ".join,
)
def test_what_to_type_next_is_what_was_typed_but_for_where_output_goes(words: list[str]) -> None:
    context = rehearse.make_context("rehearse", [*words, "--verbose", "--report", "page.html"])
    with context:
        assert shlex.split(arguments_of(context, words[0])) == words


def test_a_rehearsal_that_fails_names_the_same_rehearsal_as_the_next_step(folder: Path) -> None:
    (folder / "__main__.py").write_text(REFUSED)
    assert "then `workbuoy rehearse dev --no-service` again" in run("--no-service", "--verbose").stdout
