"""What holds data and what becomes of it: every answer follows what is declared, and changes with it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from facts import tokens as t
from facts.captions import ENGLISH
from facts.stores import (
    FOREVER,
    AfterDeletion,
    Concern,
    Content,
    End,
    Form,
    Keeping,
    Key,
    KeyKind,
    Reason,
    Store,
    stores,
)
from graph import Graph, Resource, Secret, Unknown
from rehearsal.as_graph import graph_of

Properties = Mapping[str, Any]


@pytest.fixture(scope="session")
def prod(declared: Callable[[str], Any]) -> Graph:
    """The committed prod stack as the program declares it."""
    return graph_of(declared("prod").rehearsal)


def mutate(graph: Graph, name: str, properties: Properties | None = None, **options: Any) -> Graph:
    """The same graph with some properties or options of one resource changed; None takes a property away."""

    def changed(one: Resource) -> Resource:
        if one.name != name or not one.custom:
            return one
        merged = {**one.inputs, **(properties or {})}
        return replace(one, inputs={key: value for key, value in merged.items() if value is not None}, **options)

    made = [changed(one) for one in graph.resources]
    assert any(new is not old for new, old in zip(made, graph.resources, strict=True)), f"no resource is named {name}"
    return Graph(made, stack=graph.stack, account=graph.account, region=graph.region)


def store(graph: Graph, holder: str, form: Form) -> Store:
    (found,) = [one for one in stores(graph) if one.holder.name == holder and one.form is form]
    return found


def part(type_: str, name: str = "it", /, **inputs: Any) -> Resource:
    """A resource as it stands; its id is its name."""
    return Resource(urn=f"urn:pulumi:test::small::{type_}::{name}", type=type_, name=name, inputs=inputs, id=name)


def test_every_form_of_data_of_prod_has_a_place_a_key_and_an_end(prod: Graph) -> None:
    found = stores(prod)
    assert {one.region for one in found} == {prod.region}
    assert {one.key.kind for one in found} == {KeyKind.NAMED, KeyKind.SSE_S3, KeyKind.AWS, KeyKind.IS_ONE}
    assert all(ENGLISH.kept(one) and ENGLISH.after_deletion(one) for one in found)
    assert {one.holder.name for one in found} >= {
        one.name
        for one in prod.resources
        if one.type.rsplit(":", 1)[-1] in ("Bucket", "Instance", "LogGroup", Form.SECRET, "Key") and one.custom
    }
    assert [one.warnings for one in found if one.warnings] == []


class Case(NamedTuple):
    """A changed property, and what must be known of it then."""

    name: str
    form: Form
    changes: Properties
    kept: str
    end: End
    days: float | None


@pytest.mark.parametrize(
    "case",
    [
        Case(
            "database-instance", Form.AUTOMATED_BACKUPS, {"backupRetentionPeriod": 9}, "last 9 days", End.FOR_A_WHILE, 9
        ),
        Case("database-instance", Form.AUTOMATED_BACKUPS, {"backupRetentionPeriod": 0}, "is off", End.NONE, 0),
        Case(
            "database-instance",
            Form.AUTOMATED_BACKUPS,
            {"deleteAutomatedBackups": True},
            "last 30 days",
            End.DELETED,
            0,
        ),
        Case(
            "database-instance",
            Form.AUTOMATED_BACKUPS,
            {"deleteAutomatedBackups": None},
            "last 30 days",
            End.DELETED,
            0,
        ),
        Case("database-instance", Form.FINAL_SNAPSHOT, {"skipFinalSnapshot": True}, "none", End.NONE, 0),
        Case(
            "database-instance",
            Form.FINAL_SNAPSHOT,
            {"finalSnapshotIdentifier": "last"},
            "made when",
            End.STAYS,
            FOREVER,
        ),
        Case(
            "database-instance",
            Form.FINAL_SNAPSHOT,
            {"finalSnapshotIdentifier": None},
            "made when",
            End.BLOCKS,
            FOREVER,
        ),
        Case(
            "database-instance",
            Form.PERFORMANCE_DATA,
            {"performanceInsightsRetentionPeriod": 93},
            "93 days",
            End.DELETED,
            0,
        ),
        Case(
            "logs-service-group",
            Form.LOG,
            {"retentionInDays": 5},
            "5 days",
            End.FOR_A_WHILE,
            5,
        ),
        Case(
            "logs-service-group",
            Form.LOG,
            {"retentionInDays": 0},
            "for ever",
            End.STAYS,
            FOREVER,
        ),
        Case(
            "logs-service-group",
            Form.LOG,
            {"skipDestroy": False},
            "365 days",
            End.DELETED,
            0,
        ),
        Case("secrets-oidc-client", Form.SECRET, {"recoveryWindowInDays": 7}, "rotation=manual", End.FOR_A_WHILE, 7),
        Case("secrets-oidc-client", Form.SECRET, {"recoveryWindowInDays": 0}, "rotation=manual", End.DELETED, 0),
        Case(
            "secrets-oidc-client", Form.SECRET, {"recoveryWindowInDays": None}, "rotation=manual", End.FOR_A_WHILE, 30
        ),
        Case("exports-bucket", Form.OBJECTS, {"forceDestroy": True}, "days", End.DELETED, 0),
        Case("exports-bucket", Form.OBJECTS, {"forceDestroy": None}, "days", End.BLOCKS, FOREVER),
        Case("keys-logs", Form.KEY, {"enableKeyRotation": False}, "never rotated", End.STAYS, FOREVER),
    ],
)
def test_what_is_declared_decides_what_is_kept_and_what_is_left(prod: Graph, case: Case) -> None:
    found = store(mutate(prod, case.name, case.changes), case.name, case.form)
    assert case.kept in ENGLISH.kept(found)
    assert (found.after_deletion.end, found.after_deletion.days) == (case.end, case.days)


def rule(**action: Any) -> dict[str, Any]:
    return {"status": "Enabled", "filter": {"prefix": ""}, **action}


@pytest.mark.parametrize(
    ("rules", "form", "days", "kept"),
    [
        ([rule(expiration={"days": 40})], Form.OBJECTS, 40, "deleted after 40 days"),
        (
            [rule(expiration={"days": 40}), rule(expiration={"days": "9"}, filter={"prefix": "tmp/"})],
            Form.OBJECTS,
            9,
            "deleted after 40 days and after 9 days (under tmp/)",
        ),
        ([rule(expiration={"days": 40}, status="Disabled")], Form.OBJECTS, FOREVER, "until someone deletes them"),
        ([rule(expiration={"date": "2031-01-01"})], Form.OBJECTS, 0, "deleted after 2031-01-01"),
        (
            [rule(expiration={"days": 4}, filter={"prefix": "tmp/"})],
            Form.OBJECTS,
            4,
            "deleted after 4 days (under tmp/)",
        ),
        (
            [rule(transitions=[{"days": 33, "storageClass": "GLACIER_IR"}])],
            Form.ARCHIVED_OBJECTS,
            33,
            "after 33 days in Glacier Instant Retrieval (downloads at once); then as above",
        ),
        (
            [rule(noncurrentVersionExpiration={"noncurrentDays": 6, "newerNoncurrentVersions": 2})],
            Form.NONCURRENT_VERSIONS,
            6,
            "brought back for 6 days, the newest 2 for longer",
        ),
        ([], Form.NONCURRENT_VERSIONS, FOREVER, "for ever: no rule expires them"),
        (
            [rule(abortIncompleteMultipartUpload={"daysAfterInitiation": 2})],
            Form.UNFINISHED_UPLOADS,
            2,
            "after 2 days",
        ),
        ([], Form.UNFINISHED_UPLOADS, FOREVER, "for ever: no rule aborts them"),
    ],
)
def test_lifecycle_rules_decide_how_long_objects_are_kept(
    prod: Graph, rules: list[dict[str, Any]], form: Form, days: float, kept: str
) -> None:
    found = store(mutate(prod, "files-lifecycle", {"rules": rules}), "files-bucket", form)
    assert found.kept.days == days
    assert kept in ENGLISH.kept(found)


def test_inline_rules_of_a_bucket_count_like_a_configuration_beside_it() -> None:
    inline = [
        {"enabled": True, "prefix": "tmp/", "expiration": {"days": 3}, "noncurrentVersionExpiration": {"days": 8}},
        {"enabled": False, "expiration": {"days": 1}},
        {"enabled": True, "abortIncompleteMultipartUploadDays": 5},
    ]
    bucket = part(t.BUCKET, lifecycleRules=inline, versioning={"enabled": True})
    beside = part(t.BUCKET_LIFECYCLE, "beside", bucket="it", rules=[rule(expiration={"days": 2})])
    alone, both = Graph([bucket]), Graph([bucket, beside])
    assert store(alone, "it", Form.OBJECTS).kept.days == 3
    assert store(both, "it", Form.OBJECTS).kept.days == 2
    assert store(alone, "it", Form.OBJECTS).warnings == ()
    assert store(alone, "it", Form.NONCURRENT_VERSIONS).kept.days == 8
    assert store(alone, "it", Form.UNFINISHED_UPLOADS).kept.days == 5


def test_rules_for_a_bucket_of_another_stack_are_known_by_its_name() -> None:
    side = part(t.BUCKET_LIFECYCLE, "side", bucket="far", rules=[rule(expiration={"days": 2})])
    found = store(Graph([side]), "side", Form.OBJECTS)
    assert (found.name, found.kept.days, found.key.kind) == ("far", 2, KeyKind.UNKNOWN)
    assert (found.content, found.after_deletion.end) == (Content.UNKNOWN, End.STAYS)


@pytest.mark.parametrize("mark", [Unknown(), Secret()], ids=["unknown", "secret"])
@pytest.mark.parametrize(
    ("name", "form", "property_"),
    [
        ("database-instance", Form.AUTOMATED_BACKUPS, "backupRetentionPeriod"),
        ("database-instance", Form.PERFORMANCE_DATA, "performanceInsightsRetentionPeriod"),
        ("logs-service-group", Form.LOG, "retentionInDays"),
        ("files-lifecycle", Form.NONCURRENT_VERSIONS, "rules"),
    ],
)
def test_a_number_of_days_that_is_not_shown_is_never_a_default(
    prod: Graph, mark: Any, name: str, form: Form, property_: str
) -> None:
    holder = "files-bucket" if name == "files-lifecycle" else name
    found = store(mutate(prod, name, {property_: mark}), holder, form)
    assert (found.kept.how, found.kept.days) == (Keeping.UNKNOWN, None)
    assert "not shown" in ENGLISH.kept(found)


@pytest.mark.parametrize(
    ("name", "form", "property_"),
    [
        ("database-instance", Form.AUTOMATED_BACKUPS, "deleteAutomatedBackups"),
        ("database-instance", Form.FINAL_SNAPSHOT, "skipFinalSnapshot"),
        ("exports-bucket", Form.OBJECTS, "forceDestroy"),
        ("secrets-oidc-client", Form.SECRET, "recoveryWindowInDays"),
        ("logs-service-group", Form.LOG, "skipDestroy"),
    ],
)
def test_an_end_that_is_not_shown_is_unknown(prod: Graph, name: str, form: Form, property_: str) -> None:
    found = store(mutate(prod, name, {property_: Unknown()}), name, form)
    assert found.after_deletion == AfterDeletion(End.UNKNOWN, Reason.NOT_SHOWN, None)


@pytest.mark.parametrize(
    "rules",
    [
        [rule(expiration={"days": 30}), rule(expiration={"days": Unknown()}, filter={"prefix": "tmp/"})],
        [rule(expiration={"days": 30}), rule(expiration={"days": 1}, status=Unknown())],
        [rule(expiration=Unknown())],
        [Unknown()],
    ],
    ids=["days", "status", "block", "rule"],
)
def test_a_rule_that_is_not_shown_leaves_the_soonest_end_unknown(prod: Graph, rules: list[Any]) -> None:
    found = store(mutate(prod, "files-lifecycle", {"rules": rules}), "files-bucket", Form.OBJECTS)
    assert found.kept.days is None


def test_a_key_that_is_not_made_yet_is_known_by_what_it_depends_on() -> None:
    key = part(t.KEY, "key")
    group = part(t.LOG_GROUP, "group", name="/a", kmsKeyId=Unknown())
    meant = replace(group, property_dependencies={"kmsKeyId": (key.urn,)})
    assert store(Graph([key, meant]), "group", Form.LOG).key == Key(KeyKind.NAMED, urn=key.urn)
    assert store(Graph([group]), "group", Form.LOG).key == Key(KeyKind.UNKNOWN)


def test_what_outlives_its_key_is_said_to_be_unreadable(prod: Graph) -> None:
    changed = mutate(prod, "keys-database", retain_on_delete=False)
    snapshot = store(changed, "database-instance", Form.FINAL_SNAPSHOT)
    assert snapshot.warnings == (Concern.KEY_LOST,)
    assert ENGLISH.warnings(snapshot) == ["unreadable then: its key keys-database goes with the stack"]
    assert store(changed, "database-instance", Form.DATABASE_ROWS).warnings == ()


def test_what_pulumi_lets_go_of_stays(prod: Graph) -> None:
    changed = mutate(prod, "database-instance", retain_on_delete=True)
    after = store(changed, "database-instance", Form.DATABASE_ROWS).after_deletion
    assert (after.end, after.days) == (End.STAYS, FOREVER)


def test_a_log_that_rds_would_make_by_itself_is_named(prod: Graph) -> None:
    changed = mutate(prod, "database-postgresql-log-group", {"name": "/somewhere/else"})
    found = store(changed, "database-instance", Form.UNDECLARED_LOG)
    assert found.name == "/aws/rds/instance/workbuoy-prod-database/postgresql"
    assert ENGLISH.what(found) == f"Log of database-instance: {found.name}"
    assert found.warnings == (Concern.UNDECLARED,)


def test_two_groups_whose_names_are_not_known_yet_are_two_stores() -> None:
    groups = [part(t.LOG_GROUP, name, name=Unknown(), retentionInDays=7) for name in ("one", "two")]
    made = [replace(one, id="") for one in groups]
    assert [one.holder.name for one in stores(Graph(made)) if one.form is Form.LOG] == ["one", "two"]


def test_data_in_a_type_without_a_rule_is_named_and_not_left_out() -> None:
    table = part("aws:dynamodb/table:Table", "things", tags={"data-classification": "customer-data"})
    (found,) = stores(Graph([table]))
    assert found.holder is table
    assert (found.form, found.content) == (Form.UNKNOWN, Content.CUSTOMER)
    assert (found.kept.days, found.after_deletion.days) == (None, None)
    assert ENGLISH.what(found) == "Customer data in dynamodb Table"
    assert ENGLISH.warnings(found) == ["the report has no rule for this type"]


@pytest.mark.parametrize("type_", ["aws:rds/cluster:Cluster", "aws:new/thing:Thing"], ids=["listed", "not listed"])
def test_a_type_that_may_hold_data_is_named_without_a_tag_too(type_: str) -> None:
    (found,) = stores(Graph([part(type_)]))
    assert (found.form, found.content, found.kept.days) == (Form.UNKNOWN, Content.UNKNOWN, None)
    assert ENGLISH.what(found).startswith("Data in ")


def test_a_region_that_is_not_shown_is_empty_and_not_the_stacks() -> None:
    group = part(t.LOG_GROUP, "group", name="/a", region=Unknown())
    assert stores(Graph([group], region="eu-west-1"))[0].region == ""
    assert stores(Graph([part(t.LOG_GROUP, "group", name="/a")], region="eu-west-1"))[0].region == "eu-west-1"
