"""What replaces a resource was asked of the provider for all that this program declares."""

import pytest

from facts.replacements import replaces
from project.files import find_project
from tests.conftest import PROJECT, SILOS, STACKS
from tests.declared import graph_with_base

pytestmark = pytest.mark.lengthy  # each declares a stack

STANDING = [*(("", stack) for stack in (*STACKS, *SILOS)), *(("bootstrap", name) for name in ("dev", "prod", "vault"))]


@pytest.mark.parametrize(("folder", "stack"), STANDING)
def test_of_each_property_that_is_declared_it_is_known_whether_another_value_replaces(folder: str, stack: str) -> None:
    graph = graph_with_base(find_project(PROJECT / folder), stack)
    declared = {(one.type, name) for one in graph.resources if one.custom and one.id for name in one.inputs}
    declared = {(token, name) for token, name in declared if token.startswith("aws:") and name != "region"}
    assert declared
    assert {one for one in declared if replaces(*one) is None} == set()


@pytest.mark.parametrize(
    ("token", "property_", "replaced"),
    [
        ("aws:sns/topicSubscription:TopicSubscription", "endpoint", True),
        ("aws:ec2/natGateway:NatGateway", "subnetId", True),
        ("aws:amp/workspace:Workspace", "kmsKeyArn", True),
        ("aws:amp/workspace:Workspace", "tags", False),
        ("aws:amp/workspace:Workspace", "workspaceOfTomorrow", None),
        ("aws:of/tomorrow:Type", "name", None),
        ("random:index/randomId:RandomId", "byteLength", True),
    ],
)
def test_what_was_not_asked_is_not_known(token: str, property_: str, replaced: bool | None) -> None:
    assert replaces(token, property_) is replaced
