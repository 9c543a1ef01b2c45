"""What a person on duty may do: read logs, fill in the OIDC client's secret, run a command of the image as a task.

Nobody has a way to type SQL in AWS: what is to be done to a database is a command of the image, run by the task
definition that each stack declares for one-off work, and it leaves a log. Who could register a task definition could
run any image with the service's roles, so operators cannot.
"""

from bootstrap.drills import changes_of_databases, copy_statements, evidence_statements
from bootstrap.limits import elsewhere
from bootstrap.look_at_backups import look_at_backups
from bootstrap.scope import Scope
from bootstrap.settings import OperatorsSettings
from bootstrap.tasks import task_statements
from components.context import EXECUTION_ROLE, EXPORT_ROLE, RESTORE_ROLE, TASK_ROLE
from components.log_group import READ_LOGS
from components.names import ERASURES_PREFIX, IMPORT_PREFIX, WAF_LOG_PREFIX
from components.permissions import Statement
from components.task import DRILL, EXPORT, ONE_OFF, RESTORE


def trust_operators(account_id: str, operators: OperatorsSettings) -> Statement:
    """Named Identity Center permission sets, whose MFA is set there, or named users who show a second factor.

    IAM refuses a wildcard in a principal's ARN, and Identity Center gives its roles a random end: so the account is the
    principal, narrowed by `aws:PrincipalArn`. Their sessions never carry `aws:MultiFactorAuthPresent`.
    Source: https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
    """
    if operators.identity_center is None:
        return Statement(
            sid="AssumedByUsersWithMfa",
            actions=["sts:AssumeRole"],
            resources=[],
            principals={"AWS": list(operators.mfa_users)},
            conditions={"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        )
    center = operators.identity_center
    # In us-east-1 Identity Center's roles name no region.
    path = "aws-reserved/sso.amazonaws.com/" + ("" if center.region == "us-east-1" else f"{center.region}/")
    return Statement(
        sid="AssumedByPermissionSets",
        actions=["sts:AssumeRole"],
        resources=[],
        principals={"AWS": [f"arn:aws:iam::{account_id}:root"]},
        conditions={
            "ArnLike": {
                "aws:PrincipalArn": [
                    f"arn:aws:iam::{account_id}:role/{path}AWSReservedSSO_{name}_*" for name in center.permission_sets
                ]
            }
        },
    )


def _read_ledgers(scope: Scope) -> list[Statement]:
    """What was erased when, for an auditor: kinds, days and keyed hashes, and not the salt that they are made with.

    The key is used by what reads evidence, of the same bucket.
    """
    return [
        Statement(
            sid="ReadErasures",
            actions=["s3:GetObject"],
            resources=scope.buckets(f"files-*/{ERASURES_PREFIX}/entries/*"),
        ),
        Statement(
            sid="FindErasures",
            actions=["s3:ListBucket"],
            resources=scope.buckets("files-*"),
            conditions={"StringLike": {"s3:prefix": [f"{ERASURES_PREFIX}/*"]}},
        ),
    ]


def _see_how_exports_are_kept(scope: Scope) -> Statement:
    """For `workbuoy tenant remains --live`: an export that a rule deleted is an older version for a while."""
    return Statement(
        sid="SeeHowExportsAreKept",
        actions=["s3:GetLifecycleConfiguration", "s3:ListBucketVersions"],
        resources=scope.exports(),
    )


def operators_statements(scope: Scope) -> dict[str, list[Statement]]:
    """The role's policies by part.

    Reading logs stands here by the log groups' names, and not by attaching each stack's `read-logs` policy: whoever
    deploys writes that one, and would decide by it what operators may do.
    """
    groups = [*scope.log_groups(), *scope.named("logs", f"log-group:{WAF_LOG_PREFIX}{{}}:*")]
    papers = ("manifest.json", "receipt.json")
    roles = (TASK_ROLE, EXECUTION_ROLE, RESTORE_ROLE, EXPORT_ROLE)
    return {
        "logs": [
            Statement(
                sid="ReadLogs",
                actions=READ_LOGS,
                resources=groups,
            ),
            Statement(
                sid="FindLogsAndAlarms",
                actions=["logs:DescribeLogGroups", "logs:DescribeQueryDefinitions", "logs:StopQuery"],
                resources=["*"],  # AWS knows no resource for these actions
            ),
            Statement(
                sid="SeeAlarms",
                actions=["cloudwatch:DescribeAlarms"],
                resources=scope.arns("cloudwatch", "alarm:*"),  # a listing names nothing
            ),
            Statement(
                sid="SeeQuotas",  # how many customers still fit: `workbuoy fleet cells --live`
                actions=["servicequotas:GetServiceQuota"],
                # IAM's are asked in us-east-1.
                resources=[
                    *scope.arns("servicequotas", "*"),
                    f"arn:aws:servicequotas:us-east-1:{scope.account_id}:iam/*",
                ],
            ),
            Statement(
                sid="SeeDefaultQuotas",
                actions=["servicequotas:GetAWSDefaultServiceQuota"],
                resources=["*"],  # AWS knows no resource for this action
            ),
            elsewhere(scope, but={"rds": changes_of_databases(scope)}),  # copies may lie anywhere
        ],
        "backups": [*look_at_backups(scope), _see_how_exports_are_kept(scope)],
        "secrets": [
            Statement(
                sid="FindSecrets",
                actions=["secretsmanager:ListSecrets"],
                resources=["*"],  # AWS knows no resource for this action
            ),
            Statement(
                sid="FillInLoginSecret",
                actions=["secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue"],
                resources=scope.named("secretsmanager", "secret:{}/oidc-client-*", "secret:{}/restored-login-*"),
            ),
            Statement(
                sid="EncryptLoginSecret",
                # To put a value takes both.
                # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=scope.arns("kms", "key/*"),
                conditions=scope.key_through("secretsmanager"),
            ),
        ],
        "tasks": [
            *task_statements(scope, "OneOffTasks", (ONE_OFF, RESTORE, EXPORT, DRILL), roles),
            Statement(
                sid="FollowTasks",
                actions=["ecs:DescribeTasks", "ecs:StopTask"],
                resources=scope.named("ecs", "task/{}/*"),
            ),
            Statement(
                sid="SeeServices",  # whose network a task joins
                actions=["ecs:DescribeServices"],
                resources=scope.named("ecs", "service/{}/*"),
            ),
        ],
        "restore": [*copy_statements(scope), *evidence_statements(scope), *_read_ledgers(scope)],
        # What a customer is handed over, checked before the customer goes: docs/tenants.md.
        "exports": scope.read_exports(),
        # Counts and checksums of a customer's move into a silo (docs/promotion.md), and none of what is moved.
        "promotion": [
            Statement(
                sid="ReadManifestAndReceipt",
                actions=["s3:GetObject"],
                resources=[one for paper in papers for one in scope.buckets(f"-files-*/{IMPORT_PREFIX}/*/{paper}")],
            ),
            Statement(
                sid="FindManifestAndReceipt",
                actions=["s3:ListBucket"],
                resources=scope.buckets("-files-*"),
                conditions={"StringLike": {"s3:prefix": [f"{IMPORT_PREFIX}/*/{paper}" for paper in papers]}},
            ),
            Statement(
                sid="DecryptManifestAndReceipt",
                actions=["kms:Decrypt"],
                resources=scope.arns("kms", "key/*"),
                conditions=scope.key_through("s3", scope.buckets("-files-*")),
            ),
        ],
    }
