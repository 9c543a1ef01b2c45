"""What a drill of a restore may do: a copy beside a database, the tasks that touch the copy alone, and its evidence.

A schedule has no person with a second factor behind it. So its role starts no task that could write to what serves: the
task definition for drills has an entry point that lets through two commands (app/workbuoy_app/one_off.py).
"""

from bootstrap.limits import elsewhere
from bootstrap.look_at_backups import look_at_backups
from bootstrap.rights import Rights
from bootstrap.scope import Scope
from bootstrap.tasks import task_statements
from components.context import EXECUTION_ROLE, RESTORE_ROLE
from components.names import BEFORE, EVIDENCE_PREFIX, RESTORED
from components.permissions import Statement
from components.task import DRILL


def copy_statements(scope: Scope) -> list[Statement]:
    """A copy of a database beside it, at a moment: docs/restore.md. Nobody reads it but restore's tasks."""
    copy = scope.named("rds", f"db:{{}}-database-{RESTORED}")
    return [
        Statement(
            sid="CopyDatabases",
            actions=["rds:RestoreDBInstanceToPointInTime"],
            resources=[
                *scope.named("rds", "db:{}-database"),
                *copy,
                *scope.arns("rds", "og:default:*", "pg:database-parameters-*", "subgrp:database-subnets-*"),
            ],
        ),
        Statement(
            sid="KeepCopies",
            actions=["rds:AddTagsToResource", "rds:DeleteDBInstance", "rds:ModifyDBInstance"],
            resources=copy,
        ),
        Statement(
            sid="FindDatabases",
            actions=["rds:DescribeDBInstances"],
            resources=[*scope.named("rds", "db:{}-database", f"db:{{}}-database-{BEFORE}"), *copy],
        ),
        Statement(
            sid="LetCopiesUseKeys",
            actions=["kms:CreateGrant"],
            resources=scope.arns("kms", "key/*"),
            conditions={**scope.key_through("rds"), "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def changes_of_databases(scope: Scope) -> list[str]:
    """What whoever makes a copy may do to databases beyond looking, which may be asked for in any region."""
    actions = (action for one in copy_statements(scope) for action in one.actions)
    return [one for one in actions if one.startswith("rds:") and not one.startswith("rds:Describe")]


def evidence_statements(scope: Scope) -> list[Statement]:
    """Write what was found, never over what is there, and read it again."""
    evidence = scope.buckets(f"files-*/{EVIDENCE_PREFIX}/*")
    return [
        Statement(
            sid="WriteEvidenceOnce",
            actions=["s3:PutObject"],
            resources=evidence,
            conditions={"Null": {"s3:if-none-match": "false"}},
        ),
        Statement(sid="ReadEvidence", actions=["s3:GetObject"], resources=evidence),
        Statement(
            sid="FindEvidence",
            actions=["s3:ListBucket"],
            resources=scope.buckets("files-*"),
            conditions={"StringLike": {"s3:prefix": [f"{EVIDENCE_PREFIX}/*"]}},
        ),
        Statement(
            sid="EncryptEvidence",
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=scope.arns("kms", "key/*"),
            conditions=scope.key_through("s3", scope.buckets("files-*")),
        ),
    ]


def drill_statements(scope: Scope, state: Rights) -> dict[str, list[Statement]]:
    """The policies of the role that the workflow of the drills takes, by part."""
    return {
        "copy": [
            *copy_statements(scope),
            Statement(
                sid="FillInCopysLogin",
                actions=["secretsmanager:PutSecretValue"],
                resources=scope.named("secretsmanager", "secret:{}/restored-login-*"),
            ),
            Statement(
                sid="EncryptCopysLogin",
                # To put a value takes both.
                # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=scope.arns("kms", "key/*"),
                conditions=scope.key_through("secretsmanager"),
            ),
            elsewhere(scope, but={"rds": changes_of_databases(scope)}),  # copies may lie anywhere
        ],
        "backups": look_at_backups(scope),  # each night, after the drill
        "tasks": [
            *task_statements(scope, "Drills", (DRILL,), (EXECUTION_ROLE, RESTORE_ROLE)),
            Statement(sid="FollowTasks", actions=["ecs:DescribeTasks"], resources=scope.named("ecs", "task/{}/*")),
            Statement(
                sid="ReadTasksLog",
                actions=["logs:GetLogEvents"],
                resources=scope.named("logs", "log-group:/workbuoy/{}/service:*"),
            ),
        ],
        "evidence": [
            *evidence_statements(scope),
            Statement(
                sid="TellLastDrillsAge",
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],  # AWS knows no resource for this action
                conditions={
                    "StringLike": {
                        "cloudwatch:namespace": [
                            f"Workbuoy/workbuoy-{scope.environment}",
                            f"Workbuoy/workbuoy-{scope.environment}-*",
                        ]
                    }
                },
            ),
            *state.read,
        ],
    }
