"""The data-loss guard on synthetic plans: every kind of loss, and ordinary changes beside it."""

from typing import Any

import pytest

from facts import tokens as t
from operations.review.losses import SAFEGUARDS, STATEFUL, losses
from tests.operations.review.synthetic import UNKNOWN, plan, provider, step


def kinds(*steps: dict[str, Any]) -> list[str]:
    return [danger.kind for danger in losses(plan(*steps))]


@pytest.mark.parametrize("kind", sorted(STATEFUL))
def test_deleting_replacing_or_forgetting_what_holds_data_is_a_loss(kind: str) -> None:
    delete = "key-deletion" if STATEFUL[kind] == "key" else "delete"
    assert kinds(step("delete", kind, {}, None)) == [delete]
    assert kinds(step("replace", kind, {"name": "a"}, {"name": "b"}, keys=["name"])) == ["replace"]
    assert kinds(step("discard", kind, {}, None)) == ["forget"]
    assert kinds(step("same", kind, {}, {}), step("create", kind, None, {}, name="new")) == []


def test_a_database_is_told_before_a_log_group() -> None:
    steps = [step("delete", kind, {}, None, name=kind) for kind in (t.LOG_GROUP, t.SECRET, t.DATABASE)]
    assert [danger.urn.rpartition("::")[2] for danger in losses(plan(*steps))] == [
        t.DATABASE,
        t.SECRET,
        t.LOG_GROUP,
    ]


def test_the_parts_of_a_replacement_count_once() -> None:
    parts = [
        step("create-replacement", t.DATABASE, {"dbName": "a"}, {"dbName": "b"}, keys=["dbName"]),
        step("replace", t.DATABASE, {"dbName": "a"}, {"dbName": "b"}, keys=["dbName"]),
        step("delete-replaced", t.DATABASE, {"dbName": "a"}, None),
    ]
    found = losses(plan(*parts))
    assert [danger.kind for danger in found] == ["replace"]
    assert "dbName a → b" in found[0].what


def test_what_an_earlier_update_left_to_delete_is_a_deletion() -> None:
    left = step("delete-replaced", t.DATABASE, {}, None)
    assert kinds(left, step("same", t.TOPIC, {}, {}, name="topic")) == ["delete"]
    assert kinds(step("read-replacement", t.DATABASE, {}, {})) == ["replace"]


def test_a_resource_that_keeps_its_state_under_another_name_is_no_loss() -> None:
    renamed = step("same", t.DATABASE, {}, {})
    renamed["resourcePreEvent"]["metadata"]["old"]["urn"] = "urn:pulumi:prod::workbuoy::x::old-name"
    assert kinds(renamed) == []


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        (t.DATABASE, {"backupRetentionPeriod": 14}, {"backupRetentionPeriod": 1}, "retention-cut"),
        (t.DATABASE, {"backupRetentionPeriod": 14}, {}, "retention-cut"),
        ("aws:rds/cluster:Cluster", {"backupRetentionPeriod": 14}, {"backupRetentionPeriod": 1}, "retention-cut"),
        (t.AUTOMATED_BACKUPS_REPLICATION, {"retentionPeriod": 14}, {"retentionPeriod": 7}, "retention-cut"),
        (t.LOG_GROUP, {"retentionInDays": 90}, {"retentionInDays": 30}, "retention-cut"),
        (t.LOG_GROUP, {}, {"retentionInDays": 30}, "retention-cut"),
        (t.SECRET, {"recoveryWindowInDays": 30}, {"recoveryWindowInDays": 0}, "retention-cut"),
        (t.SECRET, {}, {"recoveryWindowInDays": 7}, "retention-cut"),
        (t.KEY, {"deletionWindowInDays": 30}, {"deletionWindowInDays": 7}, "retention-cut"),
        (t.DATABASE, {"deletionProtection": True}, {"deletionProtection": False}, "deletion-protection-off"),
        (t.DATABASE, {"deletionProtection": True}, {}, "deletion-protection-off"),
        ("aws:rds/cluster:Cluster", {"deletionProtection": True}, {}, "deletion-protection-off"),
        (t.LOG_GROUP, {"deletionProtectionEnabled": True}, {}, "deletion-protection-off"),
        (t.DATABASE, {"skipFinalSnapshot": False}, {"skipFinalSnapshot": True}, "safeguard-off"),
        (t.DATABASE, {"deleteAutomatedBackups": False}, {}, "safeguard-off"),
        (t.BUCKET, {"forceDestroy": False}, {"forceDestroy": True}, "safeguard-off"),
        (t.KEY, {}, {"isEnabled": False}, "safeguard-off"),
        (
            t.BUCKET_VERSIONING,
            {"versioningConfiguration": {"status": "Enabled"}},
            {"versioningConfiguration": {"status": "Suspended"}},
            "versioning-off",
        ),
    ],
)
def test_a_weaker_safeguard_is_a_loss_and_the_way_back_is_none(
    kind: str, old: dict[str, Any], new: dict[str, Any], expected: str
) -> None:
    assert kinds(step("update", kind, old, new)) == [expected]
    assert kinds(step("update", kind, new, old)) == []


def test_every_safeguard_is_tried_above() -> None:
    assert len({(guard.type, guard.path) for guard in SAFEGUARDS}) == 14


def test_lifting_protection_is_a_loss_even_where_nothing_else_changes() -> None:
    assert kinds(step("same", t.DATABASE, {}, {}, old_more={"protect": True})) == ["protect-off"]
    assert kinds(step("same", t.KEY, {}, {}, old_more={"retainOnDelete": True})) == ["protect-off"]
    assert kinds(step("same", t.KEY, {}, {}, new_more={"protect": True})) == []


def test_a_safeguard_that_is_no_longer_known_is_not_waved_through() -> None:
    old, new = {"backupRetentionPeriod": 14}, {"backupRetentionPeriod": UNKNOWN}
    assert kinds(step("update", t.DATABASE, old, new)) == ["safeguard-unknown"]
    lifecycle = step("update", t.BUCKET_LIFECYCLE, {"rules": []}, {"rules": UNKNOWN})
    assert kinds(lifecycle) == ["safeguard-unknown"]


def test_a_key_that_stays_in_aws_says_so() -> None:
    found = losses(plan(step("delete", t.KEY, {}, None, old_more={"retainOnDelete": True})))
    assert found[0].left == "the resource itself stays in AWS (retainOnDelete)"


@pytest.mark.parametrize(
    ("kind", "inputs", "left"),
    [
        (t.KEY, {"deletionWindowInDays": 30}, "30 days in which deletion can be cancelled"),
        (t.SECRET, {"recoveryWindowInDays": 0}, "nothing"),
        (t.SECRET, {}, "30 days in which it can be restored"),
        (t.BUCKET, {"forceDestroy": True}, "nothing"),
        (t.DATABASE, {"skipFinalSnapshot": True, "deleteAutomatedBackups": True}, "nothing"),
    ],
)
def test_what_is_left_behind_is_told(kind: str, inputs: dict[str, Any], left: str) -> None:
    assert losses(plan(step("delete", kind, inputs, None)))[0].left == left


def test_versioning_that_is_no_longer_managed_is_a_loss_unless_the_bucket_goes_too() -> None:
    versioning = step("delete", t.BUCKET_VERSIONING, {}, None)
    assert kinds(versioning) == ["versioning-off"]
    assert kinds(versioning, step("delete", t.BUCKET, {}, None, name="bucket")) == ["delete"]
    elsewhere = step("delete", t.BUCKET, {}, None, name="bucket", component="Logs")
    assert kinds(versioning, elsewhere) == ["delete", "versioning-off"]


def test_a_resource_that_moves_region_is_a_loss_also_when_its_provider_moves() -> None:
    moved = step("update", t.TOPIC, {"region": "eu-north-1"}, {"region": "us-east-1"})
    assert kinds(moved) == ["region-move"]
    with_provider = plan(provider("eu-north-1", "us-east-1"), step("update", t.TOPIC, {}, {}))
    assert [danger.kind for danger in losses(with_provider)] == ["region-move"]
    staying = plan(provider("eu-north-1", "eu-north-1"), step("update", t.TOPIC, {}, {}))
    assert losses(staying) == []
    by_zone = step("update", t.SUBNET, {"availabilityZone": "eu-north-1a"}, {"availabilityZone": "eu-west-1a"})
    assert kinds(by_zone) == ["region-move"]


def rules(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"rules": [{"status": "Enabled", "filter": {"prefix": ""}, **entry} for entry in entries]}


NONCURRENT_90 = {"id": "old", "noncurrentVersionExpiration": {"noncurrentDays": 90}}


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (
            rules(NONCURRENT_90),
            rules({"noncurrentVersionExpiration": {"noncurrentDays": 1}}),
            "noncurrent versions deleted after 1 day instead of after 90 days",
        ),
        (rules(), rules({"expiration": {"days": 365}}), "objects deleted after 365 days instead of never"),
        (
            rules(NONCURRENT_90),
            rules(NONCURRENT_90, {"filter": {"prefix": "logs/"}, "expiration": {"days": 5}}),
            "objects under logs/ deleted after 5 days instead of never",
        ),
        (
            rules({"expiration": {"days": 30}, "status": "Disabled"}),
            rules({"expiration": {"days": 30}}),
            "objects deleted after 30 days instead of never",
        ),
        (rules(), rules({"expiration": {"date": "2026-12-01"}}), "objects deleted at once instead of never"),
        (
            rules(NONCURRENT_90),
            rules({"noncurrentVersionExpiration": {"noncurrentDays": 90, "newerNoncurrentVersions": 3}}),
            "only 3 noncurrent versions kept instead of all",
        ),
    ],
)
def test_a_shorter_lifecycle_is_a_loss(old: dict[str, Any], new: dict[str, Any], what: str) -> None:
    found = losses(plan(step("update", t.BUCKET_LIFECYCLE, old, new)))
    assert [(danger.kind, danger.what) for danger in found] == [("lifecycle-shortened", what)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rules(NONCURRENT_90), rules(NONCURRENT_90 | {"id": "renamed"})),
        (rules(NONCURRENT_90), rules({"noncurrentVersionExpiration": {"noncurrentDays": 180}})),
        (rules(NONCURRENT_90), rules()),
        (rules(NONCURRENT_90), rules(NONCURRENT_90, {"transitions": [{"days": 30, "storageClass": "GLACIER_IR"}]})),
        (rules(NONCURRENT_90), rules(NONCURRENT_90, {"expiration": {"expiredObjectDeleteMarker": True}})),
        (
            rules({"expiration": {"days": 30}}),
            rules({"expiration": {"days": 30}}, {"filter": {"prefix": "logs/"}, "expiration": {"days": 60}}),
        ),
    ],
)
def test_a_longer_or_renamed_lifecycle_is_none(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert kinds(step("update", t.BUCKET_LIFECYCLE, old, new)) == []
