"""The place for exports: what a customer is handed over when they leave or ask, apart from everything that serves."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import pulumi_aws as aws
import pulumi_random as random
from pulumi import ComponentResource, Input, Output, ResourceOptions
from pydantic import Field

from components.bucket import Bucket, BucketArgs, refuse_other_keys
from components.context import LEAVING_ROLE, OPERATORS_ROLE, StackContext
from components.encryption import customer_key, let_account_use_through, use_key_through
from components.names import EXPORTS, EXPORTS_LOG_PREFIX
from components.permissions import ANYONE, Statement
from components.settings import BrokenRule, Rule, Settings

SUFFIX_LETTERS = 8


def _locked_no_longer_than_kept(exports: "ExportsSettings") -> Iterator[BrokenRule]:
    if exports.lock_days > exports.keep_days:
        yield "lockDays", f"locks longer than keepDays ({exports.keep_days}): an export that ends cannot be locked"


class ExportsSettings(Settings):
    """How long customers' exports are kept, in days; a customer's own place is theirs."""

    keep_days: Annotated[int, Field(ge=1, le=365, description="An export is deleted after so long")] = 90
    lock_days: Annotated[
        int, Field(ge=1, le=365, description="Nobody deletes or overwrites an export for so long; permanent stacks")
    ] = 14

    rules: ClassVar[tuple[Rule, ...]] = (_locked_no_longer_than_kept,)


@dataclass(frozen=True, kw_only=True)
class ExportsPlace:
    """Where a stack's exports go: its own place, or its base's. `tenant` is the one whose exports these are."""

    bucket_name: Input[str]
    key_arn: Input[str]
    tenant: str | None = None

    def hand_over(self, context: StackContext) -> list[Statement]:
        """Put exports there, of one tenant where the stack has but one; read none."""
        below = f"/{self.tenant}/*" if self.tenant else "/*"
        return [
            Statement(
                sid="HandOver",
                actions=["s3:AbortMultipartUpload", "s3:PutObject"],
                resources=[Output.concat("arn:aws:s3:::", self.bucket_name, below)],
            ),
            use_key_through(self.key_arn, context, "s3", "UseExportsKey"),
        ]


@dataclass(frozen=True, kw_only=True)
class ExportsArgs:
    context: StackContext
    settings: ExportsSettings


class Exports(ComponentResource):
    """A bucket with a key of its own: locked, deleted on a day, written by tasks and read by people alone."""

    bucket_name: Output[str]
    place: ExportsPlace

    def __init__(self, name: str, args: ExportsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Exports", name, None, opts)
        context, settings, child = args.context, args.settings, ResourceOptions(parent=self)
        suffix = random.RandomId(
            f"{name}-suffix", byte_length=SUFFIX_LETTERS // 2, keepers={"stack": context.name}, opts=child
        )
        bucket_name = Output.concat(context.name, f"-{EXPORTS}-", suffix.hex)
        key = customer_key(
            f"{name}-key",
            context,
            kind=EXPORTS,
            description="Exports that customers are handed over",
            classification="customer-data",
            users=let_account_use_through(context, "s3"),
            opts=child,
        )
        bucket = Bucket(
            name,
            BucketArgs(
                context=context,
                bucket_name=bucket_name,
                data_classification="customer-data",
                key_arn=key.arn,
                abort_uploads_after_days=1,
                expire_noncurrent_after_days=1,
                delete_after_days=settings.keep_days,
                lock_days=settings.lock_days if context.permanent else None,
                statements=[refuse_other_keys(bucket_name, key.arn), _refuse_other_readers(context, bucket_name)],
            ),
            child,
        )
        self._name = name
        self.bucket_name = bucket.name
        self.place = ExportsPlace(bucket_name=bucket.name, key_arn=key.arn)
        self.register_outputs({"bucketName": self.bucket_name})

    def log_to(self, log_bucket: Bucket) -> None:
        """Deliver access logs there: who read which export. Apart, since that bucket's policy names this one."""
        aws.s3.BucketLogging(
            f"{self._name}-access-logs",
            bucket=self.bucket_name,
            target_bucket=log_bucket.name,
            target_prefix=f"{EXPORTS_LOG_PREFIX}/",
            opts=ResourceOptions(parent=self, depends_on=[log_bucket.policy]),
        )


def _refuse_other_readers(context: StackContext, bucket_name: Output[str]) -> Statement:
    """Whatever their own policies say, only people read: on duty, or when they take a stack down."""
    readers = [f"arn:aws:iam::{context.account_id}:role/{role}" for role in (OPERATORS_ROLE, LEAVING_ROLE)]
    return Statement(
        sid="RefuseOtherReaders",
        effect="Deny",
        actions=["s3:GetObject", "s3:GetObjectVersion"],
        resources=[Output.concat("arn:aws:s3:::", bucket_name, "/*")],
        principals=ANYONE,
        conditions={"ArnNotEquals": {"aws:PrincipalArn": readers}},
    )
