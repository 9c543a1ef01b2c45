"""What goes, is replaced or moved, on synthetic plans: every kind of loss, and ordinary changes beside it."""

from typing import Any

import pytest

from facts import tokens as t
from facts.types import TYPES, Loss
from operations.review.effects import Danger
from operations.review.judging import judge
from tests.operations.review.synthetic import plan, provider, step

HOLDERS = sorted(token for token, listed in TYPES.items() if listed.loss)


def stopping(*steps: dict[str, Any]) -> list[Danger]:
    return list(judge(plan(*steps)).stopping)


def kinds(*steps: dict[str, Any]) -> list[str]:
    return [danger.kind for danger in stopping(*steps)]


@pytest.mark.parametrize("kind", HOLDERS)
def test_deleting_replacing_or_forgetting_what_holds_data_is_a_loss(kind: str) -> None:
    delete = "key-deletion" if TYPES[kind].loss is Loss.KEY else "delete"
    assert kinds(step("delete", kind, {}, None)) == [delete]
    assert "replace" in kinds(step("replace", kind, {"name": "a"}, {"name": "b"}, keys=["name"]))
    assert kinds(step("discard", kind, {}, None)) == []
    assert kinds(step("same", kind, {}, {}), step("create", kind, None, {"tags": {"a": "b"}}, name="new")) == []


def test_a_database_comes_before_a_log_group() -> None:
    steps = [step("delete", kind, {}, None, name=kind) for kind in (t.LOG_GROUP, t.SECRET, t.DATABASE)]
    assert [danger.urn.rpartition("::")[2] for danger in stopping(*steps)] == [t.DATABASE, t.SECRET, t.LOG_GROUP]


def test_the_parts_of_a_replacement_count_once() -> None:
    parts = [
        step("create-replacement", t.DATABASE, {"dbName": "a"}, {"dbName": "b"}, keys=["dbName"]),
        step("replace", t.DATABASE, {"dbName": "a"}, {"dbName": "b"}, keys=["dbName"]),
        step("delete-replaced", t.DATABASE, {"dbName": "a"}, None),
    ]
    found = stopping(*parts)
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


def test_lifting_protection_is_a_loss_even_where_nothing_else_changes() -> None:
    assert kinds(step("same", t.DATABASE, {}, {}, old_more={"protect": True})) == ["protect-off"]
    assert kinds(step("same", t.KEY, {}, {}, old_more={"retainOnDelete": True})) == ["protect-off"]
    assert kinds(step("same", t.KEY, {}, {}, new_more={"protect": True})) == []


def test_a_key_that_stays_in_aws_says_so() -> None:
    found = stopping(step("delete", t.KEY, {}, None, old_more={"retainOnDelete": True}))
    assert "retain_on_delete" in found[0].left


@pytest.mark.parametrize(
    ("kind", "inputs", "left"),
    [
        (t.KEY, {"deletionWindowInDays": 12}, "12 days"),
        (t.SECRET, {"recoveryWindowInDays": 0}, "nothing"),
        (t.SECRET, {}, "30 days"),
        (t.BUCKET, {"forceDestroy": True}, "nothing"),
        (t.BUCKET, {"forceDestroy": False}, "not empty"),
        (t.DATABASE, {"skipFinalSnapshot": True, "deleteAutomatedBackups": True}, "nothing"),
        (t.DATABASE, {"skipFinalSnapshot": False, "finalSnapshotIdentifier": "last"}, "taken as last"),
        (t.DATABASE, {"skipFinalSnapshot": True, "deletionProtection": True}, "deletion protection refuses it"),
    ],
)
def test_what_is_left_behind_is_reported(kind: str, inputs: dict[str, Any], left: str) -> None:
    assert left in stopping(step("delete", kind, inputs, None))[0].left


def test_a_resource_that_moves_region_is_a_loss_also_when_its_provider_moves() -> None:
    moved = step("update", t.TOPIC, {"region": "eu-north-1"}, {"region": "us-east-1"})
    assert kinds(moved) == ["region-move"]
    with_provider = plan(provider("eu-north-1", "us-east-1"), step("update", t.TOPIC, {}, {}))
    assert [one.kind for one in judge(with_provider).stopping] == ["region-move"]
    staying = plan(provider("eu-north-1", "eu-north-1"), step("update", t.TOPIC, {}, {}))
    assert judge(staying).stopping == ()
    by_zone = step("update", t.SUBNET, {"availabilityZone": "eu-north-1a"}, {"availabilityZone": "eu-west-1a"})
    assert kinds(by_zone) == ["region-move"]


def test_a_type_that_nobody_knows_stops_also_when_it_is_made() -> None:
    """It may share with another account, or let somebody in: a peering, an identity provider, an export."""
    kind = "aws:fsx/lustreFileSystem:LustreFileSystem"
    assert kinds(step("create", kind, None, {"name": "x"})) == ["not-judged"]
    assert kinds(step("update", kind, {"name": "x"}, {"name": "y"})) == ["unknown-type"]
    assert kinds(step("delete", "postgresql:index/database:Database", {}, None)) == ["unknown-type"]


def test_a_resource_that_runs_code_during_the_deployment_stops() -> None:
    assert kinds(step("create", "pulumi-python:dynamic:Resource", None, {"__provider": "x"})) == ["runs-code"]


def test_a_component_is_no_resource_whatever_it_is_called() -> None:
    assert kinds(step("delete", "workbuoy:aws:Files", {}, None, old_more={"custom": False})) == []
    assert kinds(step("delete", "workbuoy:aws:Files", {}, None, old_more={"custom": True})) == ["unknown-type"]


def test_what_was_only_looked_up_is_no_part_of_the_stack() -> None:
    assert kinds(step("discard", t.DATABASE, {"identifier": "of-somebody-else"}, None)) == []


def test_what_was_managed_and_is_only_read_from_now_on_is_let_go() -> None:
    external = {"external": True}
    assert kinds(step("read", t.DATABASE, {}, {}, new_more=external)) == ["forget"]
    assert kinds(step("read", t.DATABASE, {}, {}, old_more=external, new_more=external)) == []
    assert kinds(step("read", t.DATABASE, None, {}, new_more=external)) == []


def test_a_new_resource_under_a_name_that_is_still_taken_stops_with_the_alias() -> None:
    steps = (
        step("create", t.CLUSTER, None, {"name": "prod"}, name="cluster-main"),
        step("delete", t.CLUSTER, {"name": "prod"}, None, name="cluster"),
    )
    assert [(one.kind, 'aliases=[pulumi.Alias(name="cluster")]' in one.what) for one in stopping(*steps)] == [
        ("same-name", True)
    ]
    other = step("delete", t.CLUSTER, {"name": "other"}, None, name="cluster")
    assert kinds(steps[0], other) == []


def test_the_audit_trail_and_what_makes_copies_stop_when_they_go() -> None:
    assert kinds(step("delete", t.TRAIL, {"name": "x"}, None)) == ["unwatched"]
    assert kinds(step("delete", t.BACKUP_SELECTION, {"name": "x"}, None)) == ["safeguard-off"]


def test_what_is_no_longer_served_or_watched_is_read_and_does_not_stop() -> None:
    judged = judge(plan(step("delete", t.METRIC_ALARM, {"name": "x"}, None)))
    assert (judged.stopping, [one.what for one in judged.noted]) == ((), ["the alarm goes"])


def test_a_value_that_is_not_known_of_a_property_that_replaces_is_a_replacement() -> None:
    from tests.operations.review.synthetic import UNKNOWN

    assert kinds(step("update", t.DATABASE, {"dbName": "a"}, {"dbName": UNKNOWN})) == ["replace"]


def test_a_property_that_nobody_judges_stops_where_customers_data_are() -> None:
    change = step("update", t.DATABASE, {"domain": "a"}, {"domain": "b"})
    assert kinds(change) == ["not-judged"]
    assert judge(plan(change)).not_evaluated == ()


def test_a_masked_value_is_equal_to_nothing() -> None:
    change = step("update", t.DATABASE, {"domain": "[secret]"}, {"domain": "[secret]"})
    assert kinds(change) == ["not-judged"]


def test_what_belongs_to_one_bucket_and_is_renamed_without_an_alias_is_taken_away() -> None:
    """The new one is put in the place of the old, whose deletion then takes what is there."""
    inputs = {"bucket": "files", "versioningConfiguration": {"status": "Enabled"}}
    goes = step("delete", t.BUCKET_VERSIONING, inputs, None, old_more={"id": "files"})
    (danger,) = stopping(step("create", t.BUCKET_VERSIONING, None, inputs, name="renamed"), goes)
    assert danger.kind == "same-name"
    assert 'aliases=[pulumi.Alias(name="it")]' in danger.what
    other = step("create", t.BUCKET_VERSIONING, None, inputs | {"bucket": "other"}, name="renamed")
    assert "same-name" not in kinds(other, goes)


def test_a_policy_of_one_name_may_belong_to_another_role_and_a_registry_to_another_region() -> None:
    def policy(role: str) -> dict[str, Any]:
        return {"name": "permissions", "role": role, "policy": '{"Statement": []}'}

    goes = step("delete", t.ROLE_POLICY, policy("a"), None)
    assert kinds(step("create", t.ROLE_POLICY, None, policy("b"), name="other"), goes) == []
    assert kinds(step("create", t.ROLE_POLICY, None, policy("a"), name="other"), goes) == ["same-name"]
    alarm = {"name": "cpu", "region": "eu-west-1"}
    elsewhere = step("create", t.METRIC_ALARM, None, alarm | {"region": "eu-north-1"}, name="other")
    assert kinds(elsewhere, step("delete", t.METRIC_ALARM, alarm, None)) == []


def test_a_bucket_that_is_declared_nowhere_here_stops_where_something_begins_to_go_there() -> None:
    here, elsewhere = {"targetBucket": "logs"}, {"targetBucket": "elsewhere"}
    logs = step("same", t.BUCKET, {"bucket": "logs"}, {"bucket": "logs"}, name="logs")
    assert [one.what for one in stopping(logs, step("update", t.BUCKET_LOGGING, here, elsewhere))] == [
        "something goes to the bucket elsewhere, which nothing here declares"
    ]
    assert not stopping(logs, step("update", t.BUCKET_LOGGING, elsewhere, here))
    assert not stopping(step("update", t.BUCKET_LOGGING, elsewhere, {**elsewhere, "targetPrefix": "a"}))
