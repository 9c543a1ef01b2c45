"""The plan between two declarations, as the engine would make it."""

from dataclasses import replace
from typing import Any

import pytest

from facts import tokens as t
from facts.difference import difference
from graph import Graph, Resource, Unknown
from graph.plan import PlanStep

PROJECT = "urn:pulumi:prod::workbuoy"
COMPONENT = f"{PROJECT}::workbuoy:aws:Database::database"


def resource(kind: str, logical: str, /, **inputs: Any) -> Resource:
    return Resource(
        urn=f"{PROJECT}::workbuoy:aws:Database${kind}::{logical}",
        type=kind,
        name=logical,
        inputs=inputs,
        outputs={"arn": f"arn:aws:x:eu-west-1:1:{logical}"},
        id=f"id-of-{logical}",
        parent=COMPONENT,
    )


DATABASE = resource(t.DATABASE, "database-instance", dbName="workbuoy", instanceClass="db.t4g.medium")


def steps(before: list[Resource], after: list[Resource]) -> dict[str, PlanStep]:
    return {step.name: step for step in difference(Graph(before), Graph(after))}


def changed(one: Resource, **inputs: Any) -> Resource:
    return replace(one, inputs={**one.inputs, **inputs})


def test_nothing_changes_is_the_same() -> None:
    assert steps([DATABASE], [DATABASE])["database-instance"].op == "same"


@pytest.mark.parametrize(("name", "op"), [("instanceClass", "update"), ("dbName", "replace")])
def test_the_provider_s_knowledge_tells_an_update_from_a_replacement(name: str, op: str) -> None:
    step = steps([DATABASE], [changed(DATABASE, **{name: "other"})])["database-instance"]
    assert (step.op, step.paths) == (op, (name,))
    assert step.replace_paths == ((name,) if op == "replace" else ())


def test_what_comes_and_goes() -> None:
    topic = resource(t.TOPIC, "topic", name="x")
    found = steps([DATABASE], [topic])
    assert {name: step.op for name, step in found.items()} == {"topic": "create", "database-instance": "delete"}


def test_what_was_managed_and_is_only_read_is_let_go_or_deleted_where_another_is_read() -> None:
    def ops(after: Resource, before: Resource = DATABASE) -> list[str]:
        return [step.op for step in difference(Graph([before]), Graph([after]))]

    looked_up = replace(DATABASE, read=True)
    assert ops(looked_up) == ["read", "forget"]
    assert ops(replace(looked_up, id="another")) == ["read", "delete"]
    assert ops(replace(DATABASE, custom=False)) == ["create", "delete"]
    assert ops(DATABASE, before=looked_up) == ["create", "forget"]
    assert ops(looked_up, before=looked_up) == ["same"]


def test_an_ignored_change_is_none_and_a_named_one_replaces() -> None:
    other = changed(DATABASE, instanceClass="db.m7g.large")
    assert steps([DATABASE], [replace(other, ignore_changes=("instanceClass",))])["database-instance"].op == "same"
    inside = replace(changed(DATABASE, tags={"a": "b"}), ignore_changes=("tags.c",))
    assert steps([DATABASE], [inside])["database-instance"].paths == ("tags",), (
        "the rest of the property is not ignored"
    )
    replaced = replace(other, replace_on_changes=("instanceClass",))
    assert steps([DATABASE], [replaced])["database-instance"].op == "replace"


def test_whoever_names_an_attribute_of_what_is_made_anew_changes_too() -> None:
    policy = replace(
        resource(t.ROLE_POLICY, "policy", policy=f'{{"Resource": "{DATABASE.arn}"}}', role="r"),
        property_dependencies={"policy": (DATABASE.urn,)},
    )
    alarm = replace(
        resource(t.METRIC_ALARM, "alarm", dimensions={"DBInstanceIdentifier": "workbuoy"}),
        property_dependencies={"dimensions": (DATABASE.urn,)},
    )
    found = steps([DATABASE, policy, alarm], [changed(DATABASE, dbName="other"), policy, alarm])
    assert {name: step.op for name, step in found.items()} == {
        "database-instance": "replace",
        "policy": "update",
        "alarm": "same",
    }


def test_only_what_names_an_attribute_of_what_is_made_anew_is_not_known() -> None:
    subnet = replace(resource(t.SUBNET, "subnet", cidrBlock="10.0.0.0/24"), id="subnet-0123456789")
    service = replace(
        resource(t.SERVICE, "service", networkConfiguration={"assignPublicIp": True, "subnets": [subnet.id, "other"]}),
        property_dependencies={"networkConfiguration": (subnet.urn,)},
    )
    found = steps([subnet, service], [changed(subnet, cidrBlock="10.1.0.0/24"), service])["service"].new
    assert found is not None
    network = found.inputs["networkConfiguration"]
    assert network["assignPublicIp"] is True
    assert [isinstance(one, Unknown) for one in network["subnets"]] == [True, False]


def test_a_replacement_goes_on_to_what_it_replaces_in_turn() -> None:
    group = resource(t.SECURITY_GROUP, "group", description="a")
    rule = replace(
        resource(t.INGRESS_RULE, "rule", securityGroupId=group.id),
        property_dependencies={"securityGroupId": (group.urn,)},
    )
    found = steps([group, rule], [changed(group, description="b"), rule])
    assert (found["rule"].op, found["rule"].replace_paths) == ("replace", ("securityGroupId",))


@pytest.mark.parametrize(
    "alias", ["name=database-instance", f"{PROJECT}::workbuoy:aws:Database${t.DATABASE}::database-instance"]
)
def test_an_alias_keeps_what_stands(alias: str) -> None:
    renamed = replace(DATABASE, urn=DATABASE.urn.replace("-instance", "-main"), name="database-main", aliases=(alias,))
    (step,) = difference(Graph([DATABASE]), Graph([renamed]))
    assert step.op == "same"
    without = replace(renamed, aliases=())
    assert [one.op for one in difference(Graph([DATABASE]), Graph([without]))] == ["create", "delete"]


def test_a_child_moves_with_its_aliased_component() -> None:
    old = Resource(urn=COMPONENT, type="workbuoy:aws:Database", name="database", custom=False)
    new = replace(old, urn=COMPONENT.replace("::database", "::store"), name="store", aliases=("name=database",))
    child = replace(
        DATABASE, urn=DATABASE.urn.replace("::database-", "::store-"), name="store-instance", parent=new.urn
    )
    assert [step.op for step in difference(Graph([old, DATABASE]), Graph([new, child]))] == ["same", "same"]


def test_what_is_only_read_is_no_part_of_the_stack() -> None:
    read = replace(DATABASE, read=True)
    (gone,) = difference(Graph([read]), Graph([]))
    assert (gone.op, gone.looked_up) == ("forget", True)
