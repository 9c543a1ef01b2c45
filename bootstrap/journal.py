"""The journal of an environment's rollouts, where the environment has several accounts: one keeps it for all.

It lies in the first account's state bucket. The deploy role of each further account may read and write it there, and
touch nothing else in that account: its own policy and the bucket's and the key's all have to say so.
"""

from collections.abc import Mapping, Sequence

from pulumi import Input

from bootstrap.names import deploy_role, fleet_folder, state_bucket
from bootstrap.scope import Scope
from bootstrap.settings import JournalSettings
from components.permissions import ANYONE, Condition, Statement

_USE_OF_KEY = ("kms:Decrypt", "kms:GenerateDataKey")


def only_conditional_writes(bucket_name: str, environment: str) -> Statement:
    """Whoever writes the journal names what it saw, or that there was nothing; an upload in parts names neither.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    return Statement(
        sid="OnlyConditionalWritesOfJournal",
        effect="Deny",
        actions=["s3:PutObject"],
        resources=[_objects(bucket_name, environment)],
        principals=ANYONE,
        conditions={"Null": {"s3:if-match": "true", "s3:if-none-match": "true"}},
    )


def let_writers_in(bucket_name: str, environment: str, accounts: Sequence[str]) -> list[Statement]:
    """For the bucket's policy: the deploy roles of these accounts, each by its exact ARN."""
    if not accounts:
        return []
    deploy_roles = _deploy_roles(environment, accounts)
    return [
        Statement(
            sid="LetFurtherAccountsKeepJournal",
            actions=["s3:GetObject", "s3:PutObject"],
            resources=[_objects(bucket_name, environment)],
            principals=_roots(accounts),
            conditions=deploy_roles,
        ),
        Statement(
            sid="LetFurtherAccountsFindJournal",
            actions=["s3:ListBucket"],
            resources=[f"arn:aws:s3:::{bucket_name}"],
            principals=_roots(accounts),
            conditions={**deploy_roles, **_below(environment)},
        ),
    ]


def let_writers_use_key(bucket_name: str, region: str, environment: str, accounts: Sequence[str]) -> list[Statement]:
    """For the key's policy: through S3, for this bucket's objects, which the bucket's policy narrows to the journal."""
    if not accounts:
        return []
    return [
        Statement(
            sid="LetFurtherAccountsKeepJournal",
            actions=_USE_OF_KEY,
            resources=["*"],
            principals=_roots(accounts),
            conditions={**_deploy_roles(environment, accounts), **_through_s3(bucket_name, region)},
        )
    ]


def journal_rights(scope: Scope, journal: JournalSettings | None) -> list[Statement]:
    """What a further account's deploy role needs of the account that keeps the journal; nothing where it is its own."""
    if journal is None:
        return []
    bucket = state_bucket(journal.account, journal.region)
    return [
        Statement(
            sid="KeepJournalElsewhere",
            actions=["s3:GetObject", "s3:PutObject"],
            resources=[_objects(bucket, scope.environment)],
        ),
        Statement(
            sid="FindJournalElsewhere",
            actions=["s3:ListBucket"],
            resources=[f"arn:aws:s3:::{bucket}"],
            conditions=_below(scope.environment),
        ),
        Statement(
            sid="EncryptJournalElsewhere",
            actions=_USE_OF_KEY,
            # AWS chooses a key's id; the key's policy names this role, and the context names the bucket.
            resources=[f"arn:aws:kms:{journal.region}:{journal.account}:key/*"],
            conditions=_through_s3(bucket, journal.region),
        ),
    ]


def _objects(bucket_name: str, environment: str) -> str:
    return f"arn:aws:s3:::{bucket_name}/{fleet_folder(environment)}/*"


def _below(environment: str) -> Condition:
    return {"StringLike": {"s3:prefix": f"{fleet_folder(environment)}/*"}}


def _roots(accounts: Sequence[str]) -> Mapping[str, Sequence[Input[str]]]:
    """An account as a principal, narrowed by `_deploy_roles`: S3 and KMS refuse a role that is not made yet."""
    return {"AWS": [f"arn:aws:iam::{account}:root" for account in accounts]}


def _deploy_roles(environment: str, accounts: Sequence[str]) -> Condition:
    return {
        "ArnEquals": {
            "aws:PrincipalArn": [f"arn:aws:iam::{account}:role/{deploy_role(environment)}" for account in accounts]
        }
    }


def _through_s3(bucket_name: str, region: str) -> Condition:
    """With a bucket key the context names the bucket: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html."""
    return {
        "StringEquals": {
            "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket_name}",
            "kms:ViaService": f"s3.{region}.amazonaws.com",
        }
    }
