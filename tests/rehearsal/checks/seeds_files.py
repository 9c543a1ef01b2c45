"""Seeds of S3: lifecycle and encryption."""

from typing import Any

from rehearsal.result import Rehearsed
from tests.rehearsal.checks.case import Case, each, part, rule

LIFECYCLE = "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"


def rules(ids: Any) -> Rehearsed:
    listed = [{"id": each, "status": "Enabled", "filter": {}, "expiration": {"days": 1}} for each in ids]
    return part(LIFECYCLE, bucket="b", rules=listed)


def moved(*steps: tuple[int, str]) -> Rehearsed:
    return rule(expiration=None, transitions=[{"days": days, "storageClass": name} for days, name in steps])


def moved_old(*steps: tuple[int, str]) -> Rehearsed:
    listed = [{"noncurrentDays": days, "storageClass": name} for days, name in steps]
    return rule(expiration=None, noncurrentVersionTransitions=listed)


def aborting(filters: dict[str, Any]) -> Rehearsed:
    return rule(expiration=None, filter=filters, abortIncompleteMultipartUpload={"daysAfterInitiation": 7})


def key_for(algorithm: str) -> Rehearsed:
    default = {"sseAlgorithm": algorithm, "kmsMasterKeyId": "arn:key"}
    return part(
        "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        bucket="b",
        rules=[{"applyServerSideEncryptionByDefault": default}],
    )


CASES: list[Case] = [
    *each("s3-lifecycle-count", lambda n: rules([f"r{i}" for i in range(n)]), [0, 1001], 1000),
    *each("s3-lifecycle-id", lambda v: rule(id=v), ["a" * 256, ""], "a" * 255),
    *each("s3-lifecycle-id-twice", rules, [("a", "a"), ("a", "b", "a")], ("a", "b")),
    *each("s3-lifecycle-status", lambda v: rule(status=v), ["enabled", "On"], "Disabled"),
    *each("s3-lifecycle-action", lambda v: rule(expiration=v), [None], {"days": 1}),
    *each(
        "s3-lifecycle-filter", lambda v: rule(filter=v), [None, {"prefix": "a", "tag": {"key": "k", "value": "v"}}], {}
    ),
    *each("s3-lifecycle-class", lambda v: moved((90, v)), ["STANDARD", "GLACIER_INSTANT", "glacier"], "GLACIER_IR"),
    *each("s3-lifecycle-days", lambda v: rule(expiration={"days": v}), [0, -1], 1),
    *each("s3-lifecycle-days", lambda v: rule(noncurrentVersionExpiration={"noncurrentDays": v}), [0], 1),
    *each("s3-lifecycle-days", lambda v: rule(abortIncompleteMultipartUpload={"daysAfterInitiation": v}), [0], 1),
    *each(
        "s3-lifecycle-newer-versions",
        lambda v: rule(noncurrentVersionExpiration={"noncurrentDays": 1, "newerNoncurrentVersions": v}),
        [101, 0],
        100,
    ),
    *each("s3-lifecycle-transition", lambda v: moved((v, "STANDARD_IA")), [0, 10, 29], 30),
    *each("s3-lifecycle-transition", lambda v: moved_old((v, "ONEZONE_IA")), [1, 29], 30),
    *each(
        "s3-lifecycle-order",
        lambda v: rule(transitions=[{"days": v, "storageClass": "GLACIER_IR"}]),
        [365, 400],
        90,
    ),
    *each(
        "s3-lifecycle-class-order",
        lambda v: moved(*v),
        [((200, "GLACIER_IR"), (100, "DEEP_ARCHIVE")), ((90, "GLACIER"), (120, "GLACIER_IR"))],
        ((90, "GLACIER_IR"), (120, "GLACIER")),
    ),
    *each("s3-lifecycle-class-twice", lambda v: moved((90, "GLACIER"), v), [(120, "GLACIER")], (120, "DEEP_ARCHIVE")),
    *each("s3-lifecycle-distance", lambda v: moved((30, "STANDARD_IA"), (v, "GLACIER")), [31, 45, 59], 60),
    *each("s3-lifecycle-distance", lambda v: moved_old((30, "ONEZONE_IA"), (v, "GLACIER")), [59], 60),
    *each(
        "s3-lifecycle-transition-kinds",
        lambda v: rule(expiration=None, transitions=[{"days": 30, "storageClass": "GLACIER"}, v]),
        [{"date": "2030-01-01T00:00:00Z", "storageClass": "DEEP_ARCHIVE"}],
        {"days": 90, "storageClass": "DEEP_ARCHIVE"},
    ),
    *each(
        "s3-lifecycle-expiration",
        lambda v: rule(expiration=v),
        [{"days": 1, "expiredObjectDeleteMarker": True}, {"days": 1, "date": "2030-01-01T00:00:00Z"}],
        {"expiredObjectDeleteMarker": True},
    ),
    *each(
        "s3-lifecycle-marker-filter",
        lambda v: rule(filter=v, expiration={"expiredObjectDeleteMarker": True}),
        [{"tag": {"key": "k", "value": "v"}}, {"objectSizeGreaterThan": 1}],
        {"prefix": "a"},
    ),
    *each(
        "s3-lifecycle-date",
        lambda v: rule(expiration={"date": v}),
        ["2030-01-01T12:00:00Z", "2030-01-01T00:00:01Z"],
        "2030-01-01T00:00:00Z",
    ),
    *each(
        "s3-lifecycle-abort-filter",
        aborting,
        [
            {"tag": {"key": "k", "value": "v"}},
            {"and": {"prefix": "a", "tags": {"k": "v"}}},
            {"objectSizeLessThan": 5},
        ],
        {"prefix": "a"},
    ),
    *each("s3-encryption-key", key_for, ["AES256"], "aws:kms"),
]
