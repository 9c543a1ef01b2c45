"""What holds for a stack as a whole."""

import json
import re

import pytest

from tests.conftest import SILOS, STACKS, Declare

HOLDS_DATA = (
    "rds/instance:Instance",
    "s3/bucket:Bucket",
    "kms/key:Key",
    "secretsmanager/secret:Secret",
    "cloudwatch/logGroup:LogGroup",
)


@pytest.mark.parametrize("stack", ["staging", "prod", *SILOS])
def test_whatever_holds_data_in_a_permanent_stack_is_protected(declared: Declare, stack: str) -> None:
    graph = declared(stack)
    holding = [one for type_ in HOLDS_DATA for one in graph.of(type_)]
    assert len(holding) > 10
    assert [one.name for one in holding if not one.declared.protect] == []


@pytest.mark.parametrize("stack", ["local", "dev"])
def test_nothing_holds_up_the_end_of_a_passing_stack(declared: Declare, stack: str) -> None:
    assert [one.name for one in declared(stack).resources if one.declared.protect] == []


@pytest.mark.parametrize("stack", [*STACKS, *SILOS])
def test_every_resource_names_its_provider_and_the_provider_its_account(declared: Declare, stack: str) -> None:
    graph = declared(stack)
    (aws,) = [one for one in graph.resources if one.type == "pulumi:providers:aws"]
    assert json.loads(aws.declared.inputs["allowedAccountIds"]) == [graph.rehearsal.account]
    assert aws.declared.inputs["region"] == graph.rehearsal.region
    assert {one.declared.provider for one in graph.resources if one.type.startswith("aws:")} == {aws.urn}


@pytest.mark.parametrize("stack", [*STACKS, *SILOS])
def test_every_tagged_resource_carries_the_owner_tags(declared: Declare, stack: str) -> None:
    for one in declared(stack).resources:
        if "tags" in one.declared.inputs:
            assert set(one.declared.inputs["tags"]) >= {
                "application",
                "environment",
                "tenant",
                "owner",
                "data-classification",
            }, one.name


@pytest.mark.parametrize("stack", [*STACKS, *SILOS])
def test_the_graph_holds_no_secret(declared: Declare, stack: str) -> None:
    graph = declared(stack)
    resources = [one for one in graph.resources if not one.type.startswith("pulumi:providers:")]
    text = json.dumps([dict(one.declared.inputs) for one in resources] + [dict(graph.rehearsal.exports)], default=str)
    assert re.findall(r"://[^/\s\"]*@", text) == []
    assert [one.name for one in resources if one.declared.secret_paths] == []
    assert not {one.type for one in graph.resources} & {
        "aws:secretsmanager/secretVersion:SecretVersion",
        "random:index/randomPassword:RandomPassword",
        "aws:iam/accessKey:AccessKey",
    }


def test_a_stack_tells_others_where_things_are_and_no_secret(declared: Declare) -> None:
    exports = declared("prod").rehearsal.exports
    assert exports["url"] == "https://app.workbuoy.example"
    assert exports["databaseLoginSecretArn"].startswith("arn:aws:secretsmanager:eu-west-1:")
    assert len(exports["privateSubnetIds"]) == 3
    assert declared("prod").rehearsal.secret_exports == ()
