"""The bucket of the account's Pulumi state, and the key that is also the stacks' secrets provider."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions

from bootstrap.journal import let_writers_in, let_writers_use_key, only_conditional_writes
from bootstrap.names import state_bucket
from components.bucket import Bucket, BucketArgs
from components.context import StackContext
from components.encryption import USE, customer_key
from components.permissions import ANYONE, Statement

OWN = "workbuoy-bootstrap"  # the tag by which the stacks' deploy role is kept away from the account's own keys


@dataclass(frozen=True, kw_only=True)
class StateStoreArgs:
    """`journal_writers` are further accounts of the environment, which keep their rollouts' journal here."""

    context: StackContext
    keep_old_versions_days: int
    journal_writers: Sequence[str] = ()


class StateStore(ComponentResource):
    """Old versions are kept, and nobody deletes one by hand: whoever breaks a state can go back to before."""

    key_arn: Output[str]
    bucket_arn: Output[str]

    def __init__(self, name: str, args: StateStoreArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:bootstrap:State", name, None, opts)
        context, child = args.context, ResourceOptions(parent=self)
        # Pulumi calls KMS itself, not through a service: a role's own policy names this key and says what for.
        use = Statement(sid="UseAsRolesMay", actions=USE, resources=["*"], principals={"AWS": [context.root_arn]})
        bucket_name = state_bucket(context.account_id, context.region)
        writers = args.journal_writers
        key = customer_key(
            f"{name}-key",
            context,
            kind="state",
            description="Pulumi's state and the stacks' secrets",
            classification="credentials",
            users=[use, *let_writers_use_key(bucket_name, context.region, context.environment, writers)],
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
                expire_noncurrent_after_days=args.keep_old_versions_days,
                statements=[
                    keep_versions(bucket_name),
                    only_conditional_writes(bucket_name, context.environment),
                    *let_writers_in(bucket_name, context.environment, writers),
                ],
            ),
            child,
        )
        self.key_arn, self.bucket_arn = key.arn, bucket.arn
        self.register_outputs({"bucketName": bucket.name, "keyArn": self.key_arn})


def keep_versions(bucket_name: str) -> Statement:
    """Whatever their own policies say: versions end by the lifecycle, which asks nobody, and in no other way."""
    return Statement(
        sid="KeepVersions",
        effect="Deny",
        actions=["s3:DeleteBucket", "s3:DeleteObjectVersion"],
        resources=[f"arn:aws:s3:::{bucket_name}", f"arn:aws:s3:::{bucket_name}/*"],
        principals=ANYONE,
    )
