"""What an owner does most: a new stack, which holds nothing that could be lost, and another name in the tags."""

from typing import Any

import pytest

from facts.difference import difference
from graph import Graph
from graph.plan import Plan
from operations.review.effects import Danger
from operations.review.judging import judge
from project.files import find_project
from rehearsal.as_graph import graph_of
from tests.conftest import PROJECT, STACKS, Declare, DeclareWith
from tests.declared import graph_with_base

pytestmark = pytest.mark.lengthy  # each declares a stack


def stopping(stack: str) -> tuple[Danger, ...]:
    declared = graph_with_base(find_project(PROJECT), stack)
    return judge(Plan(stack=stack, steps=difference(Graph(()), declared), whole=True, offline=True)).stopping


@pytest.mark.parametrize("stack", ["local", "dev", "staging", "prod", "prod-acme"])
def test_a_new_stack_of_this_program_needs_no_waiver(stack: str) -> None:
    assert stopping(stack) == ()


@pytest.mark.parametrize("stack", ["prod-eu-north-1", "prod-eu-north-1-globex"])
def test_what_a_new_stack_opens_to_another_account_or_reads_of_all_is_named(stack: str) -> None:
    found = {danger.urn.rpartition("::")[2] for danger in stopping(stack)}
    copies = {"keys-database", "backup-key", "backup-policy", "backup-vault-policy", "backup-plan"}
    assert found == copies | ({"grafana-policy"} if stack == "prod-eu-north-1" else set())


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
