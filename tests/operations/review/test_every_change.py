"""Each resource and property of this program's graphs, deleted, renamed, masked or weakened: it stops, or it is named.

What stays silent is listed here with the reason, or has its reason in the list of types.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from facts.types import TYPES
from graph import Graph, Masked, Resource
from graph.plan import Plan, PlanStep
from graph.resource import REFERENCE_TYPE
from operations.review.findings import findings
from operations.review.judging import JUDGES, judge
from project.files import find_project
from tests.conftest import PROJECT
from tests.declared import graph_with_base
from tests.policies.good_graph import good_graph

pytestmark = pytest.mark.slow  # some thousands of reviews

SILENT_DELETIONS = {
    "aws:ecs/taskDefinition:TaskDefinition": "a service keeps running by the definition that it was told",
    "aws:rds/parameterGroup:ParameterGroup": "RDS refuses to delete one that is in use",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "where it asked for S3's "
    "own key: AWS encrypts by that without being asked; a customer key's going stops",
    "random:index/randomId:RandomId": "names that were made with it stay as they are",
}
ONLY_A_BAD_VALUE_STOPS = {
    "networkMode": "`host` is a policy's to refuse",
    "pidMode": "`host` is a policy's to refuse",
    "defaultAction": "to let through what no rule decides is the weakest already, and the rules refuse",
    "desyncMitigationMode": "`monitor` is a policy's to refuse",
    "ingress": "a group that is empty has nothing to take away",
    "egress": "a group that is empty has nothing to take away",
    "sslPolicy": "an older policy by name is a policy's to refuse",
    "role": "a role's policy with another role is another resource to AWS: it is replaced",
    "policyArn": "another attached policy replaces it, and is judged by what it allows",
    "accessLogs": "another bucket is as good",
    "cidrBlocks": "fewer addresses are let in; more of them are named",
    "type": "another type replaces the rule",
    "acl": "a public one stops",
    "accessControlPolicy": "a public one stops",
    "managedPolicyArns": "fewer rights; more of them are judged",
    "inlinePolicies": "fewer rights; more of them are judged",
}


def declared(folder: Path, stack: str) -> Graph:
    return graph_with_base(find_project(folder), stack)


@pytest.fixture(scope="module")
def graphs() -> Mapping[str, Graph]:
    return {
        "prod": declared(PROJECT, "prod"),
        "prod-acme": declared(PROJECT, "prod-acme"),
        "bootstrap": declared(PROJECT / "bootstrap", "prod"),
    }


def plan(graph: Graph, *changed: PlanStep, stack: str = "prod") -> Plan:
    """Everything stays but these."""
    of_old = {step.urn for step in changed}
    steps = [PlanStep(op="same", urn=one.urn, old=one, new=one) for one in graph.resources if one.urn not in of_old]
    return Plan(stack=stack, steps=(*steps, *changed), policies=(), whole=True)


def seen(found: Plan) -> bool:
    """Whether `judge` or a policy says anything of a plan; the first word is enough, and the policies take longest."""
    told: tuple[Callable[[Plan], Iterable[object]], ...] = (*JUDGES, findings)
    return any(True for one in told for _ in one(found))


def changeable(graph: Graph) -> Iterator[Resource]:
    return (one for one in graph.resources if one.custom and not one.is_provider and one.type != REFERENCE_TYPE)


def one_of_each_type(graph: Graph) -> Iterator[Resource]:
    found: dict[str, Resource] = {}
    for one in changeable(graph):
        found.setdefault(one.type, one)
    yield from found.values()


def updated(one: Resource, inputs: Mapping[str, Any], old: Resource | None = None) -> PlanStep:
    return PlanStep(op="update", urn=one.urn, old=old or one, new=replace(one, inputs=inputs))


@pytest.mark.parametrize("name", ["prod", "prod-acme", "bootstrap"])
def test_every_type_of_the_program_is_in_the_list(graphs: Mapping[str, Graph], name: str) -> None:
    assert {one.type for one in changeable(graphs[name])} <= set(TYPES)


@pytest.mark.parametrize("name", ["prod", "prod-acme", "bootstrap"])
def test_nothing_changes_is_nothing_found(graphs: Mapping[str, Graph], name: str) -> None:
    judged = judge(plan(graphs[name]))
    assert (judged.stopping, judged.noted, judged.not_evaluated) == ((), (), ())


@pytest.mark.parametrize("name", ["prod", "prod-acme", "bootstrap"])
def test_each_resource_that_goes_stops_or_is_named(graphs: Mapping[str, Graph], name: str) -> None:
    graph = graphs[name]
    silent = {
        one.type
        for one in changeable(graph)
        if not seen(plan(graph, PlanStep(op="delete", urn=one.urn, old=one, new=None)))
    }
    assert silent <= set(SILENT_DELETIONS)


@pytest.mark.parametrize("name", ["prod", "prod-acme", "bootstrap"])
def test_each_resource_that_holds_data_stops_when_it_is_renamed(graphs: Mapping[str, Graph], name: str) -> None:
    graph = graphs[name]
    for one in changeable(graph):
        if TYPES[one.type].loss:
            new = replace(one, urn=f"{one.urn}-renamed", name=f"{one.name}-renamed", id="", outputs={})
            renamed = (
                PlanStep(op="create", urn=new.urn, old=None, new=new),
                PlanStep(op="delete", urn=one.urn, old=one, new=None),
            )
            assert judge(plan(graph, *renamed)).stopping, one.urn


def test_a_side_resource_that_is_renamed_is_taken_away_by_the_deletion_of_itself() -> None:
    graph = Graph(good_graph(), stack="prod")
    for one in one_of_each_type(graph):
        if one.type.startswith("aws:s3/bucket") and not TYPES[one.type].loss:
            old = replace(one, id=str(one.inputs["bucket"]))
            new = replace(one, urn=f"{one.urn}-renamed", name=f"{one.name}-renamed", id="", outputs={})
            renamed = (
                PlanStep(op="create", urn=new.urn, old=None, new=new),
                PlanStep(op="delete", urn=one.urn, old=old, new=None),
            )
            expected = {"same-name", "safeguard-off"}  # the access log and the replication stop as what goes
            found = {danger.kind for danger in judge(plan(graph, *renamed)).stopping}
            assert {"same-name"} <= found <= expected, one.urn


@pytest.mark.parametrize("name", ["prod", "bootstrap"])
def test_each_property_that_is_masked_is_harmless_or_not_passed(graphs: Mapping[str, Graph], name: str) -> None:
    graph = graphs[name]
    silent = []
    for one in one_of_each_type(graph):
        for key in one.inputs:
            if key in TYPES[one.type].harmless:
                continue
            before, after = (replace(one, inputs={**one.inputs, key: Masked()}) for _ in range(2))
            if not seen(plan(graph, updated(after, after.inputs, before))):
                silent.append((one.type, key))
    assert silent == []


def variants(value: Any) -> Iterator[Any]:
    """Other values of a property, the absent one first."""
    yield None
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (0, value / 2, value * 2)
    elif isinstance(value, str):
        yield "other"
    elif isinstance(value, list):
        yield []
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from ({**value, key: other} for other in variants(item))


def test_each_property_that_changes_is_named_or_harmless_for_a_reason() -> None:
    """On a fixture that meets every control, so that a weaker value of each property is at hand."""
    graph = Graph(good_graph(), stack="prod")
    silent: dict[tuple[str, str], bool] = {}
    for one in changeable(graph):
        listed = TYPES.get(one.type)
        for key, value in one.inputs.items():
            if key in ("id", "arn") or (listed and key in listed.harmless):
                continue
            changes = (
                {name: item for name, item in {**one.inputs, key: other}.items() if item is not None}
                for other in variants(value)
            )
            if silent.get((one.type, key), True):  # one resource of a type at which it shows is enough
                silent[one.type, key] = not any(seen(plan(graph, updated(one, inputs))) for inputs in changes)
    left = [found for found, unseen in silent.items() if unseen and found[1] not in ONLY_A_BAD_VALUE_STOPS]
    assert left == [], "\n".join(map(str, left))
