"""A change rehearsed by the command, from a repository of this project's own files."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.forked_command import PROGRAM, Forking
from tests.operations.clone import edit, git, make_clone

pytestmark = pytest.mark.slow  # each stands up a stack in moto, and declares it once more beside


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clone(tmp_path_factory.mktemp("clone with a space"))


@pytest.fixture
def since(clone: Path) -> Path:
    """The clone with nothing changed in it."""
    git(clone, "checkout", "--quiet", ".")
    git(clone, "clean", "--quiet", "-fd")
    return clone


def started(
    folder: Path, temporary: Path, *arguments: str, how: type["subprocess.Popen[str]"] = Forking
) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(temporary)}
    return how(
        [sys.executable, "-c", PROGRAM, "rehearse", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, temporary: Path, *arguments: str) -> tuple[int, str, str]:
    process = started(folder, temporary, *arguments)
    printed, errors = process.communicate()
    return process.returncode, printed, errors


def changed(folder: Path, temporary: Path, *more: str) -> tuple[int, dict[str, Any]]:
    code, printed, errors = run(folder, temporary, "prod", "--since", "HEAD", "--no-service", "--json", *more)
    assert printed, errors
    body: dict[str, Any] = json.loads(printed)
    return code, body


def test_a_harmless_change_goes_through_and_its_report_shows_it_first(since: Path, tmp_path: Path) -> None:
    edit(since / "components/load_balancer.py", "idle_timeout=60", "idle_timeout=90")
    code, body = changed(since, tmp_path, "--report", str(tmp_path / "report.html"))
    change = body["change"]
    assert code == 0, change["faults"]
    assert [(one["op"], one["urn"].rpartition("::")[2], one["paths"]) for one in change["steps"]] == [
        ("update", "load-balancer-alb", ["idleTimeout"])
    ]
    assert change["notes"] == ["1 file not committed yet: they are part of what comes"]
    assert body["resources"]["failed"] == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.index('id="change"') < page.index('id="verdict"')
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_a_database_that_would_be_replaced_and_a_moved_component_fail_by_name(since: Path, tmp_path: Path) -> None:
    edit(since / "components/database.py", "db_name=DATABASE_NAME", 'db_name="other"')
    edit(since / "components/cluster.py", 'f"{name}-cluster",', 'f"{name}-main",')
    code, body = changed(since, tmp_path)
    assert code == 3
    faults = {one["urn"].rpartition("::")[2]: one["what"] for one in body["change"]["faults"]}
    assert "it is protected" in faults["database-instance"]
    assert "this would delete both" in faults["cluster-cluster"]


def test_a_customer_s_own_stack_changes_on_its_base(since: Path, tmp_path: Path) -> None:
    edit(since / "components/service.py", "seconds=GRACE_SECONDS,", "seconds=GRACE_SECONDS + 60,")
    code, printed, errors = run(since, tmp_path, "prod-acme", "--since", "HEAD", "--no-service", "--json")
    assert code == 0, errors
    change = json.loads(printed)["change"]
    assert [(one["op"], one["urn"].rpartition("::")[2]) for one in change["steps"]] == [("update", "service-service")]
    assert change["faults"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("prod", "--since", "no-such-revision"), "no-such-revision: git knows no such commit here"),
        (("prodd", "--since", "HEAD"), "there is no stack 'prodd'"),
    ],
)
def test_a_wrong_revision_or_stack_is_one_line(
    since: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, _, errors = run(since, tmp_path, *arguments, "--no-service")
    assert code == 1
    assert [line for line in errors.splitlines() if line.startswith("error: ")] == [
        next(line for line in errors.splitlines() if said in line)
    ]
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def since_what_was_undone(folder: Path, temporary: Path, stack: str) -> tuple[int, str]:
    """Compare with what was changed in the working tree, after it was committed and taken back."""
    git(folder, "commit", "--quiet", "--all", "--message", "a mistake")
    try:
        git(folder, "revert", "--no-edit", "HEAD")
        code, _, errors = run(folder, temporary, stack, "--since", "HEAD~1", "--no-service")
    finally:
        git(folder, "reset", "--quiet", "--hard", "HEAD~2")
    return code, errors


def test_an_older_program_that_fails_is_one_line(since: Path, tmp_path: Path) -> None:
    edit(since / "components/cluster.py", '"""', 'raise RuntimeError("no")\n"""')
    code, errors = since_what_was_undone(since, tmp_path, "prod")
    assert code == 1
    assert "error: HEAD~1: prod cannot be declared" in errors
    assert "Traceback" not in errors


def test_a_stack_that_did_not_stand_is_one_line(since: Path, tmp_path: Path) -> None:
    (since / "Pulumi.staging.yaml").unlink()
    code, errors = since_what_was_undone(since, tmp_path, "staging")
    assert code == 1
    assert "error: HEAD~1: has no stack staging, so nothing stands to be changed" in errors
    assert list(tmp_path.iterdir()) == []


def test_settings_of_another_schema_are_one_line(since: Path, tmp_path: Path) -> None:
    edit(since / "Pulumi.staging.yaml", "environment: staging", "environment: staging\n    notYetKnown: 1")
    code, errors = since_what_was_undone(since, tmp_path, "staging")
    assert code == 1
    assert "error: HEAD~1: staging cannot be declared" in errors
    assert "notYetKnown" in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_however_it_ends(since: Path, tmp_path: Path, number: signal.Signals) -> None:
    process = started(since, tmp_path, "prod", "--since", "HEAD", "--no-service", how=subprocess.Popen)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("standing up"):
            break
    assert any(tmp_path.glob("*/workbuoy-of-*-since-*"))
    process.send_signal(number)
    process.communicate()
    while list(tmp_path.iterdir()):  # the janitor's work; a hang is the failure
        time.sleep(0.05)


def test_since_changes_one_stack_and_needs_a_rehearsal(since: Path, tmp_path: Path) -> None:
    assert run(since, tmp_path, "prod", "--since", "HEAD", "--declare-only")[0] == 2
    assert run(since, tmp_path, "prod", "--since", "HEAD", "--tenants", "all")[0] == 2
