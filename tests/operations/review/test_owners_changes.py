"""What an owner does most: a new stack, which holds nothing that could be lost, and another name in the tags."""

from pathlib import Path
from typing import Any

import pytest

from facts.difference import difference
from graph import Graph
from graph.plan import Plan
from operations.review.assess import Review
from operations.review.judging import judge
from operations.review.perform import review
from project.files import find_project
from rehearsal.as_graph import graph_of
from tests.conftest import PROJECT, STACKS, Declare, DeclareWith
from tests.declared import graph_with_base

pytestmark = pytest.mark.lengthy  # each declares a stack


def reviewed(stack: str) -> Review:
    """The review of a stack that nothing stands of yet, without a waiver."""
    declared = graph_with_base(find_project(PROJECT), stack)
    plan = Plan(stack=stack, steps=difference(Graph(()), declared), whole=True, offline=True)
    return review(plan, Path("no waivers"))


@pytest.mark.parametrize("stack", ["local", "dev", "staging", "prod", "prod-acme", "prod-eu-north-1-globex"])
def test_a_new_stack_of_this_program_needs_no_waiver(stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    assert reviewed(stack).dangers == ()


def test_a_new_base_stack_that_copies_its_backups_to_another_account_needs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    (found,) = reviewed("prod-eu-north-1").dangers
    assert (found.kind, found.urn.rpartition("::")[2]) == ("residency", "backup-plan")


def test_what_a_new_role_is_exempt_from_is_shown_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    noted = {one.urn.rpartition("::")[2]: one.what for one in reviewed("prod-eu-north-1").noted}
    assert {"grafana-policy", "backup-policy"} <= set(noted)
    assert "Classic metrics of S3 belong to no resource" in noted["backup-policy"]


@pytest.mark.parametrize("stack", STACKS)
def test_another_owner_changes_every_tag_and_stops_nothing(
    stack: str, declared: Declare, declared_with: DeclareWith
) -> None:
    def hand_over(settings: dict[str, Any]) -> None:
        settings["owner"] = "operations"

    before, after = declared(stack), declared_with(stack, hand_over)
    steps = difference(graph_of(before.rehearsal), graph_of(after.rehearsal))
    assert sum(step.op == "update" for step in steps) > 50
    assert judge(Plan(stack=stack, steps=steps, whole=True, offline=True)).stopping == ()
