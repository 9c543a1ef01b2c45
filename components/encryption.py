"""Customer keys, one for each kind of data, usable only through the service that stores that data."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.context import DataClassification, StackContext
from components.permissions import Condition, Statement, policy_document

DELETION_WINDOW_DAYS = 30  # control KMS.3: the longest that AWS offers
MANAGED_PROMETHEUS = "aps.amazonaws.com"
_FILES, _SUFFIX_LETTERS = "files", 8  # as components/files.py names the bucket

# Everything but the use of the key: nobody decrypts directly, not even an administrator.
ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
_USE_OF_DATA_KEYS = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")


@dataclass(frozen=True, kw_only=True)
class EncryptionArgs:
    """`files_writers` are roles of other stacks that put objects here for a while. `copied_to` is the account that
    copies the database's snapshots, and the region of its copies.

    With `managed_prometheus` its alert manager publishes to the alarm topic too.
    """

    context: StackContext
    files_writers: Sequence[str]
    copied_to: tuple[str, str] | None
    managed_prometheus: bool = False


class Encryption(ComponentResource):
    """The stack's keys: rotated yearly, with an explicit policy each.

    Destroying a permanent stack keeps them (`retain_on_delete`): the final snapshot and the retained backups can be
    read only with them.
    """

    database_key_arn: Output[str]
    files_key_arn: Output[str]
    secrets_key_arn: Output[str]
    logs_key_arn: Output[str]
    alerts_key_arn: Output[str]

    def __init__(self, name: str, args: EncryptionArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Encryption", name, None, opts)
        self._name, self._context = name, args.context
        context = args.context
        self.database_key_arn = self._key(
            "database",
            "The database, its backups and its performance data",
            "customer-data",
            [
                *let_account_use_through(context, "rds"),
                let_service_keep_grants(context, "rds"),
                *_share_snapshots(context, args.copied_to),
            ],
        )
        self.files_key_arn = self._key(
            "files",
            "Attachments",
            "customer-data",
            [*let_account_use_through(context, "s3"), *_let_write(context, args.files_writers)],
        )
        self.secrets_key_arn = self._key(
            "secrets",
            "Secrets Manager entries",
            "credentials",
            [
                *let_account_use_through(context, "secretsmanager"),
                # RDS writes the master password with the caller's rights, through Secrets Manager on its behalf.
                let_service_keep_grants(context, "secretsmanager", "rds"),
            ],
        )
        self.logs_key_arn = self._key("logs", "Log groups", "operational", [use_for_log_groups(context)])
        publishers = [MANAGED_PROMETHEUS] if args.managed_prometheus else []
        self.alerts_key_arn = self._key("alerts", "The alarm topic", "operational", use_for_topics(context, publishers))
        self.register_outputs({})

    def _key(
        self, kind: str, description: str, classification: DataClassification, users: Sequence[Statement]
    ) -> Output[str]:
        key = customer_key(
            f"{self._name}-{kind}",
            self._context,
            kind=kind,
            description=description,
            classification=classification,
            users=users,
            opts=ResourceOptions(parent=self),
        )
        return key.arn


def customer_key(
    name: str,
    context: StackContext,
    *,
    kind: str,
    description: str,
    classification: DataClassification,
    users: Sequence[Statement],
    opts: ResourceOptions,
    **tags: str,
) -> aws.kms.Key:
    """A key that the account administers and only `users` use, under the alias `<context.name>-<kind>`."""
    administration = Statement(
        sid="AdministerButNotUse",
        actions=ADMINISTRATION,
        resources=["*"],  # in a key policy: this key
        principals={"AWS": [context.root_arn]},
    )
    lasting = ResourceOptions(protect=context.protected, retain_on_delete=context.permanent)
    key = aws.kms.Key(
        name,
        description=f"{context.name}: {description}",
        enable_key_rotation=True,
        deletion_window_in_days=DELETION_WINDOW_DAYS,
        policy=policy_document([administration, *users]),
        tags=context.tags(classification, **tags),
        opts=ResourceOptions.merge(opts, lasting),
    )
    aws.kms.Alias(
        f"{name}-alias",
        name=f"alias/{context.name}-{kind}",
        target_key_id=key.key_id,
        opts=opts,
    )
    return key


def use_key_through(key_arn: Input[str], context: StackContext, service: str, sid: str) -> Statement:
    """Let a role read and write what `service` (`s3`, `secretsmanager`) encrypts with one key, and only through it."""
    return Statement(
        sid=sid,
        actions=["kms:Decrypt", "kms:GenerateDataKey"],
        resources=[key_arn],
        conditions=_through(context, service),
    )


def read_key_through(key_arn: Input[str], context: StackContext, service: str, sid: str) -> Statement:
    """Let a role read what `service` encrypted with one key, and only through it."""
    return Statement(sid=sid, actions=["kms:Decrypt"], resources=[key_arn], conditions=_through(context, service))


def _through(context: StackContext, *services: str) -> Condition:
    hosts = [f"{service}.{context.region}.amazonaws.com" for service in services]
    return {"StringEquals": {"kms:ViaService": hosts if len(hosts) > 1 else hosts[0]}}


def let_account_use_through(context: StackContext, *services: str, actions: Sequence[str] = USE) -> list[Statement]:
    """This account's principals, as far as their own policies allow, through named services.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    return [
        Statement(
            sid="UseThroughService",
            actions=list(actions),
            resources=["*"],
            principals={"AWS": [context.root_arn]},
            conditions=_through(context, *services),
        )
    ]


def _let_write(context: StackContext, role_arns: Sequence[str]) -> list[Statement]:
    """Put objects into this stack's own bucket, in one piece or in several, which needs decryption too.

    With a bucket key the encryption context names the bucket, which stands for the key's use for that bucket alone.
    Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuAndPermissions.html and bucket-key.html beside it
    """
    if not role_arns:
        return []
    own_bucket = f"arn:aws:s3:::{context.name}-{_FILES}-{'?' * _SUFFIX_LETTERS}"  # the suffix is not known yet
    return [
        Statement(
            sid="TakeExport",
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],
            principals={"AWS": list(role_arns)},
            conditions={**_through(context, "s3"), "ArnLike": {"kms:EncryptionContext:aws:s3:arn": own_bucket}},
        )
    ]


def let_service_keep_grants(context: StackContext, *services: str) -> Statement:
    """RDS and AWS Backup work after the caller has gone, on grants that only an AWS service may make.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html
    """
    return Statement(
        sid="LetServiceKeepGrants",
        actions=["kms:CreateGrant"],
        resources=["*"],
        principals={"AWS": [context.root_arn]},
        conditions={**_through(context, *services), "Bool": {"kms:GrantIsForAWSResource": "true"}},
    )


def _share_snapshots(context: StackContext, copied_to: tuple[str, str] | None) -> Sequence[Statement]:
    if copied_to is None:
        return ()
    account_id, region = copied_to
    return share_with(account_id, {context.region, region}, "rds")


def share_with(account_id: str, regions: Collection[str], *services: str) -> list[Statement]:
    """Another account, which copies what the key encrypts into a vault of its own; through these services alone.

    A snapshot stays encrypted with its database's key until the other account's AWS Backup has copied it.
    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/create-cross-account-backup.html
    """
    hosts = [f"{service}.{region}.amazonaws.com" for service in services for region in sorted(regions)]
    principals = {"AWS": [f"arn:aws:iam::{account_id}:root"]}
    return [
        Statement(
            sid="ShareWithCopies",
            actions=["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            resources=["*"],
            principals=principals,
            conditions={"StringEquals": {"kms:ViaService": hosts}},
        ),
        Statement(
            sid="ShareGrantsWithCopies",
            actions=["kms:CreateGrant"],
            resources=["*"],
            principals=principals,
            conditions={"StringEquals": {"kms:ViaService": hosts}, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def use_for_log_groups(context: StackContext) -> Statement:
    """CloudWatch Logs itself, for log groups of this account and region alone.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    return Statement(
        sid="UseForLogGroups",
        actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        resources=["*"],
        principals={"Service": [f"logs.{context.region}.amazonaws.com"]},
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": context.arn("logs", "log-group:*")}},
    )


def use_for_metrics(context: StackContext) -> list[Statement]:
    """Managed Prometheus, which works with its caller's rights and then on grants.

    Source: https://docs.aws.amazon.com/prometheus/latest/userguide/encryption-at-rest-Amazon-Service-Prometheus.html
    """
    return [
        *let_account_use_through(context, "aps", actions=_USE_OF_DATA_KEYS),
        let_service_keep_grants(context, "aps"),
    ]


def use_for_topics(context: StackContext, more_publishers: Sequence[str]) -> list[Statement]:
    """The services that publish to an encrypted topic, and SNS that delivers from it.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    publishers = ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com", *more_publishers]
    return [
        Statement(
            sid="PublishAlarmsAndEvents",
            actions=["kms:Decrypt", "kms:GenerateDataKey*"],
            resources=["*"],
            principals={"Service": publishers},
            conditions={"StringEquals": {"aws:SourceAccount": context.account_id}},
        ),
        Statement(
            sid="PublishEventsOfRules",
            actions=["kms:Decrypt", "kms:GenerateDataKey*"],
            resources=["*"],
            principals={"Service": ["events.amazonaws.com"]},
            # With a source's account or ARN in a key's policy EventBridge delivers nothing, and tells nobody.
            conditions={"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": context.arn("sns", "*")}},
        ),
        Statement(
            sid="DeliverAlarmsAndEvents",
            actions=["kms:Decrypt", "kms:GenerateDataKey*"],
            resources=["*"],
            principals={"Service": ["sns.amazonaws.com"]},
            conditions={"StringEquals": {"aws:SourceAccount": context.account_id}},
        ),
        *let_account_use_through(context, "sns", actions=_USE_OF_DATA_KEYS),
    ]
