"""What a change costs a month, by component, and a budget that stops it."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from facts import tokens as t
from operations.review.assess import assess
from operations.review.cost import cost
from operations.review.judging import judge
from operations.review.waivers import Waiver, accepting
from tests.operations.review.synthetic import UNKNOWN, events, plan, provider, step, urn

SMALL = {"instanceClass": "db.t4g.medium", "allocatedStorage": 20, "storageType": "gp3"}


def test_a_second_zone_doubles_what_the_database_costs() -> None:
    change = plan(step("update", t.DATABASE, SMALL, {**SMALL, "multiAz": True}))
    alone = plan(step("create", t.DATABASE, None, SMALL))
    assert cost(change).difference == cost(alone).difference > 0
    assert list(cost(change).by_component) == ["database"]


def test_what_goes_costs_no_more() -> None:
    made, gone = plan(step("create", t.SECRET, None, {})), plan(step("delete", t.SECRET, {}, None))
    assert cost(made).difference == -cost(gone).difference == Decimal("0.40")


def test_a_class_without_a_price_is_named_and_not_counted() -> None:
    found = cost(plan(step("update", t.DATABASE, SMALL, {**SMALL, "instanceClass": "db.x99.huge"}, name="it")))
    assert found.difference == 0
    assert list(found.unpriced) == ["it"]


@pytest.mark.parametrize("missing", ["instanceClass", "allocatedStorage"])
def test_a_resource_that_does_not_say_its_size_is_named_too(missing: str) -> None:
    inputs = {key: value for key, value in SMALL.items() if key != missing}
    assert cost(plan(step("create", t.DATABASE, None, inputs))).unpriced == ("it",)


@pytest.mark.parametrize("property_", ["multiAz", "allocatedStorage", "performanceInsightsRetentionPeriod"])
def test_a_resource_whose_size_is_known_only_after_the_update_is_named_too(property_: str) -> None:
    assert cost(plan(step("create", t.DATABASE, None, {**SMALL, property_: UNKNOWN}))).unpriced == ("it",)


@pytest.mark.parametrize("property_", ["launchType", "desiredCount", "networkConfiguration"])
def test_so_is_a_service(property_: str) -> None:
    task = {"cpu": "256", "memory": "512"}
    known = {"launchType": "FARGATE", "desiredCount": 2, "taskDefinition": urn(t.TASK_DEFINITION, "task")}
    tasks = step("create", t.TASK_DEFINITION, None, task, name="task", new_more={"id": urn(t.TASK_DEFINITION, "task")})
    assert cost(plan(tasks, step("create", t.SERVICE, None, known))).unpriced == ()
    assert cost(plan(tasks, step("create", t.SERVICE, None, {**known, property_: UNKNOWN}))).unpriced == ("it",)


def budgeted(budget: Any, *steps: dict[str, Any]) -> list[str]:
    from graph.recordings import from_events

    config = {"workbuoy:settings": json.dumps({"monthlyBudgetUsd": budget})}
    return [danger.kind for danger in judge(from_events(events(*steps, config=config), Path("prod"))).stopping]


def test_a_change_that_goes_over_the_budget_stops_and_one_that_comes_down_does_not() -> None:
    dearer = step("update", t.DATABASE, SMALL, {**SMALL, "allocatedStorage": 2000})
    assert budgeted(1, dearer) == ["over-budget"]
    assert budgeted(100_000, dearer) == []
    assert budgeted(None, dearer) == []
    assert budgeted(1, step("update", t.DATABASE, {**SMALL, "allocatedStorage": 2000}, SMALL)) == []


def test_a_waiver_for_a_stacks_budget_counts_also_where_a_plan_does_not_hold_the_stack_itself(tmp_path: Path) -> None:
    dearer = step("update", t.DATABASE, SMALL, {**SMALL, "allocatedStorage": 2000})
    planned = replace(plan(dearer, config={"workbuoy:settings": '{"monthlyBudgetUsd": 1}'}), whole=True, offline=True)
    today = date(2026, 11, 22)
    (danger,) = (one for one in assess(planned, tmp_path, today).dangers if one.kind == "over-budget")
    assert danger.urn == "urn:pulumi:prod::workbuoy::pulumi:pulumi:Stack::workbuoy-prod"
    waiver = accepting(danger, reason="The customer asked for it, and pays for it", owner="kari", last_day=today)
    (tmp_path / "prod.yaml").write_text(as_waivers(waiver))
    assert [one.danger.kind for one in assess(planned, tmp_path, today).waived] == ["over-budget"]


def as_waivers(waiver: Waiver) -> str:
    return json.dumps([waiver.model_dump(by_alias=True, mode="json")])


def test_residency_that_allows_more_than_is_used_is_told_between_two_declarations_as_of_a_recording() -> None:
    config = {"workbuoy:settings": '{"residency": ["eu-west-1", "eu-north-1"]}'}
    stands = step("same", t.DATABASE, SMALL, SMALL)
    planned = replace(plan(stands, provider("eu-west-1", "eu-west-1"), config=config), whole=True, offline=True)
    (told,) = (one for one in judge(planned).noted if one.kind == "residency")
    assert told.urn == "urn:pulumi:prod::workbuoy::pulumi:pulumi:Stack::workbuoy-prod"
    assert "residency also allows eu-north-1" in told.what
