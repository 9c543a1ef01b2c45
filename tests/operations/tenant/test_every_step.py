"""A leaving that is killed before each of its steps: the same command ends it, the same way, and does nothing twice.

A first run counts the steps: each call of the CLI, each request to AWS, each task of the image, each file that is
written or taken away. Then each of them is, once, the first that does not happen, in a world that keeps what the steps
before it did; and once all happened, and nobody was told. Deletions that are killed half-way, with the real CLI, are in
test_killed_leaving.py.
"""

import json
import pathlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import Result

from operations.engine.cli import Cli
from operations.tenant import destroy
from operations.tenant.handover import tasks
from project import whole_file
from project.files import Project
from tests.operations.engine.fake_cli import FakeCli, failing
from tests.operations.tenant.conftest import NothingBeside, Run
from tests.operations.tenant.handover.exports import TENANT_ID, export_of, rows_of
from tests.operations.tenant.test_leaving import FOLDER, FakeS3, answers
from tests.operations.tenant.test_pool_leaving import Database
from tests.operations.tenant.test_reading import edit
from tests.operations.tenant.test_silo_leaving import OUTPUTS

pytestmark = pytest.mark.slow

MAY_BE_TWICE = frozenset({"hand-over"})
"""Where it was killed before the export was noted: one that nobody noted ends with its bucket's days."""


class Killed(BaseException):
    """The machine went."""


@dataclass
class Steps:
    """Those that a run took; `last` is how many it takes before it is killed."""

    last: int | None = None
    taken: list[str] = field(default_factory=list)

    def before(self, name: str) -> None:
        if len(self.taken) == self.last:
            raise Killed(name)
        self.taken.append(name)


class World:
    """A customer whose day has come, what stands of them, and what was done for good."""

    def __init__(self, project: Project, cli: FakeCli, name: str, day: str) -> None:
        self.root, self.cli, self.name = project.root, cli, name
        edit(project, f"tenants/{name}.yaml", f"signed: {day}", f"signed: {day}\n  retiring: 2026-11-03")
        shutil.copytree(self.root / "tenants", self.root.parent / "tenants")
        self.begin()

    def begin(self, last: int | None = None) -> None:
        """As it was before anything happened; a run is killed after so many steps."""
        for folder in ("tenants", ".workbuoy"):
            shutil.rmtree(self.root / folder, ignore_errors=True)
        shutil.copytree(self.root.parent / "tenants", self.root / "tenants")
        self.steps, self.done = Steps(last), list[str]()
        self.stand()

    def stand(self) -> None:
        """What stands in AWS and in the backend."""
        raise NotImplementedError

    def happened(self, command: str) -> None:
        """What a command of the CLI makes of it."""

    def client(self) -> Any:
        """Of AWS."""
        raise NotImplementedError

    def files(self) -> dict[str, str]:
        """Records, and what was noted on the way."""
        folders = [self.root / one for one in ("tenants", ".workbuoy")]
        found = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
        return {str(file.relative_to(self.root)): file.read_text() for file in found}

    def leave(self, run: Run) -> Result:
        """The command."""
        with every_step_counted(self):
            return run("destroy", self.name, "--confirm", self.name)


class Requests:
    """A client of AWS, each request of which is a step."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._world.client(), name)
        if name == "exceptions" or not callable(found):
            return found

        def request(**asked: Any) -> Any:
            self._world.steps.before(name)
            return found(**asked)

        return request


@contextmanager
def every_step_counted(world: World) -> Iterator[None]:
    """Calls of the CLI, requests, and changes of files below the project."""
    run, replace, unlink = Cli.run, whole_file._replace, pathlib.Path.unlink

    def ask(cli: Cli, args: list[str], *more: Any, **options: Any) -> Any:
        command = " ".join(one for one in args[:2] if not one.startswith("-"))
        world.steps.before(f"pulumi {command}")
        said = run(cli, args, *more, **options)
        world.happened(command)
        return said

    def write(file: Path, content: bytes) -> None:
        world.steps.before(f"write {file.name}")
        replace(file, content)

    def take_away(file: Path, *args: Any, **options: Any) -> None:
        if file.is_relative_to(world.root) and file.exists():
            world.steps.before(f"rm {file.name}")
        unlink(file, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cli, "run", ask)
        patch.setattr(whole_file, "_replace", write)
        patch.setattr(pathlib.Path, "unlink", take_away)
        patch.setattr(boto3, "client", lambda service, **_: NothingBeside() if service == "rds" else Requests(world))
        yield


class Silo(World):
    """acme's stack stands until it is destroyed, and is known until it is forgotten."""

    def stand(self) -> None:
        self.s3 = FakeS3()
        kept = answers(**{"files-bucket__retainOnDelete": True})
        self.cli.answer(kept | {"stack output": {"out": json.dumps(OUTPUTS)}})

    def client(self) -> FakeS3:
        return self.s3

    def happened(self, command: str) -> None:
        if command == "destroy" and "destroy" not in self.done:
            empty = {"version": 3, "deployment": {"manifest": {}, "resources": []}}
            self.cli.answer({"stack export": {"out": json.dumps(empty)}, "stack output": {"out": "{}"}})
            self.done.append(command)
        elif command == "stack rm":
            gone = failing("error: no stack named 'prod-acme' found", 6)
            self.cli.answer(dict.fromkeys(("stack --show-name", "stack export", "stack output", "stack rm"), gone))
            self.done.append(command)

    def task(self, action: str) -> Mapping[str, Any]:
        self.steps.before(action)
        assert "destroy" not in self.done, "its tasks went with the stack"
        if action == "hand-over":
            self.done.append(action)
            return {"address": self.s3.put(FOLDER, export_of("acme"))}
        rows = {name: len(rows) for name, rows in rows_of("acme").items()}
        digest = json.loads(export_of("acme")["manifest.json"])["digest"]
        counted = {"tenant_id": TENANT_ID, "digest": digest, "rows": rows, "objects": 1}
        return counted if action == "count" else {"frozen_at": "2026-11-26T09:29:00+00:00"}


class Pool(World):
    """initech's rows and objects stand in the shared database and bucket until they are removed."""

    def stand(self) -> None:
        self.cli.answer(answers())
        self.database = Tasks(self)

    def client(self) -> Any:
        return self.database.bucket


class Tasks(Database):
    """The image's tasks on a pool's customer, each a step."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def _do(self, name: str, work: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        self._world.steps.before(name)
        told = work()
        if name in ("hand-over", "remove"):
            self._world.done.append(name)
        return told


@pytest.fixture(params=["silo", "pool"])
def world(
    request: pytest.FixtureRequest,
    project: Project,
    fake_cli: FakeCli,
    monkeypatch: pytest.MonkeyPatch,
    prod_signed_in: None,  # noqa: ARG001
) -> World:
    if request.param == "silo":
        silo = Silo(project, fake_cli, "acme", "2026-10-01")
        monkeypatch.setattr(tasks.Tasks, "_run", lambda _, __, action, *___, **____: silo.task(action))
        return silo
    pool = Pool(project, fake_cli, "initech", "2026-11-02")
    monkeypatch.setattr(destroy, "find_place", lambda *_: None)
    monkeypatch.setattr(destroy, "Tasks", lambda *_: pool.database)
    return pool


def test_killed_before_each_step_the_same_command_ends_the_same_and_does_nothing_twice(world: World, run: Run) -> None:
    whole = world.leave(run)
    assert whole.exit_code == 0, whole.stderr
    steps, done, files = world.steps.taken, world.done, world.files()
    assert len(steps) > 15
    assert f"tenants/offboarded/{world.name}.yaml" in files
    assert not any(file.startswith(".workbuoy") for file in files), "nothing that was noted on the way is left"
    for number in range(len(steps) + 1):
        where = f"killed before step {number} of {len(steps)}: {[*steps, 'the end'][number]}"
        world.begin(last=number)
        if number < len(steps):
            with pytest.raises(Killed):
                world.leave(run)
        else:
            assert world.leave(run).exit_code == 0
        world.steps = Steps()
        again = world.leave(run)
        assert again.exit_code == 0, f"{where}: {again.stderr}"
        assert (again.stdout, world.files()) == (whole.stdout, files), where
        twice = {one for one in world.done if world.done.count(one) > 1}
        assert set(world.done) == set(done), where
        assert twice <= MAY_BE_TWICE, f"{where}: did {twice} twice"
