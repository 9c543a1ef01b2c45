"""Customers move between two regions in a rehearsal: what is to be open is, both ways, and nothing is lost or left.

Not in tests/rehearsal/tenants, whose tests have a moto that stays open.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from infra.problems import ProblemsError
from infra.tenants.files import read_tenant, read_tenants
from operations.main import main
from project.files import Project, find_project
from rehearsal.result import Rehearsal
from rehearsal.run import Options
from rehearsal.scratch import scratch
from rehearsal.service.trial import StepError
from rehearsal.tenants.holdings import TASK
from rehearsal.tenants.moving import story
from rehearsal.tenants.moving.records import states_of
from rehearsal.tenants.moving.run import rehearse_move
from rehearsal.tenants.moving.story import Moving
from rehearsal.tenants.moving.traffic import Worker
from tests.conftest import PROJECT
from tests.rehearsal.service.test_surroundings import installed

FROM, TO = "prod", "prod-eu-north-1"
BROUGHT = {
    ("object of an export on its way", "s3:PutObject"),
    ("files key through S3", "kms:Decrypt"),
    ("files key through S3", "kms:GenerateDataKey"),
}


@pytest.fixture(scope="module")
def moved() -> Rehearsal:
    """A pool customer and a silo, there and back; whatever is temporary in a folder that no other rehearsal sweeps."""
    with scratch():
        return rehearse_move(find_project(PROJECT), FROM, TO, ["initech", "acme"], Options())


@installed
@pytest.mark.slow
def test_a_pool_customer_and_a_silo_move_there_and_back_under_traffic(moved: Rehearsal) -> None:
    assert moved.service is not None
    assert [f"{one.name}: {one.detail}" for one in moved.service.steps if not one.passed] == []
    assert moved.service.denials == ()
    details = {one.name: one.detail for one in moved.service.steps}
    assert f"initech to {TO}, frozen" in details["move: to the other base, under traffic"]
    assert f"acme to {FROM}-acme, frozen" in details["move: and back, under traffic"]
    assert f"objects of acme in {TO}-acme" in details["move: removed where they were, and counted"]
    assert moved.passed


@installed
@pytest.mark.slow
def test_each_place_may_put_what_it_sends_and_reads_nothing_of_the_other(moved: Rehearsal) -> None:
    assert moved.tenants is not None
    assert moved.tenants.matrix is not None
    assert [f"{one}: {one.why}" for one in moved.tenants.matrix.red] == []
    for pair in ((FROM, TO), (TO, FROM), (f"{FROM}-acme", f"{TO}-acme"), (f"{TO}-acme", f"{FROM}-acme")):
        cells = moved.tenants.matrix.between[pair]
        assert {(one.what, one.call) for one in cells if one.who_as == TASK and one.got == "allowed"} == BROUGHT


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("states")


def test_each_state_is_a_project_whose_files_fit_together(folder: Path) -> None:
    states = states_of(find_project(PROJECT), folder, FROM, TO, ["initech", "acme"])
    for project in (states.open, states.switched, states.closed):
        assert read_tenants(project.root).problems == ()
    directions = [
        getattr(read_tenant(one.root, "acme").move, "direction", None)
        for one in (states.open, states.switched, states.closed)
    ]
    assert directions == ["to", "from", None]
    assert read_tenant(states.closed.root, "acme").stack == f"{TO}-acme"
    assert not (states.closed.root / f"Pulumi.{FROM}-acme.yaml").exists()


@pytest.mark.parametrize(
    ("name", "to", "told"),
    [
        ("initech", "prod-mars", "no base stack prod-mars"),
        ("globex", TO, f"is {TO}, and {FROM} is rehearsed"),
        ("nobody", TO, "no tenant 'nobody'"),
    ],
)
def test_who_cannot_move_is_reported_before_anything_stands(folder: Path, name: str, to: str, told: str) -> None:
    with pytest.raises(ProblemsError, match=told):
        states_of(find_project(PROJECT), folder, FROM, to, [name])


def test_residency_that_forbids_the_target_is_reported(project: Project, folder: Path) -> None:
    file = project.root / "tenants/initech.yaml"
    file.write_text(file.read_text().replace("residency: eu\n", "residency: [eu-west-1]\n"))
    with pytest.raises(ProblemsError, match="lies outside residency"):
        states_of(project, folder, FROM, TO, ["initech"])


@pytest.mark.parametrize("given", [["--move", TO], ["--move", TO, "--tenants", "acme", "--no-service"]])
def test_a_move_needs_customers_and_the_service(given: list[str]) -> None:
    assert CliRunner().invoke(main, ["rehearse", FROM, *given]).exit_code == 2


@pytest.fixture
def removing(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the tasks of a removal say; `liar` says that it removed, and did not."""
    state: dict[str, Any] = {"rows": 12, "liar": False}

    def on_duty(_: Any, action: str, *__: str) -> Mapping[str, Any]:
        if action == "remove" and not state["liar"]:
            state["rows"] = 0
        return {"digest": "5eed"}

    monkeypatch.setattr(story, "on_duty", on_duty)
    monkeypatch.setattr(story, "exporting", lambda *_: {"rows": {"things": state["rows"]}, "objects": 0})
    monkeypatch.setattr(story, "refused_login", lambda *_: None)
    return state


def moving() -> tuple[Moving, Any]:
    place: Any = SimpleNamespace(
        declared=SimpleNamespace(stack=FROM),
        bucket="files",
        cloud=SimpleNamespace(region="eu-west-1"),
    )
    worker: Any = SimpleNamespace(expect_all=lambda _: "")
    return Moving("initech", place, place, worker=worker), place


def test_a_removal_that_did_nothing_is_caught(removing: dict[str, Any]) -> None:
    customer, place = moving()
    removing["liar"] = True
    with pytest.raises(StepError, match=r"is still there: .*12"):
        customer.leave(place, place)
    removing["liar"] = False
    assert "12 rows" in customer.leave(place, place)


@pytest.mark.usefixtures("removing")
def test_a_count_that_sees_nothing_before_a_removal_proves_nothing(removing: dict[str, Any]) -> None:
    customer, place = moving()
    removing["rows"] = 0
    with pytest.raises(StepError, match="would pass"):
        customer.leave(place, place)


class Answers:
    """A browser for which these things are there, page by page, each with this body."""

    def __init__(self, *things: str, body: str = "as stored") -> None:
        self._things, self._body = things, body

    def send(self, _: str, path: str, *__: Any) -> Any:
        if "?" not in path:
            return SimpleNamespace(status=200, json=lambda: {"body": self._body})
        rest = list(self._things)
        if "cursor=" in path:
            rest = rest[rest.index(path.partition("cursor=")[2]) + 1 :]
        page = {"items": [{"id": one} for one in rest[:2]], "next_cursor": rest[1] if len(rest) > 2 else None}
        return SimpleNamespace(status=200, json=lambda: page, body=json.dumps(page).encode())


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (Answers("old", "new", "new"), "1 things of ada are there twice"),
        (Answers("old"), "1 things of ada are lost, such as new"),
        (Answers("old", "new", "deleted"), "1 things of ada are there that were deleted"),
        (Answers("old", "new", body="of before"), "is not as it was last changed"),
    ],
)
def test_whatever_a_worker_was_sent_is_held_to_what_is_there(there: Any, told: str) -> None:
    worker = Worker("ada", there, stored={"new": "as stored"}, gone={"deleted"})
    with pytest.raises(StepError, match=told):
        worker.expect_all(frozenset({"old"}))
    worker.browser = Answers("old", "new")  # type: ignore[assignment]
    assert worker.expect_all(frozenset({"old"})).startswith("2 rows")


def test_an_answer_that_nobody_expects_is_reported_when_the_work_ends() -> None:
    worker = Worker("ada", Answers(), strange=["POST /api/things: 500"])  # type: ignore[arg-type]
    with pytest.raises(StepError, match="500"):
        worker.end()
