"""What may change at a second update of `workbuoy local`, and what the command refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from operations.engine import plugins
from operations.engine.errors import FailedError
from operations.engine.stack import OperationResult
from operations.local.changed import changed_by_refresh, changed_by_update, not_held
from operations.local.command import as_json, as_text
from operations.local.run import EngineStep, LocalRun, _live
from operations.main import main
from rehearsal.kinds import KINDS
from tests.conftest import Declare
from tests.operations.engine.fake_cli import FakeCli
from tests.operations.engine.fake_plugins import FakePlugins

INSTANCE = "urn:pulumi:local::workbuoy::workbuoy:aws:Database$aws:rds/instance:Instance::database-instance"


def step(op: str, *paths: str, urn: str = INSTANCE) -> dict[str, Any]:
    diff = {path: {"diffKind": "update"} for path in paths}
    return {"resourcePreEvent": {"metadata": {"op": op, "urn": urn, "detailedDiff": diff, "diffs": None}}}


def test_a_second_update_that_changes_nothing_is_clean() -> None:
    assert changed_by_update([step("same"), step("read")]) == ()


def test_what_moto_does_not_hold_is_explained_and_anything_else_is_not() -> None:
    known, unknown = changed_by_update([step("update", "performanceInsightsEnabled", "tags.owner", "tags.stack")])
    assert known.reason == "DescribeDBInstances does not return Performance Insights"
    assert (str(unknown), unknown.reason) == ("database-instance: tags", "")


@pytest.mark.parametrize("op", ["replace", "create", "delete", "create-replacement"])
def test_more_than_an_update_is_never_explained(op: str) -> None:
    (found,) = changed_by_update([step(op, "performanceInsightsEnabled")])
    assert found.reason == ""


def test_a_refresh_is_held_to_the_same_list() -> None:
    def state(**values: Any) -> dict[str, Any]:
        return {"urn": INSTANCE, "inputs": values, "outputs": values}

    old = state(performanceInsightsEnabled=True, multiAz=True)
    new = state(performanceInsightsEnabled=False, multiAz=False)
    metadata = {"op": "update", "urn": INSTANCE, "old": old, "new": new}
    found = {one.what: one.reason for one in changed_by_refresh([{"resOutputsEvent": {"metadata": metadata}}])}
    assert found["performanceInsightsEnabled"]
    assert found["multiAz"] == ""


@pytest.mark.lengthy
def test_the_list_names_only_what_the_stack_declares_or_the_provider_fills_in(declared: Declare) -> None:
    types = {one.declared.type for one in declared("local").resources}
    assert {type_ for type_, _ in not_held()} <= types


def is_lost(field: Any, value: Any) -> bool:
    """Whether moto does not hold a declared value, or something declared inside it."""
    if "moto does not hold" in str(field.unchecked):
        return True
    parts = value if isinstance(value, list) else [value]
    inner = field.shape or {}
    return any(is_lost(inner[n], v) for part in parts if isinstance(part, dict) for n, v in part.items() if n in inner)


def test_the_list_holds_everything_that_a_rehearsal_of_local_knows_moto_to_lose(declared: Declare) -> None:
    lost = {
        (one.declared.type, name)
        for one in declared("local").resources
        for name, value in one.declared.inputs.items()
        if (kind := KINDS.get(one.declared.type)) and name in kind.fields and is_lost(kind.fields[name], value)
    }
    assert lost
    assert lost <= set(not_held())


def test_a_life_passes_only_without_unexplained_changes_and_with_nothing_left() -> None:
    explained, unexplained = changed_by_update([step("update", "performanceInsightsEnabled", "multiAz")])

    def life(*changed: Any, left: int = 0) -> LocalRun:
        return LocalRun(
            steps=(EngineStep(name="second up", seconds=1, changes={"update": 1}, changed=changed),), left=left
        )

    assert life(explained).passed
    assert not life(explained, unexplained).passed
    assert not life(left=1).passed
    assert "NOT EXPLAINED:\n    database-instance: multiAz" in as_text(life(explained, unexplained))
    assert as_json(life(explained))["passed"] is True


def test_stand_ins_of_the_provider_prove_nothing_and_are_refused(
    fake_cli: FakeCli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakePlugins(tmp_path / "home", ())
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    here = [{"name": name, "kind": "resource", "version": version} for name, version in plugins.needed().items()]
    fake_cli.answer({"plugin ls": {"out": json.dumps(here)}})
    result = CliRunner().invoke(main, ["local"])
    assert result.exit_code == 4
    assert "is a script, not the provider" in result.stderr
    assert not fake_cli.calls("up")


def test_without_plugins_the_command_that_brings_them_is_named(fake_cli: FakeCli) -> None:
    fake_cli.answer({"plugin ls": {"out": "[]"}})
    result = CliRunner().invoke(main, ["local"])
    assert result.exit_code == 4
    assert "the plugin aws" in result.stderr
    assert "`workbuoy engine install` brings it" in result.stderr


class Opened:
    """An open stack in which one operation fails."""

    def __init__(self, failing: str, *, exports: bool = True) -> None:
        self.failing, self.exports = failing, exports
        self.asked: list[str] = []

    def _run(self, name: str) -> OperationResult:
        self.asked.append(name)
        if name == self.failing:
            raise FailedError("local: ListTagsForResource is not implemented")
        return OperationResult(changes={"create": 157}, events=())

    def up(self, **_: Any) -> OperationResult:
        return self._run("second up" if "up" in self.asked else "up")

    def refresh(self, **_: Any) -> OperationResult:
        return self._run("refresh")

    def destroy(self, **_: Any) -> OperationResult:
        return self._run("destroy")

    def export(self) -> dict[str, Any]:
        if not self.exports:
            raise FailedError("local: the state cannot be read")
        return {"deployment": {"resources": [{}] * 157}}


@pytest.mark.parametrize("failing", ["up", "second up", "refresh", "destroy"])
def test_a_step_that_fails_keeps_the_results_of_those_before_it(failing: str) -> None:
    opened: Any = Opened(failing)
    life = _live(opened, lambda _: None)
    assert [step.name for step in life.steps] == opened.asked
    assert opened.asked[-1] == failing
    assert all(step.changes == {"create": 157} for step in life.steps[:-1])
    assert life.problems == (f"{failing}: local: ListTagsForResource is not implemented",)
    assert not life.passed
    assert "FAILED" in as_text(life).splitlines()[-1]
    assert as_json(life)["steps"][-1]["problems"]  # type: ignore[index]


def test_what_is_left_may_be_unknown_and_is_then_no_nothing() -> None:
    opened: Any = Opened("destroy", exports=False)
    assert _live(opened, lambda _: None).left is None
