"""What a change costs a month, by component, and a budget that stops it."""

import json
from decimal import Decimal
from typing import Any

import pytest

from facts import tokens as t
from operations.review.cost import cost
from operations.review.judging import judge
from tests.operations.review.synthetic import UNKNOWN, events, plan, step, urn

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
    from pathlib import Path

    from graph.recordings import from_events

    config = {"workbuoy:settings": json.dumps({"monthlyBudgetUsd": budget})}
    return [danger.kind for danger in judge(from_events(events(*steps, config=config), Path("prod"))).stopping]


def test_a_change_that_goes_over_the_budget_stops_and_one_that_comes_down_does_not() -> None:
    dearer = step("update", t.DATABASE, SMALL, {**SMALL, "allocatedStorage": 2000})
    assert budgeted(1, dearer) == ["over-budget"]
    assert budgeted(100_000, dearer) == []
    assert budgeted(None, dearer) == []
    assert budgeted(1, step("update", t.DATABASE, {**SMALL, "allocatedStorage": 2000}, SMALL)) == []
