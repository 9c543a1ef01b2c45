"""A move that others follow: one result of both, and nobody leaves where the move did not pass."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

from operations.main import main
from operations.rehearse import perform
from rehearsal.result import Rehearsal
from rehearsal.service.result import ServiceRehearsal, ServiceStep
from rehearsal.tenants import result
from rehearsal.tenants.moving.before import followed_by


def rehearsed(*steps: str, passed: bool = True, matrix: result.Matrix | None = None) -> Rehearsal:
    return Rehearsal(
        project="workbuoy",
        stack="prod",
        account="210000000003",
        region="eu-west-1",
        declare_only=False,
        resources=(),
        exports={},
        secret_exports=(),
        stand_ins=(),
        refusals=(),
        seconds={"trying the service": 2.0},
        service=ServiceRehearsal(
            steps=tuple(ServiceStep(name=one, seconds=1.0, passed=passed) for one in steps), judged=10
        ),
        tenants=result.TenantsRehearsal(tenants={"acme": "prod-acme"}, stacks=(), matrix=matrix),
    )


MATRIX = result.Matrix(parties=(), cells=())


def test_the_steps_of_both_are_reported_in_their_order() -> None:
    found = followed_by(rehearsed("move", matrix=MATRIX), lambda: rehearsed("leave"))
    assert found.service is not None
    assert [one.name for one in found.service.steps] == ["move", "move: who reaches whom", "leave"]
    assert (found.service.judged, found.seconds, found.passed) == (20, {"trying the service": 4.0}, True)


def test_nobody_leaves_where_the_move_did_not_pass() -> None:
    moved = rehearsed("move", passed=False)
    assert followed_by(moved, lambda: pytest.fail("somebody left")) is moved


def test_a_leaving_that_fails_fails_both() -> None:
    found = followed_by(rehearsed("move"), lambda: rehearsed("leave", passed=False))
    assert not found.passed


def test_a_leaving_without_a_service_is_incomplete() -> None:
    found = followed_by(rehearsed("move"), lambda: replace(rehearsed(), service=None))
    assert "no service" in found.incomplete


def test_the_command_takes_both(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[perform.RehearseOptions] = []

    def rehearsing(asked: perform.RehearseOptions) -> Rehearsal:
        seen.append(asked)
        return rehearsed("leave")

    monkeypatch.setattr(perform, "rehearsed", rehearsing)
    monkeypatch.setattr(perform, "warn_of_capacity", lambda _: None)
    done = CliRunner().invoke(main, ["rehearse", "prod", "--tenants", "acme", "--move", "prod-2", "--leave", "--json"])
    assert done.exit_code == 0, done.output
    assert [(one.move_to, one.leave, one.tenants) for one in seen] == [("prod-2", True, ("acme",))]
