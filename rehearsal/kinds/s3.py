"""S3: a bucket and the settings that stand beside it as resources of their own."""

from collections.abc import Callable, Mapping
from os.path import commonprefix
from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import (
    AT_DELETION,
    IN_PROVIDER,
    JSON,
    NOT_HELD,
    TAG_LIST,
    Call,
    Change,
    F,
    Field,
    Form,
    Kind,
    Name,
    Read,
    unchecked,
)

_BUCKET = {"Bucket": "$bucket"}


def _location(values: Mapping[str, Any]) -> dict[str, str] | None:
    """S3's oldest region is the one that a request may not name."""
    return None if values["region"] == "us-east-1" else {"LocationConstraint": values["region"]}


def _empty(send: Callable[[str, dict[str, Any]], Any], values: Mapping[str, Any]) -> None:
    """Every version of every object, where the bucket is declared to go with what is in it."""
    if values.get("forceDestroy"):
        listed = send("list_object_versions", {"Bucket": values["bucket"]})
        for one in (*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())):
            send("delete_object", {"Bucket": values["bucket"], "Key": one["Key"], "VersionId": one["VersionId"]})


def _beginning_alike(names: list[str]) -> dict[str, Any]:
    """The listing takes no names, but what they begin with."""
    beginning = commonprefix(names)  # noqa: RUF071  names are no paths
    return {"Prefix": beginning} if beginning else {}


BUCKET = Kind(
    type_=t.BUCKET,
    service="s3",
    calls=(
        Call("create_bucket", {"CreateBucketConfiguration": _location}),
        Call("put_bucket_tagging", _BUCKET, name="tags"),
    ),
    fields={
        "bucket": F("Bucket"),
        "bucketPrefix": unchecked("part of the name"),
        "forceDestroy": unchecked(AT_DELETION),
        "objectLockEnabled": F("ObjectLockEnabledForBucket", "ObjectLock == 'Enabled'"),
        "tags": F("Tagging.TagSet", "TagSet", form=TAG_LIST, call="tags"),
    },
    reads=(
        Read("list_buckets", pick="Buckets[].{Bucket: Name}", index="Bucket", among=_beginning_alike),
        Read("get_bucket_tagging", _BUCKET, pick="TagSet", into="TagSet", absent=("NoSuchTagSet",), when="tags"),
        Read(
            "get_object_lock_configuration",
            _BUCKET,
            pick="ObjectLockConfiguration.ObjectLockEnabled",
            into="ObjectLock",
            when="objectLockEnabled",
        ),
    ),
    empty=_empty,
    id="{bucket}",
    outputs={
        "arn": "arn:aws:s3:::{id}",
        "bucketDomainName": "{id}.s3.amazonaws.com",
        "bucketRegionalDomainName": "{id}.s3.{region}.amazonaws.com",
        "bucketRegion": "{region}",
    },
    name=Name("bucket", "bucketPrefix", limit=63, lower=True),
)


def _side(type_: str, put: str, read: str, fields: Mapping[str, Field], **more: Any) -> Kind:
    """A bucket's setting: put once, read with the operation that belongs to it."""
    return Kind(
        type_=f"aws:s3/{type_[0].lower()}{type_[1:]}:{type_}",
        service="s3",
        calls=(Call(put),),
        fields={"bucket": F("Bucket"), "expectedBucketOwner": unchecked(IN_PROVIDER), **fields},
        reads=(Read(read, _BUCKET, proves=_BUCKET),),
        id="{bucket}",
        **more,
    )


VERSIONING = _side(
    "BucketVersioning",
    "put_bucket_versioning",
    "get_bucket_versioning",
    {
        "versioningConfiguration": F(
            "VersioningConfiguration", "@", shape={"status": F("Status"), "mfaDelete": F("MFADelete")}
        ),
        "mfa": unchecked(IN_PROVIDER),
    },
    deletes=(Change("put_bucket_versioning", params={"VersioningConfiguration": {"Status": "Suspended"}}),),
    reset="Status == 'Suspended'",
)

_ENCRYPTION_RULE = {
    "applyServerSideEncryptionByDefault": F(
        "ApplyServerSideEncryptionByDefault",
        shape={"sseAlgorithm": F("SSEAlgorithm"), "kmsMasterKeyId": F("KMSMasterKeyID")},
    ),
    "bucketKeyEnabled": F("BucketKeyEnabled"),
    "blockedEncryptionTypes": unchecked(NOT_HELD),
}
ENCRYPTION = _side(
    "BucketServerSideEncryptionConfiguration",
    "put_bucket_encryption",
    "get_bucket_encryption",
    {"rules": F("ServerSideEncryptionConfiguration.Rules", shape=_ENCRYPTION_RULE)},
)

_TAG = {"key": F("Key"), "value": F("Value")}
_AND = {
    "prefix": F("Prefix"),
    "tags": F("Tags", form=TAG_LIST),
    "objectSizeGreaterThan": F("ObjectSizeGreaterThan"),
    "objectSizeLessThan": F("ObjectSizeLessThan"),
}
_FILTER = {
    "prefix": F("Prefix"),
    "tag": F("Tag", shape=_TAG),
    "objectSizeGreaterThan": F("ObjectSizeGreaterThan"),
    "objectSizeLessThan": F("ObjectSizeLessThan"),
    "and": F("And", shape=_AND),
}


def _whole(value: Any) -> Any:
    """The provider's lifecycle takes numbers as numbers or as text."""
    return int(value) if isinstance(value, str) and value.isdigit() else value


_NUMBER = Form(send=_whole, norm=_whole)
_NEWER = "moto drops the number of newer versions to keep"
_LIFECYCLE_RULE = {
    "id": F("ID"),
    "status": F("Status"),
    "prefix": F("Prefix"),
    "filter": F("Filter", shape=_FILTER),
    "expiration": F(
        "Expiration",
        shape={
            "days": F("Days", form=_NUMBER),
            "date": F("Date"),
            "expiredObjectDeleteMarker": F("ExpiredObjectDeleteMarker"),
        },
    ),
    "transitions": F(
        "Transitions",
        shape={"days": F("Days", form=_NUMBER), "date": F("Date"), "storageClass": F("StorageClass")},
    ),
    "noncurrentVersionExpiration": F(
        "NoncurrentVersionExpiration",
        shape={
            "noncurrentDays": F("NoncurrentDays", form=_NUMBER),
            "newerNoncurrentVersions": unchecked(_NEWER, "NewerNoncurrentVersions", form=_NUMBER),
        },
    ),
    "noncurrentVersionTransitions": F(
        "NoncurrentVersionTransitions",
        shape={
            "noncurrentDays": F("NoncurrentDays", form=_NUMBER),
            "storageClass": F("StorageClass"),
            "newerNoncurrentVersions": unchecked(_NEWER, "NewerNoncurrentVersions", form=_NUMBER),
        },
    ),
    "abortIncompleteMultipartUpload": F(
        "AbortIncompleteMultipartUpload", shape={"daysAfterInitiation": F("DaysAfterInitiation", form=_NUMBER)}
    ),
}
LIFECYCLE = _side(
    "BucketLifecycleConfiguration",
    "put_bucket_lifecycle_configuration",
    "get_bucket_lifecycle_configuration",
    {
        "rules": F("LifecycleConfiguration.Rules", "Rules", shape=_LIFECYCLE_RULE, unordered=True),
        "transitionDefaultMinimumObjectSize": F("TransitionDefaultMinimumObjectSize"),
    },
    deletes=(Change("delete_bucket_lifecycle"),),
)

_BLOCK = {
    "blockPublicAcls": F("PublicAccessBlockConfiguration.BlockPublicAcls"),
    "blockPublicPolicy": F("PublicAccessBlockConfiguration.BlockPublicPolicy"),
    "ignorePublicAcls": F("PublicAccessBlockConfiguration.IgnorePublicAcls"),
    "restrictPublicBuckets": F("PublicAccessBlockConfiguration.RestrictPublicBuckets"),
    "skipDestroy": unchecked(AT_DELETION),
}
PUBLIC_ACCESS = _side("BucketPublicAccessBlock", "put_public_access_block", "get_public_access_block", _BLOCK)

OWNERSHIP = _side(
    "BucketOwnershipControls",
    "put_bucket_ownership_controls",
    "get_bucket_ownership_controls",
    {"rule": F("OwnershipControls.Rules", shape={"objectOwnership": F("ObjectOwnership")}, unwrap=True)},
)

POLICY = _side("BucketPolicy", "put_bucket_policy", "get_bucket_policy", {"policy": F("Policy", form=JSON)})

LOGGING = _side(
    "BucketLogging",
    "put_bucket_logging",
    "get_bucket_logging",
    {
        "targetBucket": F("BucketLoggingStatus.LoggingEnabled.TargetBucket", "LoggingEnabled.TargetBucket"),
        "targetPrefix": F("BucketLoggingStatus.LoggingEnabled.TargetPrefix", "LoggingEnabled.TargetPrefix"),
        "targetObjectKeyFormat": unchecked(NOT_HELD),
    },
    deletes=(Change("put_bucket_logging", params={"BucketLoggingStatus": {}}),),
    reset="!LoggingEnabled",
)

_CORS_RULE = {
    "id": unchecked("moto drops a rule's name", "ID"),
    "allowedHeaders": F("AllowedHeaders"),
    "allowedMethods": F("AllowedMethods"),
    "allowedOrigins": F("AllowedOrigins"),
    "exposeHeaders": F("ExposeHeaders"),
    "maxAgeSeconds": F("MaxAgeSeconds"),
}
CORS = _side(
    "BucketCorsConfiguration",
    "put_bucket_cors",
    "get_bucket_cors",
    {"corsRules": F("CORSConfiguration.CORSRules", "CORSRules", shape=_CORS_RULE)},
)

# A lock cannot be taken off a bucket: its provider only takes away the rule for new objects.
# Source: hashicorp/terraform-provider-aws, internal/service/s3/bucket_object_lock_configuration.go
OBJECT_LOCK = _side(
    "BucketObjectLockConfiguration",
    "put_object_lock_configuration",
    "get_object_lock_configuration",
    {
        "objectLockEnabled": F("ObjectLockConfiguration.ObjectLockEnabled"),
        "rule": F(
            "ObjectLockConfiguration.Rule",
            shape={
                "defaultRetention": F(
                    "DefaultRetention",
                    shape={"mode": F("Mode"), "days": F("Days", form=_NUMBER), "years": F("Years", form=_NUMBER)},
                )
            },
        ),
        "token": unchecked(IN_PROVIDER),
    },
    deletes=(
        Change("put_object_lock_configuration", params={"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}),
    ),
    reset="!(ObjectLockConfiguration.Rule)",
)

KINDS = (BUCKET, VERSIONING, ENCRYPTION, LIFECYCLE, PUBLIC_ACCESS, OWNERSHIP, POLICY, LOGGING, CORS, OBJECT_LOCK)
