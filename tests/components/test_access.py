"""Roles can do what they must and nothing else."""

import json

import pytest

from components.permissions import Statement, policy_document
from tests.conftest import STACKS, Declare, DeclareWith

# Where AWS knows no resource for an action, so that `*` is the only thing to write.
WITHOUT_RESOURCE = {
    "cloudwatch:GetMetricData": "figures of RDS and the load balancer belong to no resource",
    "cloudwatch:ListMetrics": "the same",
    "ecs:ListServices": "narrowed to the cluster by a condition: AWS knows no resource that Fargate has",
    "ecs:ListTasks": "the same",
    "ecr:GetAuthorizationToken": "a token is for the whole registry",
    "logs:DescribeLogGroups": "it lists all groups",
    "logs:DescribeQueryDefinitions": "saved searches belong to the account",
    "events:ListRules": "it lists all rules",
    "tag:GetResources": "it finds by tags what AWS Backup is to take",
    "ec2:DescribeNetworkInterfaces": "ec2's Describe actions take no resource",
    "ec2:DescribeSubnets": "ec2's Describe actions take no resource",
}

BOUNDARY = "arn:aws:iam::000000000003:policy/workbuoy-boundary"


@pytest.mark.parametrize("stack", STACKS)
def test_no_role_has_a_wildcard_action(declared: Declare, stack: str) -> None:
    for role, statement in declared(stack).documents("RolePolicy", "Policy"):
        assert [action for action in statement["Action"] if "*" in action] == [], role.name


@pytest.mark.parametrize("stack", STACKS)
def test_no_role_reaches_every_resource_but_where_aws_knows_none(declared: Declare, stack: str) -> None:
    for role, statement in declared(stack).documents("RolePolicy", "Policy"):
        if statement["Resource"] == "*":
            assert set(statement["Action"]) <= set(WITHOUT_RESOURCE), role.name


def test_every_excuse_for_a_wildcard_is_in_use(declared: Declare) -> None:
    used = {
        action
        for stack in STACKS
        for _, statement in declared(stack).documents("RolePolicy", "Policy")
        if statement["Resource"] == "*"
        for action in statement["Action"]
    }
    assert used == set(WITHOUT_RESOURCE)


def test_no_role_takes_a_managed_policy(declared: Declare) -> None:
    assert declared("prod").of("RolePolicyAttachment") == []


def test_the_execution_role_is_not_the_task_role(declared: Declare) -> None:
    for task in declared("prod").of("TaskDefinition"):
        assert task.declared.inputs["executionRoleArn"] != task.declared.inputs["taskRoleArn"]


def test_the_owner_s_secret_is_read_by_execution_and_rotation_alone(declared: Declare) -> None:
    graph = declared("prod")
    (database,) = graph.of("rds/instance:Instance")
    owner_secret_arn = database.outputs["masterUserSecrets"][0]["secretArn"]
    readers = {
        role.name for role, s in graph.documents("RolePolicy") if owner_secret_arn in (s["Resource"], *s["Resource"])
    }
    assert readers == {"service-execution-policy", "rotation-policy"}


def test_every_role_trusts_one_service_by_name(declared: Declare) -> None:
    for role in declared("prod").of("iam/role:Role"):
        (statement,) = json.loads(role.declared.inputs["assumeRolePolicy"])["Statement"]
        assert isinstance(statement["Principal"]["Service"], str)
        assert statement["Action"] == ["sts:AssumeRole"]


def test_roles_that_aws_tells_the_account_of_trust_no_other_account(declared: Declare) -> None:
    graph = declared("prod")
    for role in graph.of("iam/role:Role"):
        (statement,) = json.loads(role.declared.inputs["assumeRolePolicy"])["Statement"]
        if statement["Principal"]["Service"] != "lambda.amazonaws.com":  # Lambda sends no source
            assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == graph.rehearsal.account


def test_a_permissions_boundary_is_put_on_every_role(declared_with: DeclareWith) -> None:
    graph = declared_with("prod", lambda settings: settings.update(permissionsBoundaryArn=BOUNDARY))
    boundaries = {one.declared.inputs.get("permissionsBoundary") for one in graph.of("iam/role:Role")}
    assert boundaries == {BOUNDARY.replace("000000000003", graph.rehearsal.account)}


def test_two_statements_of_one_policy_may_not_share_a_sid() -> None:
    statement = Statement(sid="Same", actions=["s3:GetObject"], resources=["arn:aws:s3:::bucket/*"])
    with pytest.raises(ValueError, match="share a Sid"):
        policy_document([statement, statement])


def test_a_statement_keeps_single_values_single() -> None:
    statement = Statement(
        sid="Deliver",
        actions=["s3:PutObject"],
        resources=["arn:aws:s3:::logs/*"],
        principals={"Service": ["logging.s3.amazonaws.com"]},
    )
    assert statement.document() == {
        "Sid": "Deliver",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": ["s3:PutObject"],
        "Resource": "arn:aws:s3:::logs/*",
    }
