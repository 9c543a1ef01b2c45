"""A copy out of reach, as `workbuoy backups` finds it: moto has no jobs and no recovery points."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from operations.backups.away import copies_here, copies_there
from operations.backups.finding import BackupTarget, State

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
OWN, OTHER = "210000000003", "444455556666"
COPIES = f"arn:aws:backup:eu-north-1:{OTHER}:backup-vault:workbuoy-copies-{OWN}"
Answers = dict[str, Any]


class Client:
    """Answers of one account by operation, as botocore gives them."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def __getattr__(self, operation: str) -> Any:
        return lambda **_: self._answers[operation]

    def get_paginator(self, operation: str) -> Any:
        return type("Pages", (), {"paginate": lambda _self, **_: [self._answers[operation]]})()


class Session:
    """One account; `asked` are the regions of its clients."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, set[str]()

    def client(self, _service: str, region_name: str) -> Client:
        self.asked.add(region_name)
        return Client(self.answers)


RESOURCES = {"RDS": "arn:aws:rds:eu-north-1:1:db:workbuoy-prod-database", "S3": "arn:aws:s3:::workbuoy-prod-files"}


def of(stack: str, one: Answers) -> Answers:
    """The same of another stack, whose copies go into the same vault."""
    return {**one, "ResourceArn": one["ResourceArn"].replace("workbuoy-prod", f"workbuoy-{stack}")}


def job(kind: str, state: str = "COMPLETED", hours: int = 5, **more: Any) -> Answers:
    at = NOW - timedelta(hours=hours)
    named = {"ResourceType": kind, "ResourceArn": RESOURCES[kind]}
    return {**named, "State": state, "CreationDate": at, "CompletionDate": at, **more}


def here(*jobs: Answers, key_state: str = "Enabled") -> Session:
    return Session(
        describe_backup_vault={"EncryptionKeyArn": "k"},
        describe_key={"KeyMetadata": {"KeyState": key_state}},
        list_copy_jobs={"CopyJobs": list(jobs)},
    )


def point(kind: str, hours: int = 5) -> Answers:
    named = {"ResourceType": kind, "ResourceArn": RESOURCES[kind]}
    return {**named, "Status": "COMPLETED", "CreationDate": NOW - timedelta(hours=hours)}


TAKES = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"},
    "Action": "backup:CopyIntoBackupVault",
}
ENDS_NONE = {"Effect": "Deny", "Principal": "*", "Action": ["backup:DeleteRecoveryPoint"]}
VAULT = {"EncryptionKeyArn": "k", "Locked": True, "MinRetentionDays": 7, "MaxRetentionDays": 35}


def there(*statements: Answers, key: Answers | None = None, points: tuple[Answers, ...] = (), **vault: Any) -> Session:
    return Session(
        describe_backup_vault={**VAULT, **vault},
        describe_key={"KeyMetadata": key or {"KeyState": "Enabled"}},
        get_backup_vault_access_policy={"Policy": json.dumps({"Statement": statements or (TAKES, ENDS_NONE)})},
        list_recovery_points_by_backup_vault={"RecoveryPoints": points or (point("RDS"), point("S3"))},
    )


GOOD = BackupTarget(
    session=here(job("RDS"), job("S3")),
    stack="prod",
    region="eu-north-1",
    database="workbuoy-prod-database",
    bucket="workbuoy-prod-files",
    now=NOW,
    vault="workbuoy-prod",
    copies_vault_arn=COPIES,
    vault_session=there(),
)


def found(looked: BackupTarget) -> dict[str, tuple[State, str]]:
    return {one.what: (one.state, one.found) for one in (*copies_here(looked), *copies_there(looked))}


def test_copies_of_today_in_a_locked_vault_are_good() -> None:
    assert {state for state, _ in found(GOOD).values()} == {State.GOOD}
    assert GOOD.vault_session.asked == {"eu-north-1"}


def test_a_stack_without_such_a_copy_is_not_asked_for_one() -> None:
    assert found(replace(GOOD, vault="")) == {}


def test_a_vault_that_is_left_to_its_own_account_is_named_and_is_no_trouble() -> None:
    (left,) = copies_there(replace(GOOD, this_account=True, vault_session=None))
    assert (left.state, left.state.well, OTHER in left.found) == (State.NOT_ASKED, True, True)


def test_a_vault_that_nobody_may_ask_counts_as_not_good_and_names_its_account() -> None:
    state, told = found(replace(GOOD, vault_session=None))["copies' vault"]
    assert (state, OTHER in told, "--vault-profile" in told) == (State.UNKNOWN, True, True)


@pytest.mark.parametrize(
    ("session", "what", "state", "words"),
    [
        (here(job("RDS")), "copy of the files", State.MISSING, "there is none"),
        (here(job("RDS", hours=40), job("S3")), "copy of the database", State.MISSING, "too long ago"),
        (
            here(job("RDS", hours=30), job("RDS", "FAILED", StatusMessage="the key is not shared"), job("S3")),
            "copy of the database",
            State.MISSING,
            "the newest one failed: the key is not shared",
        ),
        (
            here(job("RDS", hours=40), of("prod-acme", job("RDS")), job("S3")),
            "copy of the database",
            State.MISSING,
            "too long ago",
        ),
        (here(job("RDS"), of("eu-prod", job("S3"))), "copy of the files", State.MISSING, "there is none"),
        (
            here(job("RDS"), of("prod-acme", job("RDS", "FAILED", hours=1)), job("S3")),
            "copy of the database",
            State.GOOD,
            "the newest of",
        ),
        (here(job("RDS"), job("S3"), key_state="Disabled"), "vault's key", State.UNREADABLE, "Disabled"),
    ],
)
def test_what_was_not_copied_is_named(session: Session, what: str, state: State, words: str) -> None:
    assert (
        found(replace(GOOD, session=session))[what][0],
        words in found(replace(GOOD, session=session))[what][1],
    ) == (
        state,
        True,
    )


FOREIGN = {**TAKES, "Principal": {"AWS": ["arn:aws:iam::999999999999:root"]}}
GOING = {"KeyState": "PendingDeletion", "DeletionDate": datetime(2026, 12, 3, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("session", "what", "state", "words"),
    [
        (there(Locked=False), "lock", State.EXPOSED, "not locked"),
        (there(LockDate=NOW + timedelta(days=3)), "lock", State.GOOD, "nobody can lift it from 2026-11-29 on"),
        (there(LockDate=NOW - timedelta(days=3)), "lock", State.GOOD, "nobody can lift it"),
        (there(TAKES, FOREIGN, ENDS_NONE), "vault's policy", State.EXPOSED, "also lets in arn:aws:iam::999999999999"),
        (there(TAKES), "vault's policy", State.EXPOSED, "does not refuse to delete"),
        (there(key=GOING), "copies' key", State.UNREADABLE, "gone on 2026-12-03"),
        (there(points=(point("RDS"),)), "the files in it", State.MISSING, "there is none"),
        (
            there(points=(of("prod-acme", point("RDS")), point("S3"))),
            "the database in it",
            State.MISSING,
            "there is none",
        ),
        (there(points=(point("RDS", 40), point("S3"))), "the database in it", State.MISSING, "too long ago"),
    ],
)
def test_a_vault_that_is_weaker_or_emptier_than_it_should_be_is_named(
    session: Session, what: str, state: State, words: str
) -> None:
    told = found(replace(GOOD, vault_session=session))[what]
    assert (told[0], words in told[1]) == (state, True), told
