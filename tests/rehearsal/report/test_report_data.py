"""Where data lives and what dies when: what is shown is what is declared, and changes with it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest

from rehearsal.report.data import End, lives
from rehearsal.report.data.model import Life
from rehearsal.report.graph import Graph
from rehearsal.result import Rehearsal, Rehearsed

Read = Callable[[Rehearsal], Any]
Part = Callable[..., Rehearsed]
Whole = Callable[..., Rehearsal]
Mutate = Callable[..., Rehearsal]
Properties = Mapping[str, Any]


@pytest.fixture(scope="session")
def prod(declared: Callable[[str], Any]) -> Rehearsal:
    """The committed prod stack as the program declares it."""
    found: Rehearsal = declared("prod").rehearsal
    return found


def life(rehearsal: Rehearsal, holder: str, what: str) -> Life:
    (found,) = [one for one in lives(Graph(rehearsal)) if one.holder.name == holder and one.what == what]
    return found


BACKUPS = "Automated backups and point-in-time recovery"


def test_every_kind_of_data_of_prod_has_a_place_a_key_and_an_end(prod: Rehearsal) -> None:
    found = lives(Graph(prod))
    assert {one.place.split(",")[0] for one in found} == {prod.region}
    assert {one.key.words for one in found if not one.key.reference} == {
        "SSE-S3 (AES-256)",
        "a key that AWS holds",
        "is one",
    }
    assert all(one.kept and one.fate.words for one in found)
    assert {holder.name for holder in (one.holder for one in found)} >= {
        one.name
        for one in prod.resources
        if one.type.rsplit(":", 1)[-1] in ("Bucket", "Instance", "LogGroup", "Secret", "Key") and one.declared.custom
    }
    assert [one.warnings for one in found if one.warnings] == []


def test_the_page_shows_the_retention_that_is_declared(prod: Rehearsal, read: Read, mutate: Mutate) -> None:
    changed = mutate(prod, "database-instance", {"backupRetentionPeriod": 13})
    rows = {row[0]: row[3] for row in read(changed).section("data").rows()}
    assert rows[f"{BACKUPS} database-instance"] == "any moment of the last 13 days"


class Case(NamedTuple):
    """A changed property, and what the report must say of it then."""

    name: str
    what: str
    changes: Properties
    kept: str
    end: End
    days: float | None


@pytest.mark.parametrize(
    "case",
    [
        Case("database-instance", BACKUPS, {"backupRetentionPeriod": 9}, "last 9 days", End.FOR_A_WHILE, 9),
        Case("database-instance", BACKUPS, {"backupRetentionPeriod": 0}, "is off", End.NONE, 0),
        Case("database-instance", BACKUPS, {"deleteAutomatedBackups": True}, "last 30 days", End.DELETED, 0),
        Case("database-instance", BACKUPS, {"deleteAutomatedBackups": None}, "last 30 days", End.DELETED, 0),
        Case("database-instance", "Final snapshot", {"skipFinalSnapshot": True}, "none", End.NONE, 0),
        Case("database-instance", "Final snapshot", {"finalSnapshotIdentifier": "last"}, "made when", End.STAYS, None),
        Case("database-instance", "Final snapshot", {"finalSnapshotIdentifier": None}, "made when", End.BLOCKS, None),
        Case(
            "database-instance",
            "Performance data (statements and their load)",
            {"performanceInsightsRetentionPeriod": 93},
            "93 days",
            End.DELETED,
            0,
        ),
        Case(
            "logs-service-group",
            "Log of service-task and one-off-task",
            {"retentionInDays": 5},
            "5 days",
            End.FOR_A_WHILE,
            5,
        ),
        Case(
            "logs-service-group",
            "Log of service-task and one-off-task",
            {"retentionInDays": 0},
            "for ever",
            End.STAYS,
            None,
        ),
        Case(
            "logs-service-group",
            "Log of service-task and one-off-task",
            {"skipDestroy": False},
            "365 days",
            End.DELETED,
            0,
        ),
        Case("secrets-oidc-client", "Secret", {"recoveryWindowInDays": 7}, "rotation=manual", End.FOR_A_WHILE, 7),
        Case("secrets-oidc-client", "Secret", {"recoveryWindowInDays": 0}, "rotation=manual", End.DELETED, 0),
        Case("secrets-oidc-client", "Secret", {"recoveryWindowInDays": None}, "rotation=manual", End.FOR_A_WHILE, 30),
        Case("files-bucket", "Objects (customer data)", {"forceDestroy": True}, "until someone", End.DELETED, 0),
        Case("files-bucket", "Objects (customer data)", {"forceDestroy": None}, "until someone", End.BLOCKS, None),
        Case("keys-logs", "Encryption key", {"enableKeyRotation": False}, "never rotated", End.STAYS, None),
    ],
)
def test_what_is_declared_decides_what_is_kept_and_what_is_left(prod: Rehearsal, mutate: Mutate, case: Case) -> None:
    found = life(mutate(prod, case.name, case.changes), case.name, case.what)
    assert case.kept in found.kept
    assert (found.fate.end, found.fate.days) == (case.end, case.days)


def rule(**action: Any) -> dict[str, Any]:
    return {"status": "Enabled", "filter": {"prefix": ""}, **action}


@pytest.mark.parametrize(
    ("rules", "kind", "kept"),
    [
        ([rule(expiration={"days": 40})], "", "deleted after 40 days"),
        ([rule(expiration={"days": 40}, status="Disabled")], "", "until someone deletes them"),
        ([rule(expiration={"days": 4}, filter={"prefix": "tmp/"})], "", "deleted after 4 days (under tmp/)"),
        (
            [rule(transitions=[{"days": 33, "storageClass": "GLACIER_IR"}])],
            ": archived",
            "after 33 days in Glacier Instant Retrieval (downloads at once); then as above",
        ),
        ([rule(noncurrentVersionExpiration={"noncurrentDays": 6})], ": noncurrent versions", "brought back for 6 days"),
        ([], ": noncurrent versions", "for ever: no rule expires them"),
        ([rule(abortIncompleteMultipartUpload={"daysAfterInitiation": 2})], ": unfinished uploads", "after 2 days"),
        ([], ": unfinished uploads", "for ever: no rule aborts them"),
    ],
)
def test_lifecycle_rules_decide_how_long_objects_are_kept(
    prod: Rehearsal, mutate: Mutate, rules: list[dict[str, Any]], kind: str, kept: str
) -> None:
    changed = mutate(prod, "files-lifecycle", {"rules": rules})
    assert kept in life(changed, "files-bucket", f"Objects (customer data){kind}").kept


def test_what_outlives_its_key_is_said_to_be_unreadable(prod: Rehearsal, mutate: Mutate) -> None:
    changed = mutate(prod, "keys-database", retain_on_delete=False)
    assert life(changed, "database-instance", "Final snapshot").warnings == (
        "unreadable then: its key keys-database goes with the stack",
    )
    assert life(changed, "database-instance", "Database rows").warnings == ()


def test_a_log_that_rds_would_make_by_itself_is_named(prod: Rehearsal, mutate: Mutate) -> None:
    changed = mutate(prod, "database-postgresql-log-group", {"name": "/somewhere/else"})
    found = life(
        changed, "database-instance", "Log of database-instance: /aws/rds/instance/workbuoy-prod-database/postgresql"
    )
    assert found.warnings == ("not declared in this stack",)


def test_data_in_a_type_without_a_rule_is_named_and_not_left_out(part: Part, whole: Whole) -> None:
    table = part("dynamodb/table:Table", "things", properties={"tags": {"data-classification": "customer-data"}})
    (found,) = lives(Graph(whole(table)))
    assert found.holder is table
    assert found.warnings == ("the report has no rule for this type",)


def test_what_stands_in_the_way_of_a_destroy_is_listed(prod: Rehearsal, read: Read, mutate: Mutate) -> None:
    note = read(prod).section("data").all("details", "note")[0].text
    assert "database-instance : Pulumi's protect and deletion protection" in note
    opened = mutate(prod, "database-instance", {"deletionProtection": False}, protect=False)
    assert "database-instance" not in read(opened).section("data").all("details", "note")[0].text
