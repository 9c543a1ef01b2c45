"""Attachments are private, versioned, and old versions end."""

import json
from typing import Any

import pytest

from tests.conftest import Declare, DeclareWith, Graph


def rules(graph: Graph, name: str) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in graph.named(f"{name}-lifecycle").declared.inputs["rules"]}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_every_bucket_has_everything_a_bucket_needs(declared: Declare, stack: str) -> None:
    graph = declared(stack)
    buckets = {one.outputs["bucket"] for one in graph.of("s3/bucket:Bucket")}
    assert buckets
    for kind in (
        "BucketVersioning",
        "BucketPublicAccessBlock",
        "BucketOwnershipControls",
        "BucketServerSideEncryptionConfiguration",
        "BucketLifecycleConfiguration",
        "BucketPolicy",
    ):
        assert {one.declared.inputs["bucket"] for one in graph.of(kind)} == buckets


def test_every_lifecycle_rule_says_what_it_covers_and_does_something(declared: Declare) -> None:
    actions = {"abortIncompleteMultipartUpload", "noncurrentVersionExpiration", "transitions", "expiration"}
    for stack in ("dev", "prod"):
        for lifecycle in declared(stack).of("BucketLifecycleConfiguration"):
            for rule in lifecycle.declared.inputs["rules"]:
                assert "filter" in rule
                assert actions & set(rule)


def test_prod_archives_to_a_class_that_still_downloads_at_once(declared: Declare) -> None:
    assert rules(declared("prod"), "files")["archive"]["transitions"] == [{"days": 90, "storageClass": "GLACIER_IR"}]


def test_old_versions_end_after_the_setting_s_days(declared_with: DeclareWith) -> None:
    graph = declared_with("dev", lambda settings: settings["files"].update(expireNoncurrentAfterDays=3))
    rule = rules(graph, "files")["expire-noncurrent-versions"]
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 3}


def test_attachments_are_deleted_only_where_a_setting_says_so(declared: Declare, declared_with: DeclareWith) -> None:
    assert "delete" not in rules(declared("prod"), "files")
    graph = declared_with("prod", lambda settings: settings["files"].update(deleteAfterDays=400))
    assert rules(graph, "files")["delete"]["expiration"] == {"days": 400}


def test_ledger_evidence_and_ways_back_outlive_attachments(declared_with: DeclareWith) -> None:
    graph = declared_with("prod", lambda settings: settings["files"].update(deleteAfterDays=400))
    for name, rule in rules(graph, "files").items():
        ages = {"transitions", "expiration"} & set(rule)
        assert rule["filter"] == {"prefix": "tenants/" if ages else ""}, name


def test_attachments_are_encrypted_with_the_customer_key_and_no_other(declared: Declare) -> None:
    graph = declared("prod")
    key_arn = graph.named("keys-files").outputs["arn"]
    (rule,) = graph.named("files-encryption").declared.inputs["rules"]
    assert rule["bucketKeyEnabled"] is True
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key_arn}
    documents = [s for one, s in graph.documents("BucketPolicy") if one.name == "files-policy"]
    (refusal,) = [s for s in documents if s["Sid"] == "RefuseOtherKeys"]
    assert refusal["Condition"]["StringNotEquals"] == {"s3:x-amz-server-side-encryption-aws-kms-key-id": key_arn}


def test_plain_http_is_refused_on_every_bucket(declared: Declare) -> None:
    graph = declared("prod")
    refused = [
        one for one, s in graph.documents("BucketPolicy") if s["Sid"] == "RefusePlainHttp" and s["Effect"] == "Deny"
    ]
    assert len(refused) == len(graph.of("s3/bucket:Bucket"))


@pytest.mark.parametrize("stack", ["dev", "prod", "prod-acme"])
def test_pages_of_the_service_s_own_origin_may_read_and_no_other(declared: Declare, stack: str) -> None:
    graph = declared(stack)
    (cors,) = graph.of("BucketCorsConfiguration")
    (rule,) = cors.declared.inputs["corsRules"]
    assert cors.declared.inputs["bucket"] == graph.named("files-bucket").outputs["bucket"]
    assert rule["allowedMethods"] == ["GET", "HEAD"]
    (service,) = [one for one in graph.of("ecs/taskDefinition:TaskDefinition") if one.name == "service-task"]
    environment = json.loads(service.declared.inputs["containerDefinitions"])[0]["environment"]
    assert rule["allowedOrigins"] == [one["value"] for one in environment if one["name"] == "PUBLIC_URL"]


def test_the_log_bucket_does_not_log_itself(declared: Declare) -> None:
    for logging in declared("prod").of("BucketLogging"):
        assert logging.declared.inputs["bucket"] != logging.declared.inputs["targetBucket"]


def test_access_logs_wait_until_they_may_be_delivered(declared: Declare) -> None:
    graph = declared("prod")
    assert "files-logs-policy" in graph.needs("files-access-logs")
    assert "files-logs-policy" in graph.needs("load-balancer-alb")


def test_log_delivery_is_recognised_by_a_plain_string(declared: Declare) -> None:
    """S3 finds its own permission only where principal and resource are single strings."""
    graph = declared("prod")
    statements = [s for one, s in graph.documents("BucketPolicy") if s["Sid"].startswith("Deliver")]
    assert {s["Principal"]["Service"] for s in statements} == {
        "logging.s3.amazonaws.com",
        "logdelivery.elasticloadbalancing.amazonaws.com",
    }
    assert all(isinstance(s["Resource"], str) for s in statements)


def test_prod_s_buckets_cannot_be_emptied_by_destroying_the_stack(declared: Declare) -> None:
    for bucket in declared("prod").of("s3/bucket:Bucket"):
        assert bucket.declared.protect
        assert bucket.declared.inputs["forceDestroy"] is False


def test_the_task_may_touch_objects_of_its_own_bucket_alone(declared: Declare) -> None:
    graph = declared("prod")
    bucket_arn = graph.named("files-bucket").outputs["arn"]
    statements = [s for one, s in graph.documents("RolePolicy") if one.name == "service-task-policy"]
    s3 = [s for s in statements if any(action.startswith("s3:") for action in s["Action"])]
    assert {s["Sid"]: s["Resource"] for s in s3} == {
        "StoreAttachments": f"{bucket_arn}/tenants/*",
        "SeeOwnBucket": bucket_arn,
        "EndWaysBack": f"{bucket_arn}/restores/*",
        "NoteErasures": f"{bucket_arn}/erasures/*",
        "ReadErasures": f"{bucket_arn}/erasures/*",
    }
    assert "s3:DeleteBucket" not in json.dumps(s3)


def test_restore_deletes_no_version_for_good(declared: Declare) -> None:
    statements = [s for one, s in declared("prod").documents("RolePolicy") if one.name == "restore-policy"]
    actions = {action for statement in statements for action in statement["Action"]}
    assert {"s3:GetObjectVersion", "s3:DeleteObject"} <= actions
    assert "s3:DeleteObjectVersion" not in actions


@pytest.mark.parametrize(("stack", "kept"), [("prod", True), ("dev", False)])
def test_the_erasure_ledger_is_written_once_where_a_stack_is_permanent(
    declared: Declare, stack: str, kept: bool
) -> None:
    statements = [s for one, s in declared(stack).documents("BucketPolicy") if one.name == "files-policy"]
    refused = {s["Sid"]: s for s in statements if s["Effect"] == "Deny"}
    assert ("RefuseDeletedErasures" in refused) is kept
    if kept:
        assert refused["RefuseChangedErasures"]["Condition"] == {"Null": {"s3:if-none-match": "true"}}
        assert refused["RefuseDeletedErasures"]["Action"] == ["s3:DeleteObject", "s3:DeleteObjectVersion"]
        assert {refused[sid]["Principal"] for sid in ("RefuseChangedErasures", "RefuseDeletedErasures")} == {"*"}
