"""Attachments: a versioned bucket whose old versions expire, and the bucket that takes its access logs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import pulumi_aws as aws
import pulumi_random as random
from pulumi import ComponentResource, Input, Output, ResourceOptions
from pydantic import Field

from components.bucket import Bucket, BucketArgs, refuse_other_keys
from components.context import StackContext
from components.names import (
    ACCESS_LOG_PREFIX,
    ERASURES_PREFIX,
    EVIDENCE_PREFIX,
    EXPORTS_LOG_PREFIX,
    IMPORT_PREFIX,
    LOAD_BALANCER_LOG_PREFIX,
    OBJECT_PREFIX,
    RESTORES_PREFIX,
)
from components.permissions import ANYONE, Statement
from components.settings import BrokenRule, Rule, Settings

_Days = Annotated[int, Field(ge=1, le=36500)]

END_WAYS_BACK = "EndWaysBack"


def _archive_before_delete(files: "FilesSettings") -> Iterator[BrokenRule]:
    if files.archive_after_days and files.delete_after_days and files.delete_after_days <= files.archive_after_days:
        yield (
            "deleteAfterDays",
            f"deletes before it archives: make it more than archiveAfterDays ({files.archive_after_days}), "
            "or leave one of them out",
        )


def _archive_pays(files: "FilesSettings") -> Iterator[BrokenRule]:
    # Glacier Instant Retrieval bills at least 90 days: https://aws.amazon.com/s3/pricing/
    if (
        files.archive_after_days
        and files.delete_after_days
        and 0 < files.delete_after_days - files.archive_after_days < 90
    ):
        yield (
            "deleteAfterDays",
            "an archived object is billed for 90 days at least: delete 90 days after archiving",
        )


class FilesSettings(Settings):
    """How long attachments and their old versions are kept, in days."""

    archive_after_days: Annotated[
        _Days | None, Field(description="Move to Glacier Instant Retrieval, which still downloads at once")
    ] = None
    delete_after_days: Annotated[
        _Days | None,
        Field(description="Delete attachments of this age; null keeps them until someone deletes them"),
    ] = None
    expire_noncurrent_after_days: Annotated[
        _Days, Field(description="Overwritten and deleted versions can be brought back for so long")
    ]
    abort_uploads_after_days: Annotated[int, Field(ge=1, le=7, description="Control CKV_AWS_300")] = 7
    keep_access_logs_days: _Days = 90

    rules: ClassVar[tuple[Rule, ...]] = (_archive_before_delete, _archive_pays)


@dataclass(frozen=True, kw_only=True)
class Import:
    """While a tenant moves from another stack or to one: whose it is, and the other stack's role, which puts here."""

    tenant: str
    from_role_arn: str


@dataclass(frozen=True, kw_only=True)
class FilesArgs:
    context: StackContext
    settings: FilesSettings
    key_arn: Input[str]
    imports: Sequence[Import]
    takes_load_balancer_logs: bool = True
    also_logged: Sequence[Input[str]] = ()  # names of further buckets whose access logs come here


class Files(ComponentResource):
    """The bucket for attachments and its log bucket."""

    bucket_name: Output[str]
    bucket_arn: Output[str]
    log_bucket: Bucket

    def __init__(self, name: str, args: FilesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Files", name, None, opts)
        context, settings = args.context, args.settings
        child = ResourceOptions(parent=self)
        # Bucket names are shared by all of AWS: the suffix makes ours free, and stays for the stack's life.
        suffix = random.RandomId(f"{name}-suffix", byte_length=4, keepers={"stack": context.name}, opts=child)
        files_name = Output.concat(context.name, "-", name, "-", suffix.hex)
        log_name = Output.concat(context.name, "-", name, "-logs-", suffix.hex)
        log_bucket = Bucket(
            f"{name}-logs",
            BucketArgs(
                context=context,
                bucket_name=log_name,
                data_classification="operational",
                key_arn=None,  # load balancer logs need SSE-S3
                abort_uploads_after_days=settings.abort_uploads_after_days,
                expire_noncurrent_after_days=1,
                delete_after_days=settings.keep_access_logs_days,
                statements=[
                    _deliver_access_logs(context, log_name, ACCESS_LOG_PREFIX, files_name),
                    *(
                        _deliver_access_logs(context, log_name, EXPORTS_LOG_PREFIX, one, of="Exports")
                        for one in args.also_logged
                    ),
                    *([_deliver_load_balancer_logs(context, log_name)] if args.takes_load_balancer_logs else []),
                ],
            ),
            opts=child,
        )
        bucket = Bucket(
            name,
            BucketArgs(
                context=context,
                bucket_name=files_name,
                data_classification="customer-data",
                key_arn=args.key_arn,
                outlives_stack=context.permanent,  # as the final snapshot, whose rows name these files
                abort_uploads_after_days=settings.abort_uploads_after_days,
                expire_noncurrent_after_days=settings.expire_noncurrent_after_days,
                archive_after_days=settings.archive_after_days,
                delete_after_days=settings.delete_after_days,
                # The erasure ledger, evidence and the way back of a restore outlive any attachment.
                aging_prefix=f"{OBJECT_PREFIX}/",
                statements=[
                    refuse_other_keys(files_name, args.key_arn),
                    *(_take_export(files_name, n, one) for n, one in enumerate(args.imports, start=1)),
                    *(_write_once(files_name) if context.protected else []),
                ],
            ),
            opts=child,
        )
        aws.s3.BucketLogging(
            f"{name}-access-logs",
            bucket=bucket.name,
            target_bucket=log_bucket.name,
            target_prefix=f"{ACCESS_LOG_PREFIX}/",
            # S3 checks on the spot whether it may deliver.
            opts=ResourceOptions(parent=self, depends_on=[log_bucket.policy]),
        )
        self._name = name
        self.bucket_name, self.bucket_arn = bucket.name, bucket.arn
        self.log_bucket = log_bucket
        self._imports = args.imports
        self.register_outputs({"bucketName": self.bucket_name})

    def let_pages_read(self, origin: Input[str]) -> None:
        """Let pages of one origin (scheme and host) fetch what the service signed for them.

        Apart from the component's making, since the load balancer's name may be the origin and its logs come here.
        """
        aws.s3.BucketCorsConfiguration(
            f"{self._name}-cors",
            bucket=self.bucket_name,
            cors_rules=[
                aws.s3.BucketCorsConfigurationCorsRuleArgs(
                    allowed_origins=[origin],
                    allowed_methods=["GET", "HEAD"],
                    allowed_headers=["range", "if-range", "if-none-match"],
                    expose_headers=["Content-Disposition", "Content-Range", "ETag"],
                    max_age_seconds=3600,
                )
            ],
            opts=ResourceOptions(parent=self),
        )

    def store_objects(self) -> list[Statement]:
        """Put, get and delete attachments, and see whether the bucket is there."""
        return [
            Statement(
                sid="StoreAttachments",
                actions=["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
                resources=[Output.concat(self.bucket_arn, f"/{OBJECT_PREFIX}/*")],
            ),
            Statement(
                sid=END_WAYS_BACK,  # rows that restores have kept: after their days, and of a tenant that is removed
                actions=["s3:DeleteObject"],
                resources=[Output.concat(self.bucket_arn, f"/{RESTORES_PREFIX}/*")],
            ),
            Statement(sid="SeeOwnBucket", actions=["s3:ListBucket"], resources=[self.bucket_arn]),
            *([self._take_in()] if self._imports else []),
        ]

    def note_erasures(self) -> list[Statement]:
        """Write entries of the erasure ledger, and read them where another database served last: `migrate` does."""
        return [
            Statement(
                sid="NoteErasures",
                actions=["s3:PutObject"],
                resources=[Output.concat(self.bucket_arn, f"/{ERASURES_PREFIX}/*")],
                conditions={"Null": {"s3:if-none-match": "false"}},  # what is there is never written over
            ),
            self._read_erasures(),
        ]

    def bring_back(self) -> list[Statement]:
        """Write older versions again and put delete markers, as the erasure ledger lets; delete nothing for good.

        What stood before is kept below a prefix of its own, with the journal: docs/restore.md.
        """
        return [
            Statement(
                sid="BringFilesBack",
                actions=["s3:DeleteObject", "s3:GetObjectVersion", "s3:PutObject", "s3:RestoreObject"],
                resources=[Output.concat(self.bucket_arn, f"/{OBJECT_PREFIX}/*")],
            ),
            Statement(
                sid="FindVersions",
                actions=["s3:ListBucket", "s3:ListBucketVersions"],
                resources=[self.bucket_arn],
            ),
            Statement(
                sid="KeepWayBack",
                actions=["s3:GetObject", "s3:PutObject"],
                resources=[Output.concat(self.bucket_arn, f"/{RESTORES_PREFIX}/*")],
            ),
            self._read_erasures(),
        ]

    def read_for_export(self) -> list[Statement]:
        """Read what is handed over, and count what is left, of older versions too; change nothing."""
        return [
            Statement(
                sid="ReadForExport",
                actions=["s3:GetObject"],
                resources=[Output.concat(self.bucket_arn, f"/{OBJECT_PREFIX}/*")],
            ),
            Statement(sid="CountVersions", actions=["s3:ListBucketVersions"], resources=[self.bucket_arn]),
        ]

    def _read_erasures(self) -> Statement:
        return Statement(
            sid="ReadErasures",
            actions=["s3:GetObject"],
            resources=[Output.concat(self.bucket_arn, f"/{ERASURES_PREFIX}/*")],
        )

    def _take_in(self) -> Statement:
        """What `workbuoy-app tenant import`, `clear-import` and `receive` do: docs/promotion.md and docs/move.md."""
        return Statement(
            sid="TakeInExport",
            actions=["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            resources=[Output.concat(self.bucket_arn, f"/{IMPORT_PREFIX}/{one.tenant}/*") for one in self._imports],
        )


def _deliver_access_logs(
    context: StackContext, log_name: Output[str], prefix: str, source: Input[str], *, of: str = ""
) -> Statement:
    """Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html."""
    return Statement(
        sid=f"Deliver{of}AccessLogs",
        actions=["s3:PutObject"],
        resources=[Output.concat("arn:aws:s3:::", log_name, f"/{prefix}/*")],
        principals={"Service": ["logging.s3.amazonaws.com"]},
        conditions={
            "ArnEquals": {"aws:SourceArn": Output.concat("arn:aws:s3:::", source)},
            "StringEquals": {"aws:SourceAccount": context.account_id},
        },
    )


def _deliver_load_balancer_logs(context: StackContext, log_name: Output[str]) -> Statement:
    """Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html."""
    return Statement(
        sid="DeliverLoadBalancerLogs",
        actions=["s3:PutObject"],
        resources=[
            Output.concat("arn:aws:s3:::", log_name, f"/{LOAD_BALANCER_LOG_PREFIX}/AWSLogs/{context.account_id}/*")
        ],
        principals={"Service": ["logdelivery.elasticloadbalancing.amazonaws.com"]},
        conditions={
            "ArnLike": {"aws:SourceArn": context.arn("elasticloadbalancing", "loadbalancer/app/*")},
            "StringEquals": {"aws:SourceAccount": context.account_id},
        },
    )


def _take_export(bucket_name: Output[str], number: int, imports: Import) -> Statement:
    """What `workbuoy-app tenant export` and `send` do here: they put, and neither read nor list nor delete."""
    return Statement(
        sid="TakeExport" if number == 1 else f"TakeExport{number}",
        actions=["s3:AbortMultipartUpload", "s3:PutObject"],
        resources=[Output.concat("arn:aws:s3:::", bucket_name, f"/{IMPORT_PREFIX}/{imports.tenant}/*")],
        principals={"AWS": [imports.from_role_arn]},
    )


def _write_once(bucket_name: Output[str]) -> list[Statement]:
    """The erasure ledger grows and does not change: whoever could take an entry away could bring a person back.
    Nor does the evidence of drills and restores.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    entries = [
        Output.concat("arn:aws:s3:::", bucket_name, f"/{prefix}/*") for prefix in (ERASURES_PREFIX, EVIDENCE_PREFIX)
    ]
    return [
        Statement(
            sid="RefuseChangedErasures",
            effect="Deny",
            actions=["s3:PutObject"],
            resources=entries,
            principals=ANYONE,
            conditions={"Null": {"s3:if-none-match": "true"}},
        ),
        Statement(
            sid="RefuseDeletedErasures",
            effect="Deny",
            actions=["s3:DeleteObject", "s3:DeleteObjectVersion"],
            resources=entries,
            principals=ANYONE,
        ),
    ]
