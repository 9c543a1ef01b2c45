"""What S3 refuses of a bucket: encryption, replication, logs. Its lifecycle: `lifecycle.py`."""

from collections.abc import Iterator, Mapping
from typing import Any

from facts import tokens as t
from graph import Graph, Resource
from rehearsal.checks.reading import allows, refuse, statements
from rehearsal.result import Refusal

_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"


def _side(graph: Graph, token: str, bucket: str) -> Resource | None:
    return next((one for one in graph.of(token) if one.inputs.get("bucket") == bucket), None)


def encryption(graph: Graph) -> Iterator[Refusal]:
    """A key for an encryption that takes none, and a bucket that is to hold everybody's objects as its own."""
    for one in graph.of(t.BUCKET_ENCRYPTION):
        for rule in one.inputs.get("rules") or ():
            default = rule.get("applyServerSideEncryptionByDefault") or {}
            if default.get("kmsMasterKeyId") and default.get("sseAlgorithm") not in ("aws:kms", "aws:kms:dsse"):
                yield refuse(
                    one,
                    "s3-encryption-key",
                    f"names a key for {default.get('sseAlgorithm')}",
                    "set sseAlgorithm aws:kms, or leave the key out",
                    "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionByDefault.html",
                )


def replication(graph: Graph) -> Iterator[Refusal]:
    """Replication needs versioning on both sides."""
    for one in graph.of(t.BUCKET_REPLICATION):
        values = one.inputs
        targets = [
            str((rule.get("destination") or {}).get("bucket", "")).rsplit(":", 1)[-1]
            for rule in values.get("rules") or ()
        ]
        for bucket in (str(values.get("bucket")), *targets):
            known = graph.find(bucket, t.BUCKET)
            versioning = _side(graph, t.BUCKET_VERSIONING, bucket)
            configured = versioning.inputs if versioning else {}
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
    for one in graph.of(t.BUCKET_LOGGING):
        values = one.inputs
        source, target = values.get("bucket"), str(values.get("targetBucket"))
        if source == target:
            yield refuse(
                one,
                "s3-logging-itself",
                "writes its access logs into the bucket that it logs",
                "name another bucket as targetBucket",
                f"{_GUIDE}ServerLogs.html",
            )
        policy = _side(graph, t.BUCKET_POLICY, target)
        document = policy.inputs.get("policy") if policy else None
        if graph.find(target, t.BUCKET) and not any(
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
    for one in graph.of(t.LOAD_BALANCER):
        logs = one.inputs.get("accessLogs") or {}
        bucket = str(logs.get("bucket"))
        if not logs.get("enabled") or graph.find(bucket, t.BUCKET) is None:
            continue
        side = _side(
            graph,
            t.BUCKET_ENCRYPTION,
            bucket,
        )
        for rule in side.inputs.get("rules") or () if side else ():
            default = rule.get("applyServerSideEncryptionByDefault") or {}
            if default.get("sseAlgorithm") != "AES256":
                yield refuse(
                    one,
                    "lb-logs-encryption",
                    f"logs to a bucket encrypted with {default.get('sseAlgorithm')}",
                    "encrypt that bucket with AES256",
                    source,
                )
        policy = _side(graph, t.BUCKET_POLICY, bucket)
        document = policy.inputs.get("policy") if policy else None
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


CHECKS = (encryption, replication, logging, load_balancer_logs)
