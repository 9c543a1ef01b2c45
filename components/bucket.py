"""A bucket as every bucket here is: versioned, encrypted, private, owned, TLS-only, and with an end to old versions."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.context import DataClassification, StackContext
from components.permissions import ANYONE, Statement, policy_document


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """`key_arn` None means SSE-S3, for buckets that AWS's log delivery writes to; periods are in days.

    What ages (archived, deleted) is below `aging_prefix`, where one is named; the rest of the bucket stays as it is.
    A bucket that `outlives_stack` stays, with its settings and everything in it, when the stack is destroyed.
    """

    context: StackContext
    bucket_name: Output[str]
    data_classification: DataClassification
    key_arn: Input[str] | None
    abort_uploads_after_days: int
    expire_noncurrent_after_days: int
    archive_after_days: int | None = None
    delete_after_days: int | None = None
    aging_prefix: str = ""
    lock_days: int | None = None
    outlives_stack: bool = False
    statements: Sequence[Statement] = field(default_factory=list)


class Bucket(ComponentResource):
    """One private bucket with all of its side resources."""

    name: Output[str]
    arn: Output[str]
    policy: aws.s3.BucketPolicy

    def __init__(self, name: str, args: BucketArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Bucket", name, None, opts)
        context, lasting = args.context, args.outlives_stack or None  # which children do not inherit
        child = ResourceOptions(parent=self, retain_on_delete=lasting)
        bucket = aws.s3.Bucket(
            f"{name}-bucket",
            bucket=args.bucket_name,
            force_destroy=not context.protected,
            object_lock_enabled=args.lock_days is not None or None,
            tags=context.tags(args.data_classification),
            opts=ResourceOptions(parent=self, retain_on_delete=lasting, protect=context.protected),
        )
        aws.s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        public_access_block = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access-block",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        versioning = aws.s3.BucketVersioning(
            f"{name}-versioning",
            bucket=bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=child,
        )
        if args.lock_days:
            _lock(
                name,
                bucket,
                args.lock_days,
                ResourceOptions(parent=self, retain_on_delete=lasting, depends_on=[versioning]),
            )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="aws:kms" if args.key_arn is not None else "AES256",
                        kms_master_key_id=args.key_arn,
                    ),
                    bucket_key_enabled=args.key_arn is not None,
                )
            ],
            opts=child,
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.bucket,
            rules=_lifecycle_rules(args),
            # Rules on noncurrent versions mean nothing, and some are refused, before versioning is on.
            opts=ResourceOptions(parent=self, retain_on_delete=lasting, depends_on=[versioning]),
        )
        self.policy = aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=bucket.bucket,
            policy=policy_document([_refuse_plain_http(bucket.arn), *args.statements]),
            # Both change who may reach the bucket; S3 refuses the two at once.
            opts=ResourceOptions(parent=self, retain_on_delete=lasting, depends_on=[public_access_block]),
        )
        self.name, self.arn = bucket.bucket, bucket.arn
        self.register_outputs({"name": self.name, "arn": self.arn})


def _lock(name: str, bucket: aws.s3.Bucket, days: int, opts: ResourceOptions) -> None:
    """In governance mode: nobody here is given what lifts it (`s3:BypassGovernanceRetention`), and an owner could be.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
    """
    retention = aws.s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(mode="GOVERNANCE", days=days)
    aws.s3.BucketObjectLockConfiguration(
        f"{name}-lock",
        bucket=bucket.bucket,
        object_lock_enabled="Enabled",
        rule=aws.s3.BucketObjectLockConfigurationRuleArgs(default_retention=retention),
        opts=opts,
    )


def _lifecycle_rules(args: BucketArgs) -> list[aws.s3.BucketLifecycleConfigurationRuleArgs]:
    """One rule for each thing that happens, most over the whole bucket: a rule without a filter is refused later on.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
    """
    whole_bucket = aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix="")
    aging = aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=args.aging_prefix)
    rules = [
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="abort-unfinished-uploads",
            status="Enabled",
            filter=whole_bucket,
            abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=args.abort_uploads_after_days
            ),
        ),
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="expire-noncurrent-versions",
            status="Enabled",
            filter=whole_bucket,
            noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=args.expire_noncurrent_after_days
            ),
        ),
    ]
    if args.archive_after_days:
        rules.append(
            aws.s3.BucketLifecycleConfigurationRuleArgs(
                id="archive",
                status="Enabled",
                filter=aging,
                transitions=[
                    aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(
                        days=args.archive_after_days, storage_class="GLACIER_IR"
                    )
                ],
            )
        )
    expiration = (
        aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=args.delete_after_days)
        if args.delete_after_days
        # What a delete leaves behind once its versions are gone.
        else aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True)
    )
    rules.append(
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="delete" if args.delete_after_days else "remove-orphaned-delete-markers",
            status="Enabled",
            filter=aging if args.delete_after_days else whole_bucket,
            expiration=expiration,
        )
    )
    return rules


def _refuse_plain_http(bucket_arn: Output[str]) -> Statement:
    """Control S3.5."""
    return Statement(
        sid="RefusePlainHttp",
        effect="Deny",
        actions=["s3:*"],
        resources=[bucket_arn, Output.concat(bucket_arn, "/*")],
        principals=ANYONE,
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )


def refuse_other_keys(bucket_name: Output[str], key_arn: Input[str]) -> Statement:
    """Nobody may store an object under another key by asking for it; asking for none gives the bucket's.

    `Null` is needed: without it a request that names no key would count as another key.
    """
    header = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    return Statement(
        sid="RefuseOtherKeys",
        effect="Deny",
        actions=["s3:PutObject"],
        resources=[Output.concat("arn:aws:s3:::", bucket_name, "/*")],
        principals=ANYONE,
        conditions={"StringNotEquals": {header: key_arn}, "Null": {header: "false"}},
    )
