"""Properties on synthetic plans: what is made or changed by one that nobody judges stops, and the others are read."""

import json
from dataclasses import replace
from typing import Any

import pytest

from facts import tokens as t
from facts.difference import difference
from graph import Graph, Resource
from graph.plan import Plan
from operations.review.judging import judge
from tests.operations.review.synthetic import PROVIDER, UNKNOWN, plan, state, step

TOPIC = "urn:pulumi:prod::workbuoy::aws:sns/topic:Topic::topic"
DATABASE = f"urn:pulumi:prod::workbuoy::{t.DATABASE}::db"


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


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (t.ROLE, "assumeRolePolicy"),
        (t.KEY, "policy"),
        (t.TASK_DEFINITION, "containerDefinitions"),
        (t.INGRESS_RULE, "cidrIpv4"),
        (t.LISTENER, "protocol"),
    ],
)
def test_what_is_made_with_a_value_that_is_masked_stops_and_one_that_is_not_known_yet_does_not(
    kind: str, name: str
) -> None:
    told = f"{name} is not shown in the recording, so nothing can judge it"
    assert told in stopping(STANDS, step("create", kind, None, {name: "[secret]"}))
    assert told not in stopping(STANDS, step("create", kind, None, {name: UNKNOWN}))


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


def through(**inputs: Any) -> dict[str, Any]:
    return {"type": t.PROVIDER, "urn": PROVIDER, "inputs": {"region": "eu-west-1", **inputs}, "outputs": {}}


def provider_step(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    metadata = {"op": "update", "urn": PROVIDER, "type": t.PROVIDER, "old": through(**old), "new": through(**new)}
    return {"resourcePreEvent": {"metadata": metadata}}


ACCOUNT, OTHER = "333333333333", "999999999999"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({}, {"assumeRoles": [{"roleArn": "r"}]}, "assumeRoles changes, which nothing here judges"),
        ({}, {"endpoints": [{"s3": "https://x"}]}, "endpoints changes, which nothing here judges"),
        (
            {"allowedAccountIds": [ACCOUNT]},
            {"allowedAccountIds": [ACCOUNT, OTHER]},
            f"it may work in account {OTHER} too",
        ),
        ({"allowedAccountIds": [ACCOUNT]}, {}, f"it is held to no account any more, before to {ACCOUNT}"),
    ],
)
def test_a_provider_that_works_as_somebody_else_or_elsewhere_stops(
    old: dict[str, Any], new: dict[str, Any], told: str
) -> None:
    assert told in stopping(provider_step(old, new))


def test_a_stack_that_is_held_to_another_account_whole_is_to_be_read() -> None:
    step = provider_step({"allowedAccountIds": [ACCOUNT]}, {"allowedAccountIds": [OTHER]})
    assert (stopping(step), noted(step)) == ([], ["it works in other accounts (allowedAccountIds)"])


def test_a_resource_that_goes_through_another_provider_stops_where_that_is_somebody_else() -> None:
    def found(**inputs: Any) -> list[str]:
        one = Resource(urn=PROVIDER, type=t.PROVIDER, name="aws", inputs={"region": "eu-west-1"})
        two = replace(one, urn=f"{PROVIDER}-two", inputs={**one.inputs, **inputs})
        topic = Resource(urn=TOPIC, type=t.TOPIC, name="topic", provider=one.urn)
        steps = difference(Graph([one, topic]), Graph([one, two, replace(topic, provider=two.urn)]))
        return [danger.what for danger in judge(Plan(stack="prod", steps=steps)).stopping if danger.urn == TOPIC]

    assert found(assumeRoles=[{"roleArn": "r"}]) == ["it goes through another provider, whose assumeRoles is another"]
    assert found(maxRetries=2) == []


def test_what_changes_of_an_ignored_property_stays_and_that_it_is_ignored_is_read() -> None:
    old = Resource(urn=DATABASE, type=t.DATABASE, name="db", inputs={"engineVersion": "16", "deletionProtection": True})
    new = replace(old, inputs={**old.inputs, "engineVersion": "17"}, ignore_changes=("engineVersion",))
    judged = judge(Plan(stack="prod", steps=difference(Graph([old]), Graph([new]))))
    assert judged.stopping == ()
    assert [one.what for one in judged.noted] == [
        "engineVersion is ignored from now on: it stays as it is in the cloud"
    ]


@pytest.mark.parametrize("path", ["deletionProtection", '["deletionProtection"]', "*", "vpcSecurityGroupIds[0]"])
def test_what_is_judged_and_ignored_from_now_on_stops_also_where_it_is_made(path: str) -> None:
    stands = Resource(urn=DATABASE, type=t.DATABASE, name="db", inputs={"deletionProtection": True})
    ignored = replace(stands, ignore_changes=(path, "tags"))
    for before in ([stands], []):
        steps = difference(Graph(before), Graph([ignored]))
        kinds = [(one.kind, path in one.what) for one in judge(Plan(stack="prod", steps=steps)).stopping]
        assert kinds == [("safeguard-off", True)]
    steps = difference(Graph([ignored]), Graph([ignored]))
    assert judge(Plan(stack="prod", steps=steps)).stopping == ()


@pytest.mark.parametrize(
    ("version", "managed", "told"),
    [("18", True, True), ("17.5", True, False), ("18", False, False), (UNKNOWN, True, False)],
)
def test_a_major_version_is_told_with_the_ways_that_a_managed_password_closes(
    version: str, managed: bool, told: bool
) -> None:
    old = {"engineVersion": "17", "manageMasterUserPassword": managed}
    found = noted(step("update", t.DATABASE, old, {**old, "engineVersion": version}))
    assert any("blue/green deployments and replicas" in one for one in found) is told


def test_an_update_that_aws_does_not_do_is_told() -> None:
    found = noted(step("update", t.DATABASE, {"allocatedStorage": 100}, {"allocatedStorage": 50}))
    assert "AWS does not do it: allocatedStorage 100 → 50: RDS makes storage larger only" in found
