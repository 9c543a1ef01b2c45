"""The record of what was done in the account, in every region, in a bucket that nobody clears by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from bootstrap.names import TRAIL, trail_bucket
from bootstrap.state import OWN, keep_versions
from bootstrap.watch import WATCHED, Watch, WatchArgs, Watched
from components.bucket import Bucket, BucketArgs
from components.context import StackContext
from components.encryption import customer_key, use_for_log_groups
from components.permissions import ANYONE, Statement
from components.role import from_own_account


@dataclass(frozen=True, kw_only=True)
class TrailArgs:
    context: StackContext
    keep_days: int
    state_bucket_arn: Input[str]
    record_object_reads: bool
    emails: Sequence[str]
    watched: Sequence[Watched] = WATCHED


class Trail(ComponentResource):
    """A multi-region trail with file validation: every call that changes something, every touch of the state, and
    where the account's settings want it every read of a customer's file.

    Every call of a function is in it too, since that is a way for a deploy to run code as another.
    """

    def __init__(self, name: str, args: TrailArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:bootstrap:Trail", name, None, opts)
        context, child = args.context, ResourceOptions(parent=self)
        trail_arn = context.arn("cloudtrail", f"trail/{TRAIL}")
        bucket_name = trail_bucket(context.account_id, context.region)
        key = customer_key(
            f"{name}-key",
            context,
            kind="trail",
            description="The account's trail",
            classification="operational",
            users=[*_encrypt_and_read(context, trail_arn), use_for_log_groups(context), _publish(context)],
            opts=child,
            application=OWN,
        )
        bucket = Bucket(
            name,
            BucketArgs(
                context=context,
                bucket_name=Output.from_input(bucket_name),
                data_classification="operational",
                key_arn=key.arn,
                abort_uploads_after_days=1,
                expire_noncurrent_after_days=args.keep_days,
                delete_after_days=args.keep_days,
                statements=[
                    *_deliver(context, bucket_name, trail_arn),
                    keep_versions(bucket_name),
                    _only_append(bucket_name),
                ],
            ),
            child,
        )
        watch = Watch(
            "watch",
            WatchArgs(context=context, key_arn=key.arn, trail_arn=trail_arn, emails=args.emails, watched=args.watched),
            child,
        )
        aws.cloudtrail.Trail(
            f"{name}-trail",
            name=TRAIL,
            s3_bucket_name=bucket.name,
            kms_key_id=key.arn,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            enable_logging=True,
            cloud_watch_logs_group_arn=Output.concat(watch.log_group_arn, ":*"),
            cloud_watch_logs_role_arn=watch.delivery.arn,
            advanced_event_selectors=[
                _selector("What changes the account", eventCategory=["Management"]),
                _data_events(
                    "Who touches the state",
                    "AWS::S3::Object",
                    **{"resources.ARN": [Output.concat(args.state_bucket_arn, "/")]},
                ),
                _data_events("Who calls a function", "AWS::Lambda::Function"),
                *([_reads_of_stacks(context)] if args.record_object_reads else []),
            ],
            tags=context.tags("operational"),
            # CloudTrail checks on the spot whether it may deliver.
            opts=ResourceOptions(
                parent=self, protect=context.protected, depends_on=[bucket.policy, watch.delivery.policy]
            ),
        )
        self.register_outputs({"bucketName": bucket.name})


def _selector(name: str, **fields: Sequence[Input[str]]) -> aws.cloudtrail.TrailAdvancedEventSelectorArgs:
    """Events whose fields have these values, or of `resources.ARN` these beginnings.

    Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/filtering-data-events.html
    """
    field = aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs
    return aws.cloudtrail.TrailAdvancedEventSelectorArgs(
        name=name,
        field_selectors=[
            field(field=one, **{"starts_withs" if one == "resources.ARN" else "equals": values})
            for one, values in fields.items()
        ],
    )


def _data_events(name: str, kind: str, **fields: Sequence[Input[str]]) -> aws.cloudtrail.TrailAdvancedEventSelectorArgs:
    return _selector(name, **{"eventCategory": ["Data"], "resources.type": [kind], **fields})


def _reads_of_stacks(context: StackContext) -> aws.cloudtrail.TrailAdvancedEventSelectorArgs:
    """Reads alone: of writes there are many, deliveries of logs among them, and the service's log tells those."""
    begin = f"arn:aws:s3:::{context.name}-{context.environment}-"
    return _data_events(
        "Who reads customers' files", "AWS::S3::Object", readOnly=["true"], **{"resources.ARN": [begin]}
    )


def _publish(context: StackContext) -> Statement:
    """An alarm's message on its way to those who are notified.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    return Statement(
        sid="PublishAlarms",
        actions=["kms:Decrypt", "kms:GenerateDataKey*"],
        resources=["*"],
        principals={"Service": ["cloudwatch.amazonaws.com", "sns.amazonaws.com"]},
        conditions=from_own_account(context),
    )


def _deliver(context: StackContext, bucket_name: str, trail_arn: str) -> list[Statement]:
    """Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html."""
    cloudtrail = {"Service": ["cloudtrail.amazonaws.com"]}
    return [
        Statement(
            sid="LetTrailCheck",
            actions=["s3:GetBucketAcl"],
            resources=[f"arn:aws:s3:::{bucket_name}"],
            principals=cloudtrail,
            conditions={"StringEquals": {"aws:SourceArn": trail_arn}},
        ),
        Statement(
            sid="LetTrailDeliver",
            actions=["s3:PutObject"],
            resources=[f"arn:aws:s3:::{bucket_name}/AWSLogs/{context.account_id}/*"],
            principals=cloudtrail,
            conditions={"StringEquals": {"aws:SourceArn": trail_arn, "s3:x-amz-acl": "bucket-owner-full-control"}},
        ),
    ]


def _only_append(bucket_name: str) -> Statement:
    """Nobody hides a file of the record, not even under a delete marker."""
    return Statement(
        sid="OnlyAppend",
        effect="Deny",
        actions=["s3:DeleteObject"],
        resources=[f"arn:aws:s3:::{bucket_name}/*"],
        principals=ANYONE,
    )


def _encrypt_and_read(context: StackContext, trail_arn: str) -> list[Statement]:
    """Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html."""
    cloudtrail = {"Service": ["cloudtrail.amazonaws.com"]}
    trails = f"arn:aws:cloudtrail:*:{context.account_id}:trail/*"
    return [
        Statement(
            sid="LetTrailEncrypt",
            actions=["kms:GenerateDataKey*"],
            resources=["*"],
            principals=cloudtrail,
            conditions={
                "StringEquals": {"aws:SourceArn": trail_arn},
                "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": trails},
            },
        ),
        Statement(
            sid="LetTrailDescribe",
            actions=["kms:DescribeKey"],
            resources=["*"],
            principals=cloudtrail,
            conditions={"StringEquals": {"aws:SourceArn": trail_arn}},
        ),
        Statement(
            sid="ReadAsRolesMay",
            actions=["kms:Decrypt"],
            resources=["*"],
            principals={"AWS": [context.root_arn]},
            conditions={"StringEquals": {"kms:ViaService": f"s3.{context.region}.amazonaws.com"}},
        ),
    ]
