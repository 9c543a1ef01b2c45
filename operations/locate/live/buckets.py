"""Buckets of the account: a bucket's name tells whose it is, and the bucket itself tells where it lies."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from facts import tokens as t
from graph.values import maps
from operations.locate.live.account import Account
from operations.locate.live.found import Found, found, properties_of
from operations.locate.live.names import Names
from rehearsal.kinds import KINDS

# What S3 answers where a bucket has no such setting.
_ABSENT: Final[Mapping[str, str]] = {
    t.BUCKET_VERSIONING: "",
    t.BUCKET_ENCRYPTION: "ServerSideEncryptionConfigurationNotFoundError",
    t.BUCKET_LIFECYCLE: "NoSuchLifecycleConfiguration",
}


def buckets(account: Account, names: Names) -> Iterator[Found]:
    """Every bucket of a stack, in any region."""
    for one in account.items("s3", account.home, "list_buckets", "Buckets"):
        if names.own(one["Name"]):
            yield _bucket(account, one["Name"])


def _bucket(account: Account, name: str) -> Found:
    region = _region_of(account, name)
    tags = account.maybe("s3", region, "get_bucket_tagging", "NoSuchTagSet", Bucket=name) or {}
    side: dict[str, Mapping[str, Any]] = {}
    for token, absent in _ABSENT.items():
        read = KINDS[token].reads[0].operation
        side[token] = {"rules": []} | properties_of(token, account.maybe("s3", region, read, absent, Bucket=name) or {})
    replication = _replication(account, region, name)
    if replication:
        side[t.BUCKET_REPLICATION] = {"rules": replication}
    return found(t.BUCKET, name, region, f"arn:aws:s3:::{name}", {"Bucket": name, **tags}, side=side)


def _replication(account: Account, region: str, name: str) -> list[Any]:
    """Rules of replication, a type that no rehearsal knows."""
    answer = account.maybe("s3", region, "get_bucket_replication", "ReplicationConfigurationNotFoundError", Bucket=name)
    rules = ((answer or {}).get("ReplicationConfiguration") or {}).get("Rules", ())
    return [
        {
            "status": rule.get("Status"),
            "destination": {
                "bucket": destination.get("Bucket"),
                "region": _region_if_allowed(account, str(destination.get("Bucket"))),
                "encryptionConfiguration": {
                    "replicaKmsKeyId": (destination.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
                },
            },
        }
        for rule in rules
        for destination in maps(rule.get("Destination"))
    ]


def _region_of(account: Account, name: str) -> str:
    return account.client("s3").get_bucket_location(Bucket=name).get("LocationConstraint") or "us-east-1"


def _region_if_allowed(account: Account, arn: str) -> str | None:
    """Where a bucket lies, also another's, if it may be asked; else nothing tells it, which counts as outside."""
    from botocore.exceptions import ClientError

    try:
        return _region_of(account, arn.removeprefix("arn:aws:s3:::"))
    except ClientError:
        return None
