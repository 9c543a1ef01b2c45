"""Each step's command, run here without an account: it is known, and ends at the first call that needs one."""

import gzip
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import pytest

from operations.entry import run
from operations.fleet.night import NIGHTS
from operations.main import main
from tests.conftest import PROJECT, ROOT
from tests.forked import in_a_fork
from tests.forked_command import Forking, import_what_a_declaration_needs
from tests.workflows.reading import RUNS

VARIABLES = {
    "STACK": "dev",
    "STACKS": "dev",
    "ACCOUNT": "dev",
    "TENANT": "acme",
    "TENANTS": "acme",
    "BASE": "HEAD",
    "BEFORE": "HEAD",
    "DIGEST": "sha256:" + "1" * 64,
    "REPOSITORY": "210000000001.dkr.ecr.eu-west-1.amazonaws.com/workbuoy",
    "ARCHITECTURE": "arm64",
    "AT": "2026-11-26T09:30:00Z",
    "ENVIRONMENT": "prod",
    "SHARD": "canaries-1",
    "WAVE": "canaries",
    "UNSEEN": "",
    "RESULTS": "changed=success review=success",
}
NIGHTLY = [
    f".venv/bin/workbuoy {' '.join((*step.words, *step.writes) if step.writes else step.words)}".replace(
        "{stack}", "$STACK"
    )
    for steps in NIGHTS.values()
    for step in steps
]
"""What `workbuoy fleet look` runs for each stack."""
COMMANDS = [*(line for line in RUNS if line.removeprefix("../").startswith(".venv/bin/workbuoy ")), *NIGHTLY]


def words_of(line: str) -> list[str]:
    """The words after `workbuoy`, with variables filled in and without the file that stdout goes into."""
    filled = re.sub(r"\$(\w+)", lambda match: VARIABLES[match[1]], line)
    return shlex.split(re.sub(r" > \S+$", "", filled))[1:]


def parsed(words: list[str]) -> click.Context:
    """The command as click understands it, not run. Raises click.UsageError."""
    command: click.Command = main
    context: click.Context | None = None
    while isinstance(command, click.Group):
        name, *words = words
        found = command.get_command(context or click.Context(command), name)
        if found is None:
            raise click.UsageError(f"no command {name}")
        context, command = click.Context(command, parent=context, info_name=name), found
    return command.make_context(command.name, words, parent=context)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_and_option_exists(line: str) -> None:
    parsed(words_of(line))


@pytest.mark.parametrize("words", ["rehearse --repport x", "deploy", "changed --since", "chart dev"])
def test_a_command_that_does_not_exist_would_be_noticed(words: str) -> None:
    with pytest.raises(click.UsageError):
        parsed(words.split())


@dataclass(frozen=True)
class Ends:
    """How a command ends on a machine without account, token and engine: its code, and what it says."""

    code: int
    said: str


# By the command's first words; the longest that fits counts. Each ends in one line where it cannot go on.
ENDS: Mapping[str, Ends] = {
    "changed": Ends(0, ""),
    "changed --tenant": Ends(0, "tenant  acme"),
    "changed --stack": Ends(0, "stack   dev"),
    "pipeline require-branch": Ends(0, ""),
    "pipeline require-passed": Ends(0, ""),
    "pipeline summary": Ends(0, "comes from a fork"),
    "pipeline comment": Ends(0, "no comment is written"),
    "pipeline issue": Ends(0, "no issue is written"),
    "pipeline propose": Ends(0, "Nothing changes, so nothing is proposed."),
    "review": Ends(4, "the Pulumi CLI"),
    "review --events": Ends(0, ""),
    "review dev --since": Ends(0, ""),
    "deploy": Ends(4, "the Pulumi CLI"),
    "drift": Ends(4, "the Pulumi CLI"),
    "drills": Ends(4, "the Pulumi CLI"),
    "restore end": Ends(4, "the Pulumi CLI"),
    "restore drill": Ends(4, "the Pulumi CLI"),
    "restore switch": Ends(4, "the Pulumi CLI"),
    "image push": Ends(1, "there is no image"),
    "doctor": Ends(3, "not ready to deploy: engine, secrets provider, AWS identity, account"),
    "tenant deploy --all": Ends(0, "There is no silo to deploy."),  # on dev
    "tenant deploy acme": Ends(1, "names a placeholder account"),
    "tenant check": Ends(0, "in order"),
    "pipeline looks": Ends(0, "no looks are fetched"),
    "fleet page": Ends(0, "build/fleet-"),
    "releases": Ends(4, "the Pulumi CLI"),
    "cost": Ends(0, ""),
    "backups": Ends(4, "the Pulumi CLI"),
    "fleet plan": Ends(1, "is a placeholder; nothing stands there yet"),
    "fleet start": Ends(1, "is a placeholder; nothing stands there yet"),
    "fleet deploy": Ends(4, "the journal cannot be used"),
    "fleet next": Ends(4, "the journal cannot be used"),
    "fleet look": Ends(3, "the Pulumi CLI"),
}
ELSEWHERE = {
    "rehearse": "the service and the tenants take longer: tests/rehearsal; without them below",
    "engine install": "downloads the CLI: tests/operations/engine",
}


def expectation(line: str) -> str | None:
    """The longest key that a command begins with."""
    words = " ".join(words_of(line))
    fitting = [key for key in (*ENDS, *ELSEWHERE) if f"{words} ".startswith(f"{key} ")]
    return max(fitting, key=len) if fitting else None


def test_every_command_is_tried_here_or_elsewhere() -> None:
    assert [line for line in COMMANDS if expectation(line) is None] == []
    assert {expectation(line) for line in COMMANDS} == {*ENDS, *ELSEWHERE}


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program and the example stacks in a folder that commands may write into."""
    folder = tmp_path_factory.mktemp("workplace")
    program = [one for one in ROOT.iterdir() if one.name not in {"build", ".git"} and not one.match("Pulumi.*.yaml")]
    for name, entry in {one.name: one for one in (*program, *PROJECT.iterdir())}.items():
        (folder / name).symlink_to(entry)
    for made in ("reviews/review-dev/review-dev.md", "build/drift/drift-dev/drift-dev.md"):
        (folder / made).parent.mkdir(parents=True)
        (folder / made).write_text("dev: nothing\n")
    recording = ROOT / "tests/recordings/program/unchanged.events.jsonl.gz"
    (folder / f"events-{VARIABLES['STACK']}.jsonl").write_bytes(gzip.decompress(recording.read_bytes()))
    (folder / "build/upgrade.patch").write_text("")
    (folder / "build/looks").mkdir()
    steps = {"schema": 1, "stack": "prod", "source": "main and the working tree", "steps": []}
    (folder / f"steps-{VARIABLES['STACK']}.json").write_text(json.dumps(steps))
    for compared in (f"compare-{VARIABLES['STACK']}.md", f"account-{VARIABLES['ACCOUNT']}.md"):
        (folder / compared).write_text("nothing, since this comes from a fork\n")
    return folder


# These declare stacks or begin further processes first, which takes seconds each.
SLOW = {"backups", "cost", "drills", "fleet look", "restore drill", "review dev --since", "tenant deploy acme"}


@pytest.mark.lengthy
@pytest.mark.parametrize(
    "line",
    [
        pytest.param(line, marks=[pytest.mark.slow] * (expectation(line) in SLOW))
        for line in COMMANDS
        if expectation(line) in ENDS
    ],
)
def test_the_command_ends_where_an_account_would_be_needed(line: str, workplace: Path, tmp_path: Path) -> None:
    ends = ENDS[str(expectation(line))]
    in_clone = "workbuoy changed" in line or "workbuoy tenant check" in line or "--since" in line
    environment = {
        **VARIABLES,
        "HOME": str(tmp_path),
        "PATH": os.pathsep.join(["/usr/bin", "/bin"]),
        "GITHUB_OUTPUT": str(tmp_path / "outputs"),
        "GITHUB_REF": "refs/heads/main",
    }
    written_elsewhere = re.sub(r'(--steps |--markdown )"', rf'\1"{tmp_path}/', line) if in_clone else line
    folder = ROOT / "bootstrap" if line.startswith("../") else ROOT if in_clone else workplace
    import_what_a_declaration_needs()
    done = in_a_fork(partial(ran, words_of(written_elsewhere), folder, environment, tmp_path))
    said = done.stdout + done.stderr
    assert done.returncode == ends.code, said
    assert ends.said in said
    assert "Traceback" not in said
    if ends.code == 4:
        assert len(done.stderr.splitlines()) <= 3, done.stderr


def ran(
    words: list[str], folder: Path, environment: Mapping[str, str], files: Path
) -> "subprocess.CompletedProcess[str]":
    """`workbuoy` in this process, which is a fork: to begin one and to import is most of what a command takes."""
    subprocess.Popen = Forking  # type: ignore[misc]  # of the sides that a comparison has declared
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["workbuoy", *words]
    out, complaints = files / "stdout", files / "stderr"
    for number, file in enumerate((Path(os.devnull), out, complaints)):
        os.dup2(os.open(file, os.O_RDWR | os.O_CREAT), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
    with pytest.raises(SystemExit) as end:
        run()
    sys.stderr.flush()
    return subprocess.CompletedProcess(words, int(end.value.code or 0), out.read_text(), complaints.read_text())


@pytest.mark.slow
def test_a_rehearsal_leaves_its_report_and_the_verdicts(workplace: Path, tmp_path: Path) -> None:
    (line,) = (
        one for one in COMMANDS if "workbuoy rehearse" in one and "--policy-report" in one and "--tenants" not in one
    )
    words = [*words_of(line), "--declare-only"]
    import_what_a_declaration_needs()
    done = in_a_fork(partial(ran, words, workplace, {**os.environ, **VARIABLES}, tmp_path))
    assert done.returncode == 0, done.stderr
    assert "</html>" in (workplace / "rehearsal.html").read_text(encoding="utf-8")
    assert json.loads((workplace / "policies.json").read_text(encoding="utf-8"))
