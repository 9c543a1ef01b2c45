"""A safeguard is one fact of one thing, whichever resource says it, with AWS's default where nobody does."""

from typing import Any

import pytest

from facts import tokens as t
from facts.safeguards import RULES, default_of, safeguards
from facts.stores import Guard, guards
from facts.stores.holder import Holder
from graph import Graph, Resource, Unknown

COMPONENT = "urn:pulumi:prod::p::c:c:C::files"


def resource(kind: str, logical: str, /, **inputs: Any) -> Resource:
    return Resource(
        urn=f"urn:pulumi:prod::p::{kind}::{logical}", type=kind, name=logical, inputs=inputs, parent=COMPONENT
    )


BUCKET = resource(t.BUCKET, "bucket", bucket="files")
ON, SUSPENDED = {"status": "Enabled"}, {"status": "Suspended"}


def versioning(*resources: Resource) -> list[tuple[str, Any, float | None]]:
    found = safeguards(Graph(resources))
    return [(one.subject, one.value, one.strength) for one in found if one.rule.name == "versioning"]


def test_where_nobody_says_it_aws_s_default_holds() -> None:
    assert versioning(BUCKET) == [(BUCKET.urn, "Disabled", 0.0)]


def test_a_side_resource_and_the_bucket_itself_say_the_same_fact() -> None:
    side = resource(t.BUCKET_VERSIONING, "side", bucket="files", versioningConfiguration=ON)
    inline = resource(t.BUCKET, "bucket", bucket="files", versioning={"enabled": True})
    assert [strength for *_, strength in versioning(BUCKET, side)] == [1.0]
    assert [strength for *_, strength in versioning(inline)] == [1.0]


def test_of_two_that_say_it_the_weaker_counts_in_any_order() -> None:
    first = resource(t.BUCKET_VERSIONING, "first", bucket="files", versioningConfiguration=ON)
    second = resource(t.BUCKET_VERSIONING, "second", bucket="files", versioningConfiguration=SUSPENDED)
    for order in ((first, second), (second, first)):
        assert [value for _, value, _ in versioning(BUCKET, *order)] == ["Suspended"]


def test_a_value_that_is_not_known_has_no_strength() -> None:
    side = resource(t.BUCKET_VERSIONING, "side", bucket="files", versioningConfiguration={"status": Unknown()})
    assert [strength for *_, strength in versioning(BUCKET, side)] == [None]


def test_what_is_of_another_stack_is_known_by_the_text_that_names_it() -> None:
    side = resource(t.BUCKET_VERSIONING, "side", bucket="elsewhere", versioningConfiguration=ON)
    assert [subject for subject, *_ in versioning(side)] == ["elsewhere"]


@pytest.mark.parametrize(
    ("path", "value", "strength"),
    [
        ("storageEncrypted", "True", 1.0),
        ("storageEncrypted", "false", 0.0),
        ("skipFinalSnapshot", "0", 1.0),
        ("skipFinalSnapshot", "TRUE", 0.0),
        ("storageEncrypted", "perhaps", 0.0),
        ("skipFinalSnapshot", "perhaps", 0.0),
    ],
)
def test_a_switch_is_read_from_a_text_and_one_that_cannot_be_read_guards_nothing(
    path: str, value: str, strength: float
) -> None:
    one = resource(t.DATABASE, "db", **{path: value})
    assert [found.strength for found in safeguards(Graph([one])) if found.rule.name == path] == [strength]
    assert Holder(Graph([]), one).flag(path) is {"perhaps": None}.get(value, value.lower() == "true")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_default_has_a_strength_of_its_own(rule: Any) -> None:
    assert isinstance(rule.strength(rule.default), float | int)


@pytest.mark.parametrize(("token", "days"), [(t.DATABASE, 0), (t.DATABASE_CLUSTER, 1)])
def test_stores_and_safeguards_know_one_default(token: str, days: int) -> None:
    assert default_of(token, "backupRetentionPeriod") == days
    strengths = [
        one.strength for one in safeguards(Graph([resource(token, "db")])) if one.rule.name == "backupRetentionPeriod"
    ]
    assert strengths == [days]
    holder = Holder(Graph([]), resource(token, "db"))
    assert holder.days("backupRetentionPeriod") == days


def test_a_property_without_a_row_has_no_default() -> None:
    with pytest.raises(KeyError):
        default_of(t.DATABASE, "nobodyKnows")


def test_a_guard_is_seen_by_whichever_property_its_type_has() -> None:
    held = {
        t.DATABASE: "deletionProtection",
        t.LOG_GROUP: "deletionProtectionEnabled",
        t.LOAD_BALANCER: "enableDeletionProtection",
    }
    for token, name in held.items():
        assert list(guards(resource(token, "one", **{name: True}))) == [Guard.DELETION_PROTECTION]
        assert list(guards(resource(token, "one", **{name: False}))) == []
