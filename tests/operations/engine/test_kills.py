"""A run that is killed in the middle: what the next one says leads back, and to the same end.

Each is killed with all that it started (SIGKILL: a runner that is taken away), at a line of its own progress. What the
messages then name is run word for word. With the real CLI and stand-in plugins; skipped, with the reason, without one.
"""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from operations.engine.lock import DEAD as DEAD_PROCESS
from operations.engine.lock import describe_lock
from tests.conftest import declared_graph
from tests.operations.engine.scene import WORKBUOY, Scene, meaning, set_up
from tests.operations.engine.test_real_cli import why_not

pytestmark = [pytest.mark.engine, pytest.mark.slow]

_DESTROY = """
import sys
from pathlib import Path
from operations.engine.errors import EngineError
from operations.engine.stack import open_stack
from project.files import find_project
def tell(line): print(line, file=sys.stderr, flush=True)
try:
    open_stack(find_project(Path.cwd()), "local").destroy(on_output=tell)
except EngineError as error:
    sys.exit("; ".join(error.lines))
"""
DEAD = "a run that is dead left its lock"
_DRIFT = {"backupRetentionPeriod": 0, "copyTagsToSnapshot": False}
_SLOW = {"read": 3, "update": 6, "delete": 6}
PUT_BACK, KEEP = ("drift", "local", "--put-back", "--yes"), ("drift", "local", "--keep", "--yes")
DEPLOY = ("deploy", "local", "--yes")


class Killed:
    """The stack `local`, deployed, and commands on it in processes of their own."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.environment = {**os.environ, **scene.environment, "COLUMNS": "100000", "PULUMI_SKIP_UPDATE_CHECK": "true"}

    def start(self, *arguments: str, program: str = WORKBUOY) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-u", "-c", program, *arguments],
            cwd=self.scene.project.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, program: str = WORKBUOY) -> tuple[int, str]:
        process = self.start(*arguments, program=program)
        said, _ = process.communicate()
        return process.returncode, said

    def kill(self, line: str, call: str, *arguments: str, program: str = WORKBUOY) -> None:
        """Start a command; kill it and all that it started once it says this, and then the provider is in a call."""
        begun = self.scene.plugins.home / f"{call}.begun"
        begun.unlink(missing_ok=True)
        process, said = self.start(*arguments, program=program), ""
        assert process.stdout is not None
        for one in process.stdout:
            said += one
            if line in one:
                break
            begun.unlink(missing_ok=True)  # of an earlier step
        else:
            pytest.fail(f"it never said {line!r}:\n{said}")
        while call and not begun.exists() and process.poll() is None:
            time.sleep(0.05)
        killed = [process.pid, *_below(process.pid)]
        for number in killed:
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.stdout.close()
        process.wait()
        while not all(DEAD_PROCESS in describe_lock(f"me@{socket.gethostname()}", one, "") for one in killed):
            time.sleep(0.05)  # on a busy machine a signal is not yet an end

    def follow(self, *arguments: str, program: str = WORKBUOY) -> list[str]:
        """Run a command until it works, doing between what each refusal says to do."""
        refusals: list[str] = []
        for _ in range(4):
            code, said = self.run(*arguments, program=program)
            if code == 0:
                return refusals
            refusals.append(said)
            ways = re.findall(r"`(pulumi [^`]+)`", said)
            assert ways, f"exit {code}, and no way on:\n{said}"
            subprocess.run(
                shlex.split(ways[-1]),
                cwd=self.scene.project.root,
                env=self.environment,
                check=True,
                capture_output=True,
            )
        pytest.fail("\n".join(refusals))

    def stands(self) -> dict[str, Any]:
        """What the state says of each resource, but for when."""
        done = subprocess.run(
            ["pulumi", "stack", "export", "--stack", "local"],
            cwd=self.scene.project.root,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        deployment: Mapping[str, Any] = json.loads(done.stdout)["deployment"]
        assert not deployment.get("pending_operations")
        return meaning(deployment)


def _below(process: int) -> Iterator[int]:
    """Every process that one started, and these started."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
    children: dict[int, list[int]] = {}
    for line in listed.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    waiting = [process]
    while waiting:
        found = children.get(waiting.pop(), [])
        yield from found
        waiting += found


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    if reason := why_not():
        pytest.skip(reason)
    scene = set_up(tmp_path_factory.mktemp("kills"), declared_graph("local").resources)
    scene.plugins.change("database-instance", slow=_SLOW)
    made = Killed(scene)
    code, said = made.run(*DEPLOY, "--create")
    assert code == 0, said
    return made


@pytest.mark.parametrize(
    ("line", "call", "left"),
    [
        ("Reading local anew", "", []),
        ("Refreshing (local)", "read", [DEAD]),
        ("Previewing local with the policies", "", []),
        ("Updating (local)", "update", [DEAD, "1 pending: updating database-instance"]),
    ],
)
def test_putting_back_is_killed_and_put_back_all_the_same(
    killed: Killed, line: str, call: str, left: list[str]
) -> None:
    before = killed.stands()
    killed.scene.plugins.change("database-instance", drift=_DRIFT)
    killed.kill(line, call, *PUT_BACK)
    refusals = killed.follow(*PUT_BACK)
    assert len(refusals) == len(left), refusals
    for said, wanted in zip(refusals, left, strict=True):
        assert wanted in said
    assert killed.run("drift", "local")[0] == 0
    assert killed.stands() == before


@pytest.mark.parametrize(("line", "call", "days"), [("Refreshing (local)", "read", 3), ("Updating (local)", "", 4)])
def test_keeping_is_killed_and_kept_all_the_same(killed: Killed, line: str, call: str, days: int) -> None:
    file = killed.scene.file
    text = file.read_text()
    killed.scene.plugins.change("database-instance", drift={"backupRetentionPeriod": days})
    file.write_text(re.sub(r"backupRetentionDays: \d+", f"backupRetentionDays: {days}", text))
    killed.kill(line, call, *KEEP)
    killed.follow(*KEEP)
    code, said = killed.run("drift", "local")
    assert code == 0, said
    (database,) = [one for urn, one in killed.stands().items() if urn.endswith("::database-instance")]
    assert database["inputs"]["backupRetentionPeriod"] == database["outputs"]["backupRetentionPeriod"] == days


def test_a_deployment_is_killed_and_deployed_all_the_same(killed: Killed) -> None:
    file = killed.scene.file
    file.write_text(re.sub(r"backupRetentionDays: \d+", "backupRetentionDays: 5", file.read_text()))
    killed.scene.plugins.change("database-instance", drift={})
    killed.kill("Updating (local)", "update", *DEPLOY)
    dead, pending = killed.follow(*DEPLOY)
    assert DEAD in dead
    assert "1 pending: updating database-instance" in pending
    code, said = killed.run(*DEPLOY)
    assert code == 0
    assert "nothing is to change, so no update is run" in said


def test_a_leaving_is_killed_and_the_stack_is_empty_all_the_same(killed: Killed) -> None:
    killed.kill("Destroying (local)", "delete", program=_DESTROY)
    dead, pending = killed.follow(program=_DESTROY)
    assert DEAD in dead
    assert re.search(r"an interrupted run left \d+ pending: deleting ", pending)
    assert killed.stands() == {}
