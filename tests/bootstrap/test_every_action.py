"""Each single action of bootstrap's roles: taken away it is missed by name, or it is listed here with what needs it."""

from collections import defaultdict
from fnmatch import fnmatchcase

import pytest

from bootstrap.names import PREVIEW_ROLE, deploy_role
from components.context import OPERATORS_ROLE
from facts.permissions.actions import writes
from tests.bootstrap.conftest import Account
from tests.bootstrap.proof import Judged, Proof
from tests.bootstrap.test_deploy_role import HERE
from tests.bootstrap.test_operators_role import ALLOWED

# What no rehearsed call asks for: a rehearsal only makes and reads back. Patterns of actions, by what needs them.
NOT_REHEARSED: dict[str, tuple[str, ...]] = {
    "a stack is taken down": (
        "*:Delete*",
        "*:Deregister*",
        "*:Detach*",
        "*:Disassociate*",
        "*:Release*",
        "*:Remove*",
        "*:Revoke*",
        "*:Unsubscribe",
        "kms:ScheduleKeyDeletion",
        "kms:CancelKeyDeletion",
        "secretsmanager:CancelRotateSecret",
        "secretsmanager:RestoreSecret",
    ),
    "something is changed in place": (
        "*:Modify*",
        "*:Replace*",
        "*:Set*",
        "*:Update*",
        "application-autoscaling:*",
        "aps:PutAlertManagerDefinition",
        "aps:PutRuleGroupsNamespace",
        "ec2:AssociateAddress",
        "ecs:PutClusterCapacityProviders",
        "iam:CreatePolicyVersion",
        "iam:PutRolePermissionsBoundary",
        "kms:DisableKeyRotation",
        "kms:EnableKey",
        "kms:PutKeyPolicy",
        "lambda:PutRuntimeManagementConfig",
        "logs:AssociateKmsKey",
        "rds:CreateDBSnapshot",
        "rds:RebootDBInstance",
        "rds:ResetDBParameterGroup",
        "s3:Put*",
        "secretsmanager:ValidateResourcePolicy",
    ),
    "a thing gets other tags": ("*:AddTags*", "*:CreateTags", "*:Tag*", "*:Untag*"),
    "the provider looks at what it compares": ("*:Describe*", "*:Get*", "*:List*"),
    "moto has no saved searches": ("logs:PutQueryDefinition",),
    "moto has no selections and no policies of vaults": (
        "backup:CreateBackupSelection",
        "backup:GetBackupSelection",
        "backup:GetBackupVaultAccessPolicy",
        "backup:PutBackupVaultAccessPolicy",
    ),
    "moto has no alert managers and no collectors": ("aps:CreateAlertManagerDefinition", "aps:CreateScraper"),
    "AWS does it in the caller's name": (
        "logs:CreateLogDelivery",
        "logs:PutResourcePolicy",
        "route53:CreateHostedZone",
    ),
    "a service makes its own role": ("iam:CreateServiceLinkedRole",),
    "an image is pushed": ("ecr:*",),
    "the engine keeps the state": (
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "s3:DeleteObject",
        "s3:PutObject",
    ),
}
OF_OPERATORS: dict[str, tuple[str, ...]] = {
    "reading logs and following a task": ("cloudwatch:*", "ecs:*", "logs:*"),
    "finding a secret to fill in": ("secretsmanager:DescribeSecret", "secretsmanager:ListSecrets"),
    "putting a value takes both": ("kms:Decrypt",),
}


def not_missed(proof: Proof, judged: list[Judged]) -> set[str]:
    """Actions that nothing misses in any of their statements, by name."""
    missed: dict[str, bool] = defaultdict(bool)
    for one in proof.without_each_action(judged):
        missed[one.action] |= one.missed is not None
    assert any(missed.values())
    return {action for action, is_missed in missed.items() if not is_missed}


def unexplained(actions: set[str], reasons: dict[str, tuple[str, ...]]) -> set[str]:
    listed = [pattern for patterns in reasons.values() for pattern in patterns]
    return {one for one in actions if not any(fnmatchcase(one, pattern) for pattern in listed)}


def test_each_action_of_the_deploy_role_is_missed_or_listed(prod: Account, deploy: Proof) -> None:
    left = not_missed(deploy, deploy.judge_calls(prod.calls))
    assert unexplained(left, NOT_REHEARSED) == set()
    made = {
        "ec2:CreateVpc",
        "rds:CreateDBInstance",
        "iam:CreateRole",
        "iam:PassRole",
        "kms:CreateKey",
        "kms:TagResource",
    }
    assert not made & left


def test_each_action_of_the_preview_role_is_missed_or_reads(prod: Account) -> None:
    preview = prod.proof(PREVIEW_ROLE)
    left = not_missed(preview, preview.judge_calls(prod.calls))
    reading = {
        key: NOT_REHEARSED[key] for key in ("the provider looks at what it compares", "the engine keeps the state")
    }
    assert unexplained(left, reading) == set()
    assert {one for one in left if writes(one)} == set()


def test_each_action_of_the_operators_role_is_missed_or_listed(prod: Account) -> None:
    operators = prod.proof(OPERATORS_ROLE)
    duties = [operators.judge(case(prod), HERE) for case in ALLOWED.values()]
    assert unexplained(not_missed(operators, duties), OF_OPERATORS) == set()


@pytest.mark.parametrize("reason", NOT_REHEARSED)
def test_every_reason_explains_something(reason: str, prod: Account) -> None:
    deploy = prod.proof(deploy_role("prod"))
    own = {action for one in deploy.policies().identity for action in one.statement["Action"]}
    assert any(fnmatchcase(action, pattern) for action in own for pattern in NOT_REHEARSED[reason])
