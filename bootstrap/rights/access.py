"""IAM: the stacks' roles, each within the boundary, and to whom they may be handed.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from collections.abc import Sequence

from bootstrap.names import BACKUP_BOUNDARY
from bootstrap.rights import Rights
from bootstrap.scope import Scope
from components.context import (
    BACKUP_ROLE,
    BOUNDARY,
    EXECUTION_ROLE,
    EXPORT_ROLE,
    RESTORE_ROLE,
    ROTATION_ROLE,
    TASK_ROLE,
)
from components.permissions import Condition, Statement

# Who runs with which of a stack's roles, by how their names end: no service gets another's. A function under a task's
# role would read what the service reads.
TAKERS = {
    "ecs-tasks.amazonaws.com": ("HandRolesToTasks", (TASK_ROLE, EXECUTION_ROLE, RESTORE_ROLE, EXPORT_ROLE)),
    "lambda.amazonaws.com": ("HandRoleToRotation", (ROTATION_ROLE,)),
    "backup.amazonaws.com": ("HandRoleToBackup", (BACKUP_ROLE,)),
    "monitoring.rds.amazonaws.com": ("HandRoleToMonitoring", ("database-monitoring",)),
    "vpc-flow-logs.amazonaws.com": ("HandRoleToFlowLogs", ("network-flow-logs",)),
}
# Roles that AWS makes for itself the first time that an account uses a service.
LINKED = (
    "backup.amazonaws.com",
    "ecs.amazonaws.com",
    "ecs.application-autoscaling.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "rds.amazonaws.com",
    "scraper.aps.amazonaws.com",
)


MAKING = (
    "iam:CreateRole",
    "iam:DeleteRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
)


def access_rights(scope: Scope) -> Rights:
    """Roles, and the policy that lets people read logs: who carries that one has what a deploy writes into it."""
    roles, policies = scope.iam("role/{}*"), scope.iam("policy/{}*")
    linked = [f"arn:aws:iam::{scope.account_id}:role/aws-service-role/{service}/*" for service in LINKED]
    bounded: Condition = {"StringEquals": {"iam:PermissionsBoundary": boundary_arn(scope.account_id)}}
    return Rights(
        read=[
            Statement(
                sid="SeeRoles",
                actions=[
                    "iam:GetRole",
                    "iam:GetRolePolicy",
                    "iam:ListAttachedRolePolicies",
                    "iam:ListInstanceProfilesForRole",
                    "iam:ListRolePolicies",
                    "iam:ListRoleTags",
                ],
                resources=roles,
            ),
            Statement(
                sid="SeePolicies",
                actions=["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyTags", "iam:ListPolicyVersions"],
                resources=policies,
            ),
        ],
        write=[
            Statement(
                sid="MakeRolesWithinBoundary",
                actions=MAKING,
                resources=roles,
                conditions=bounded,
            ),
            Statement(
                sid="MakeBackupRolesWithinTheirs",
                actions=MAKING,
                resources=scope.roles(BACKUP_ROLE),
                conditions={
                    "StringEquals": {"iam:PermissionsBoundary": boundary_arn(scope.account_id, BACKUP_BOUNDARY)}
                },
            ),
            Statement(
                sid="ChangeRoles",
                actions=[
                    "iam:DeleteRole",
                    "iam:TagRole",
                    "iam:UntagRole",
                    "iam:UpdateRole",
                    "iam:UpdateRoleDescription",
                ],
                resources=roles,
            ),
            *(_hand(scope, service, sid, names) for service, (sid, names) in TAKERS.items()),
            Statement(
                sid="MakePolicies",
                actions=["iam:CreatePolicy", "iam:DeletePolicy", "iam:TagPolicy", "iam:UntagPolicy"],
                resources=policies,
            ),
            Statement(
                sid="LetServicesMakeTheirRoles",
                actions=["iam:CreateServiceLinkedRole"],
                resources=linked,
                conditions={"StringEquals": {"iam:AWSServiceName": list(LINKED)}},
            ),
        ],
    )


def _hand(scope: Scope, service: str, sid: str, names: Sequence[str]) -> Statement:
    """Hand a service the roles that are its own."""
    return Statement(
        sid=sid,
        actions=["iam:PassRole"],
        resources=scope.roles(*names),
        conditions={"StringEquals": {"iam:PassedToService": service}},
    )


def boundary_arn(account_id: str, name: str = BOUNDARY) -> str:
    """A boundary's ARN, known before it exists."""
    return f"arn:aws:iam::{account_id}:policy/{name}"
