"""The account's Pulumi state: the bucket's objects by stack, and the key that encrypts them and the stacks' secrets.

The layout: `pkg/backend/diy` of github.com/pulumi/pulumi. Preview and `refresh --preview-only` take no lock there and
write nothing; up, refresh, destroy and import do.
"""

from dataclasses import dataclass

from pulumi import Input

from bootstrap.names import fleet_folder, state_bucket
from bootstrap.rights import Rights
from bootstrap.scope import Scope
from components.permissions import Statement

PROJECT = "workbuoy"  # Pulumi.yaml of the stacks; bootstrap's own state is another project's, and no role's to write


@dataclass(frozen=True, kw_only=True)
class StatePlace:
    """Where an account's state lies and what encrypts it."""

    region: str
    key_arn: Input[str]


def state_rights(scope: Scope, place: StatePlace) -> Rights:
    """Reading every stack's state of the account; writing that of the environment's stacks alone."""
    bucket = f"arn:aws:s3:::{state_bucket(scope.account_id, place.region)}"
    written = [
        f"{bucket}/.pulumi/{path}"
        for stack in (f"{scope.environment}", f"{scope.environment}-*")
        for path in (
            f"stacks/{PROJECT}/{stack}.*",
            f"history/{PROJECT}/{stack}/*",
            f"backups/{PROJECT}/{stack}/*",
            f"locks/organization/{PROJECT}/{stack}/*",
        )
    ]
    journal = f"{bucket}/{fleet_folder(scope.environment)}/*"
    return Rights(
        read=[
            Statement(sid="FindState", actions=["s3:GetBucketLocation", "s3:ListBucket"], resources=[bucket]),
            Statement(sid="ReadState", actions=["s3:GetObject"], resources=[f"{bucket}/.pulumi/*", journal]),
            Statement(
                sid="DecryptState",
                actions=["kms:Decrypt", "kms:DescribeKey"],
                resources=[place.key_arn],
            ),
        ],
        write=[
            Statement(sid="WriteState", actions=["s3:DeleteObject", "s3:PutObject"], resources=written),
            # Of a rollout; each write names what it saw, so that of two runners one is refused.
            Statement(sid="WriteJournal", actions=["s3:PutObject"], resources=[journal]),
            Statement(
                sid="EncryptState",
                actions=["kms:Encrypt", "kms:GenerateDataKey"],
                resources=[place.key_arn],
            ),
        ],
    )
