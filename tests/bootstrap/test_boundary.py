"""The boundary takes nothing from a stack's roles that they need, and leaves them nothing that they must not have."""

from collections.abc import Callable

import pytest

from bootstrap.names import state_bucket
from components.context import BOUNDARY
from facts.permissions.evaluate import Held
from rehearsal.permissions.bounds import REMEDY, granted
from rehearsal.permissions.request import RequestedAction
from tests.bootstrap.conftest import Account
from tests.bootstrap.proof import Proof


def roles_of(account: Account) -> list[str]:
    return [call.params["RoleName"] for call in account.calls if call.operation == "CreateRole"]


@pytest.mark.parametrize("environment", ["prod", "dev"])
def test_everything_that_a_stacks_role_is_given_lies_within_the_boundary(
    environment: str, accounts: Callable[[str], Account]
) -> None:
    account = accounts(environment)
    names = roles_of(account)
    outside = []
    asked = 0
    for name in names:
        proof = account.proof(name)
        assert proof.policies().boundary is not None
        for held in proof.policies().identity:
            for one in granted(held.statement, "eu-west-1"):
                asked += 1
                judged = proof.judge(one, "eu-west-1")
                elsewhere = one.resource.startswith("arn:aws:backup:") and f":{account.id}:" not in one.resource
                if not judged.decision.allowed and not elsewhere:  # a vault's policy in its own account decides too
                    outside.append(f"{name}: {judged}")
    assert asked > 40
    assert outside == [], REMEDY


EVERYTHING = Held("by-a-deploy", {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"})
BEYOND = {
    "iam:CreateRole": "arn:aws:iam::{account}:role/workbuoy-prod-more",
    "iam:PassRole": "arn:aws:iam::{account}:role/workbuoy-prod-rotation",
    "sts:AssumeRole": "arn:aws:iam::{account}:role/workbuoy-deploy-prod",
    "s3:GetObject": "arn:aws:s3:::{state}/.pulumi/stacks/workbuoy/prod.json",
    "s3:PutBucketPolicy": "arn:aws:s3:::workbuoy-prod-files-1",
    "s3:DeleteObjectVersion": "arn:aws:s3:::workbuoy-prod-files-1/tenants/a",
    "rds:DeleteDBInstance": "arn:aws:rds:eu-west-1:{account}:db:workbuoy-prod-database",
    "secretsmanager:GetSecretValue": "arn:aws:secretsmanager:eu-west-1:{account}:secret:payroll-1",
    "ecs:RunTask": "arn:aws:ecs:eu-west-1:{account}:task-definition/workbuoy-prod-service:1",
    "logs:DeleteLogGroup": "arn:aws:logs:eu-west-1:{account}:log-group:/workbuoy/workbuoy-prod/service:*",
    "kms:Decrypt": "{state_key}",
    "secretsmanager:PutSecretValue": "arn:aws:secretsmanager:us-east-1:{account}:secret:workbuoy-prod/oidc-client-1",
    "logs:PutLogEvents": "arn:aws:logs:us-east-1:{account}:log-group:/workbuoy/workbuoy-prod/service:*",
}


@pytest.mark.parametrize("action", BEYOND)
def test_a_role_that_a_deploy_gives_everything_still_may_not(action: str, prod: Account) -> None:
    from dataclasses import replace

    (key,) = [one for one in prod.bootstrap.resources if one.name == "state-key"]
    places = {"account": prod.id, "state": state_bucket(prod.id, "eu-west-1"), "state_key": key.outputs["arn"]}
    asked = RequestedAction(action=action, resource=BEYOND[action].format(**places))
    role = prod.proof("workbuoy-prod-service-task")
    everything = replace(role.policies(), identity=[EVERYTHING])
    bounded = Proof(cloud=role.cloud, role_arn=role.role_arn, own=everything)
    assert not bounded.judge(asked, "eu-west-1").decision.allowed
    unbounded = Proof(cloud=role.cloud, role_arn=role.role_arn, own=replace(everything, boundary=None))
    assert unbounded.judge(asked, "eu-west-1").decision.allowed


def test_the_boundary_that_stands_is_the_one_of_bootstrap(prod: Account) -> None:
    assert {held.policy for held in prod.proof("workbuoy-prod-rotation").policies().boundary or ()} == {BOUNDARY}
