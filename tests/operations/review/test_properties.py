"""Properties on synthetic plans: what is made or changed by one that nobody judges stops, and the others are read."""

import json
from typing import Any

import pytest

from facts import tokens as t
from operations.review.judging import judge
from tests.operations.review.synthetic import plan, state, step


def stopping(*steps: dict[str, Any]) -> list[str]:
    return [danger.what for danger in judge(plan(*steps)).stopping]


def noted(*steps: dict[str, Any]) -> list[str]:
    return [danger.what for danger in judge(plan(*steps)).noted]


STANDS = step("same", t.TOPIC, {}, {}, name="what stands")


@pytest.mark.parametrize(
    ("kind", "inputs", "name"),
    [
        (t.SNAPSHOT, {"sharedAccounts": ["all"]}, "sharedAccounts"),
        ("aws:ec2/instance:Instance", {"userData": "#!/bin/sh"}, "userData"),
        (t.FUNCTION, {"layers": ["arn:aws:lambda:x:1:layer:l:1"]}, "layers"),
    ],
)
def test_what_is_made_with_a_property_that_nobody_judges_stops(kind: str, inputs: dict[str, Any], name: str) -> None:
    assert f"{name} is set, which nothing here judges" in stopping(STANDS, step("create", kind, None, inputs))


def test_what_is_made_by_itself_is_read_and_what_comes_with_its_component_is_not() -> None:
    inputs = {"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "routeTableId": "rtb-1"}
    route = step("create", t.ROUTE, None, inputs)
    (line,) = noted(STANDS, route)
    assert line == "a new route: destinationCidrBlock 0.0.0.0/0, natGatewayId nat-1"
    component = state("workbuoy:aws:Database", "database", {}, custom=False)
    component["urn"] = route["resourcePreEvent"]["metadata"]["new"]["parent"]
    made = step("create", "workbuoy:aws:Database", None, {})
    made["resourcePreEvent"]["metadata"] |= {"urn": component["urn"], "new": component}
    assert noted(STANDS, made, route) == []


def task(*containers: dict[str, Any]) -> dict[str, Any]:
    return {"containerDefinitions": json.dumps(containers)}


SERVICE = {
    "name": "service",
    "image": "registry.example/workbuoy:1@sha256:aa",
    "environment": [{"name": "A", "value": "1"}],
}


@pytest.mark.parametrize(
    ("containers", "told"),
    [
        ([SERVICE | {"image": "registry.example/workbuoy:2@sha256:bb"}], []),
        ([SERVICE | {"image": "elsewhere.example/workbuoy:1@sha256:aa"}], ["service gets another image"]),
        ([SERVICE | {"command": ["sh"]}], ["service gets another command"]),
        ([SERVICE | {"logConfiguration": {"logDriver": "splunk"}}], ["service gets another logConfiguration"]),
        ([SERVICE | {"environment": [{"name": "A", "value": "2"}]}], ["service gets another A"]),
        ([SERVICE, {"name": "agent", "image": "x"}], ["the container agent is new"]),
    ],
)
def test_whatever_a_container_does_otherwise_is_read_and_a_release_is_not(
    containers: list[dict[str, Any]], told: list[str]
) -> None:
    assert noted(step("update", t.TASK_DEFINITION, task(SERVICE), task(*containers))) == told


def test_a_parameter_that_is_added_is_read() -> None:
    one = {"name": "log_statement", "value": "all"}
    assert noted(step("update", t.PARAMETER_GROUP, {"parameters": []}, {"parameters": [one]})) == [
        "parameter log_statement unset → all"
    ]
