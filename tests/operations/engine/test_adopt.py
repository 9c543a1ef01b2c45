"""The state takes another database under the same name: one id is written, and the rest is read from the cloud."""

import json
from pathlib import Path
from typing import Any

import pytest

from operations.engine.adopt import adopt
from operations.engine.errors import FailedError, PendingError
from operations.engine.stack import EngineStack, open_stack
from project.files import Project
from tests.operations.engine.fake_cli import FakeCli, state

TYPE = "aws:rds/instance:Instance"
NAME, OLD, NEW = "workbuoy-prod-database", "db-OLD", "db-NEW"
URN = f"urn:pulumi:local::workbuoy::workbuoy:aws:Database${TYPE}::database-instance"
USER = {"urn": "urn:pulumi:local::workbuoy::aws:ecs/x:X::user", "type": "aws:ecs/x:X", "dependencies": [URN]}


def database(id_: str, **outputs: str) -> dict[str, Any]:
    return {
        "urn": URN,
        "type": TYPE,
        "id": id_,
        "protect": True,
        "inputs": {"identifier": NAME},
        "outputs": {"identifier": NAME, **outputs},
    }


@pytest.fixture
def opened(fake_cli: FakeCli, made_project: Project) -> EngineStack:
    assert fake_cli
    return open_stack(made_project, "local")


@pytest.fixture
def imported(opened: EngineStack, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was written into the state; the file is gone afterwards."""
    written: list[dict[str, Any]] = []
    take = EngineStack.take

    def taken(self: EngineStack, file: Path) -> None:
        written.append(json.loads(file.read_text()))
        take(self, file)

    assert opened
    monkeypatch.setattr(EngineStack, "take", taken)
    return written


def test_one_id_is_written_and_that_resource_alone_read_anew(
    opened: EngineStack, fake_cli: FakeCli, imported: list[dict[str, Any]]
) -> None:
    stood = state(USER, database(OLD))
    fake_cli.answer({"stack export": [stood, stood, state(USER, database(NEW))]})
    adopt(opened, TYPE, NAME, NEW)
    (written,) = imported
    assert written["deployment"]["resources"] == [USER, database(NEW)]
    (refresh,) = fake_cli.calls("refresh")
    assert refresh["args"][refresh["args"].index("--target") + 1] == URN


def test_again_after_a_kill_it_is_read_and_nothing_is_written(
    opened: EngineStack, fake_cli: FakeCli, imported: list[dict[str, Any]]
) -> None:
    fake_cli.answer({"stack export": state(database(NEW))})
    adopt(opened, TYPE, NAME, NEW)
    assert imported == []
    assert len(fake_cli.calls("refresh")) == 1


def test_what_was_read_under_another_name_is_no_success(
    opened: EngineStack, fake_cli: FakeCli, imported: list[dict[str, Any]]
) -> None:
    stood = state(database(OLD))
    fake_cli.answer(
        {"stack export": [stood, stood, state(database(NEW, identifier="workbuoy-prod-database-restored"))]}
    )
    with pytest.raises(FailedError, match="was read as workbuoy-prod-database-restored"):
        adopt(opened, TYPE, NAME, NEW)
    assert len(imported) == 1


@pytest.mark.parametrize("resources", [(), (database(OLD), database(OLD))])
def test_no_such_database_or_two_of_them_changes_nothing(
    opened: EngineStack, fake_cli: FakeCli, imported: list[dict[str, Any]], resources: tuple[dict[str, Any], ...]
) -> None:
    fake_cli.answer({"stack export": state(*resources)})
    with pytest.raises(FailedError, match=f"knows {len(resources)} of"):
        adopt(opened, TYPE, NAME, NEW)
    assert (imported, fake_cli.calls("refresh")) == ([], [])


def test_operations_of_unknown_outcome_come_first(
    opened: EngineStack, fake_cli: FakeCli, imported: list[dict[str, Any]]
) -> None:
    pending = {"type": "updating", "resource": {"urn": URN}}
    fake_cli.answer({"stack export": state(database(OLD), pending=[pending])})
    with pytest.raises(PendingError):
        adopt(opened, TYPE, NAME, NEW)
    assert imported == []
