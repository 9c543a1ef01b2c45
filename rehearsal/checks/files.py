"""What S3 refuses."""

from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.checks.graph import Graph, allows, as_list, refuse, statements
from rehearsal.result import Refusal, Rehearsed

_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
_LIFECYCLE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html"
_ACTIONS = (
    "expiration",
    "transitions",
    "noncurrentVersionExpiration",
    "noncurrentVersionTransitions",
    "abortIncompleteMultipartUpload",
)
_LATER_THAN = {"STANDARD_IA": 30, "ONEZONE_IA": 30}  # days that an object must be old before these classes


def _side(graph: Graph, token: str, bucket: str) -> Rehearsed | None:
    return next((one for one in graph.of(token) if one.declared.properties.get("bucket") == bucket), None)


def lifecycle(graph: Graph) -> Iterator[Refusal]:
    """A lifecycle rule without an action or without a filter, too early, or in the wrong order."""
    for one in graph.of("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"):
        for rule in one.declared.properties.get("rules") or ():
            name = rule.get("id")
            if not any(rule.get(action) for action in _ACTIONS):
                yield refuse(one, "s3-lifecycle-action", f"rule {name!r} does nothing", "give it an action", _LIFECYCLE)
            if "filter" not in rule and "prefix" not in rule:
                yield refuse(
                    one,
                    "s3-lifecycle-filter",
                    f"rule {name!r} has no filter",
                    "give it a filter; an empty one means every object",
                    _LIFECYCLE,
                )
            yield from _rule_days(one, rule)


def _rule_days(one: Rehearsed, rule: Mapping[str, Any]) -> Iterator[Refusal]:
    name, expires = rule.get("id"), _days((rule.get("expiration") or {}).get("days"))
    for step in as_list(rule.get("transitions")):
        days, storage_class = _days(step.get("days")), step.get("storageClass")
        if days is not None and days < _LATER_THAN.get(str(storage_class), 0):
            yield refuse(
                one,
                "s3-lifecycle-transition",
                f"rule {name!r} moves objects to {storage_class} after {days} days",
                "wait at least 30 days",
                f"{_GUIDE}lifecycle-transition-general-considerations.html",
            )
        if days is not None and expires is not None and expires <= days:
            yield refuse(
                one,
                "s3-lifecycle-order",
                f"rule {name!r} deletes after {expires} days what it archives after {days}",
                "delete later than you archive",
                _LIFECYCLE,
            )
    for part, key in (("expiration", "days"), ("noncurrentVersionExpiration", "noncurrentDays")):
        days = _days((rule.get(part) or {}).get(key))
        if days is not None and days < 1:
            yield refuse(
                one, "s3-lifecycle-days", f"rule {name!r} expires after {days} days", "take 1 or more", _LIFECYCLE
            )


def _days(value: Any) -> int | None:
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError):
        return None


def replication(graph: Graph) -> Iterator[Refusal]:
    """Replication needs versioning on both sides."""
    for one in graph.of("s3/bucketReplicationConfig:BucketReplicationConfig"):
        values = one.declared.properties
        targets = [
            str((rule.get("destination") or {}).get("bucket", "")).rsplit(":", 1)[-1]
            for rule in values.get("rules") or ()
        ]
        for bucket in (str(values.get("bucket")), *targets):
            known = graph.find("s3/bucket:Bucket", bucket)
            versioning = _side(graph, "s3/bucketVersioning:BucketVersioning", bucket)
            configured = versioning.declared.properties if versioning else {}
            if known and (configured.get("versioningConfiguration") or {}).get("status") != "Enabled":
                yield refuse(
                    one,
                    "s3-replication-versioning",
                    f"replicates, and {known.name} has no versioning",
                    "declare BucketVersioning with status Enabled for it",
                    f"{_GUIDE}replication-requirements.html",
                )


def logging(graph: Graph) -> Iterator[Refusal]:
    """A log bucket that logs to itself never stops writing; one whose policy does not admit S3 gets no logs."""
    for one in graph.of("s3/bucketLogging:BucketLogging"):
        values = one.declared.properties
        source, target = values.get("bucket"), str(values.get("targetBucket"))
        if source == target:
            yield refuse(
                one,
                "s3-logging-itself",
                "writes its access logs into the bucket that it logs",
                "name another bucket as targetBucket",
                f"{_GUIDE}ServerLogs.html",
            )
        policy = _side(graph, "s3/bucketPolicy:BucketPolicy", target)
        document = policy.declared.properties.get("policy") if policy else None
        if graph.find("s3/bucket:Bucket", target) and not any(
            allows(each, "logging.s3.amazonaws.com", "s3:PutObject") for each in statements(document)
        ):
            yield refuse(
                one,
                "s3-logging-policy",
                "logs to a bucket whose policy does not admit logging.s3.amazonaws.com",
                "allow it s3:PutObject there",
                f"{_GUIDE}enable-server-access-logging.html",
            )


def load_balancer_logs(graph: Graph) -> Iterator[Refusal]:
    """A load balancer writes its logs only into a bucket with S3's own encryption and a policy that admits it."""
    source = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html"
    for one in graph.of("lb/loadBalancer:LoadBalancer"):
        logs = one.declared.properties.get("accessLogs") or {}
        bucket = str(logs.get("bucket"))
        if not logs.get("enabled") or graph.find("s3/bucket:Bucket", bucket) is None:
            continue
        side = _side(
            graph,
            "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            bucket,
        )
        for rule in side.declared.properties.get("rules") or () if side else ():
            default = rule.get("applyServerSideEncryptionByDefault") or {}
            if default.get("sseAlgorithm") != "AES256":
                yield refuse(
                    one,
                    "lb-logs-encryption",
                    f"logs to a bucket encrypted with {default.get('sseAlgorithm')}",
                    "encrypt that bucket with AES256",
                    source,
                )
        policy = _side(graph, "s3/bucketPolicy:BucketPolicy", bucket)
        document = policy.declared.properties.get("policy") if policy else None
        if not any(
            each.get("Effect") == "Allow"
            and (allows(each, "logdelivery.elasticloadbalancing.amazonaws.com", "s3:PutObject") or _account(each))
            for each in statements(document)
        ):
            yield refuse(
                one,
                "lb-logs-policy",
                "logs to a bucket whose policy does not admit it",
                "allow logdelivery.elasticloadbalancing.amazonaws.com s3:PutObject there",
                source,
            )


def _account(statement: Mapping[str, Any]) -> bool:
    """Older regions write logs as an AWS account instead of as a service."""
    principal = statement.get("Principal")
    return isinstance(principal, dict) and "AWS" in principal


CHECKS = (lifecycle, replication, logging, load_balancer_logs)
