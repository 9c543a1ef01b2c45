"""Buckets of the account: a bucket's name tells whose it is, and the bucket itself tells where it lies."""

from collections.abc import Iterator, Mapping
from typing import Any

from facts import tokens as t
from graph.values import maps
from operations.locate.live.account import Account
from operations.locate.live.found import Found, tags_of
from operations.locate.live.names import Names


def buckets(account: Account, names: Names) -> Iterator[Found]:
    """Every bucket of a stack, in any region."""
    for one in account.items("s3", account.home, "list_buckets", "Buckets"):
        if names.own(one["Name"]):
            yield _bucket(account, one["Name"])


def _bucket(account: Account, name: str) -> Found:
    s3 = account.client("s3")
    region = s3.get_bucket_location(Bucket=name).get("LocationConstraint") or "us-east-1"
    tags = account.maybe("s3", region, "get_bucket_tagging", "NoSuchTagSet", Bucket=name)
    versioning = account.client("s3", region).get_bucket_versioning(Bucket=name)
    side: dict[str, Mapping[str, Any]] = {
        t.BUCKET_VERSIONING: {"versioningConfiguration": {"status": versioning.get("Status", "Disabled")}},
        t.BUCKET_ENCRYPTION: {"rules": _encryption(account, region, name)},
        t.BUCKET_LIFECYCLE: {"rules": _lifecycle(account, region, name)},
    }
    replication = _replication(account, region, name)
    if replication:
        side[t.BUCKET_REPLICATION] = {"rules": replication}
    return Found(
        type=t.BUCKET,
        name=name,
        region=region,
        arn=f"arn:aws:s3:::{name}",
        properties={"bucket": name},
        side=side,
        tags=tags_of((tags or {}).get("TagSet")),
    )


def _encryption(account: Account, region: str, name: str) -> list[Any]:
    found = account.maybe(
        "s3", region, "get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError", Bucket=name
    )
    return [
        {
            "applyServerSideEncryptionByDefault": _some(
                rule.get("ApplyServerSideEncryptionByDefault") or {},
                {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"},
            )
        }
        for rule in ((found or {}).get("ServerSideEncryptionConfiguration") or {}).get("Rules", ())
    ]


def _lifecycle(account: Account, region: str, name: str) -> list[Any]:
    found = account.maybe(
        "s3", region, "get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration", Bucket=name
    )
    return [_rule(rule) for rule in (found or {}).get("Rules", ())]


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "id": rule.get("ID"),
        "status": rule.get("Status"),
        "filter": {"prefix": (rule.get("Filter") or {}).get("Prefix", "")},
        "transitions": [
            _some(one, {"days": "Days", "storageClass": "StorageClass"}) for one in rule.get("Transitions", ())
        ],
    }
    parts = {
        "expiration": ("Expiration", {"days": "Days"}),
        "noncurrentVersionExpiration": ("NoncurrentVersionExpiration", {"noncurrentDays": "NoncurrentDays"}),
        "abortIncompleteMultipartUpload": (
            "AbortIncompleteMultipartUpload",
            {"daysAfterInitiation": "DaysAfterInitiation"},
        ),
    }
    return result | {ours: _some(rule[theirs], names) for ours, (theirs, names) in parts.items() if rule.get(theirs)}


def _replication(account: Account, region: str, name: str) -> list[Any]:
    found = account.maybe("s3", region, "get_bucket_replication", "ReplicationConfigurationNotFoundError", Bucket=name)
    rules = ((found or {}).get("ReplicationConfiguration") or {}).get("Rules", ())
    return [
        {
            "status": rule.get("Status"),
            "destination": {
                "bucket": destination.get("Bucket"),
                "region": _region_of(account, str(destination.get("Bucket"))),
                "encryptionConfiguration": _some(
                    destination.get("EncryptionConfiguration") or {}, {"replicaKmsKeyId": "ReplicaKmsKeyID"}
                ),
            },
        }
        for rule in rules
        for destination in maps(rule.get("Destination"))
    ]


def _region_of(account: Account, arn: str) -> str | None:
    """Where a bucket lies, also another's, if it may be asked."""
    from botocore.exceptions import ClientError  # noqa: PLC0415

    try:
        found = account.client("s3").get_bucket_location(Bucket=arn.removeprefix("arn:aws:s3:::"))
    except ClientError:
        return None  # the report says that nothing tells it, which counts as outside
    return str(found.get("LocationConstraint") or "us-east-1")


def _some(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {ours: given[theirs] for ours, theirs in names.items() if theirs in given}
