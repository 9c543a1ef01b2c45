"""A record's day is held to the rule that stands in AWS: one that was changed since is named before the day comes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import boto3
import pytest

from components.backup_settings import S3_LATE_DAYS
from facts.stores import Form
from operations.tenant.emptying import end_buckets
from operations.tenant.ended import GONE, NOT_ASKED, THERE, CopyQueries, Found
from operations.tenant.remains import ACCESS_LOGS, EXPORTED, Remaining
from tests.quick_moto import quick_moto

DAY = datetime.now(UTC).date()
REGION = "eu-west-1"
BUCKET, LATE = "files", timedelta(days=S3_LATE_DAYS)


@pytest.fixture(autouse=True)
def account() -> Iterator[None]:
    with quick_moto():
        yield


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def look(form: str, where: str, ends: date | None, *, silo: bool = True, needed: date | None = None) -> Found:
    record: dict[str, Any] = {"name": "acme", "isolation": "silo", "region": REGION, "dates": {"destroyed": DAY}}
    record |= {"keys": {"arns": [], "deletableAfter": needed}} if silo else {}
    one = Remaining(what=str(form), where=where, form=form, ends=ends, how="")
    return CopyQueries(client=client, record=record).look(one)


@pytest.fixture
def bucket() -> Any:
    """A bucket of two versions of a file, whose rules are those of a stack; gives S3."""
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"first", b"second"):
        s3.put_object(Bucket=BUCKET, Key="acme/file", Body=body)
    s3.create_multipart_upload(Bucket=BUCKET, Key="acme/unfinished")
    rules(s3, NoncurrentVersionExpiration={"NoncurrentDays": 30})
    return s3


def rules(s3: Any, **actions: Any) -> None:
    whole = [
        {"ID": name, "Status": "Enabled", "Filter": {"Prefix": ""}, name: action} for name, action in actions.items()
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": whole})


@pytest.mark.lengthy
def test_bucket_of_a_destroyed_silo_ends_when_its_record_says(bucket: Any) -> None:
    end_buckets(bucket, [BUCKET], DAY, 90)
    objects = look(Form.OBJECTS, BUCKET, DAY + timedelta(days=90) + LATE)
    versions = look(Form.NONCURRENT_VERSIONS, BUCKET, DAY + timedelta(days=90 + 90) + LATE)
    assert [(one.state, one.differs) for one in (objects, versions)] == [(THERE, ""), (THERE, "")]


@pytest.mark.parametrize("days", [89, 91], ids=["before the snapshot goes", "later"])
def test_bucket_of_a_destroyed_silo_that_ends_on_another_day_is_named(bucket: Any, days: int) -> None:
    end_buckets(bucket, [BUCKET], DAY, days)
    found = look(Form.OBJECTS, BUCKET, DAY + timedelta(days=90) + LATE)
    assert found.differs.endswith(f"its rule ends it on {DAY + timedelta(days=days)}")


@pytest.mark.lengthy
def test_rule_that_is_gone_is_named(bucket: Any) -> None:
    bucket.delete_bucket_lifecycle(Bucket=BUCKET)
    for form in (Form.OBJECTS, Form.NONCURRENT_VERSIONS, Form.UNFINISHED_UPLOADS):
        assert look(form, BUCKET, DAY + timedelta(days=30) + LATE).differs.endswith("no rule ends it"), form


def test_rule_of_a_part_of_a_bucket_ends_no_whole(bucket: Any) -> None:
    part = {"ID": "part", "Status": "Enabled", "Filter": {"Prefix": "tenants/"}, "Expiration": {"Days": 90}}
    bucket.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [part]})
    assert look(Form.OBJECTS, BUCKET, DAY + timedelta(days=90) + LATE).differs.endswith("no rule ends it")


@pytest.mark.parametrize(("days", "right"), [(29, True), (30, True), (31, False)])
def test_copy_in_the_pool_may_end_before_its_day_and_not_after(bucket: Any, days: int, right: bool) -> None:
    rules(bucket, NoncurrentVersionExpiration={"NoncurrentDays": days})
    found = look(Form.NONCURRENT_VERSIONS, BUCKET, DAY + timedelta(days=30) + LATE, silo=False)
    assert (found.differs == "") is right


@pytest.mark.lengthy
@pytest.mark.parametrize(("form", "state"), [(EXPORTED, THERE), (ACCESS_LOGS, NOT_ASKED)])
def test_exports_and_access_logs_end_as_their_versions_do(bucket: Any, form: str, state: str) -> None:
    rules(bucket, Expiration={"Days": 90}, NoncurrentVersionExpiration={"NoncurrentDays": 1})
    assert look(form, BUCKET, DAY + timedelta(days=91) + LATE).differs == ""
    found = look(form, BUCKET, DAY + timedelta(days=90) + LATE)
    assert (found.state, bool(found.differs)) == (state, True)


@pytest.mark.lengthy
def test_unfinished_uploads_end_by_the_rule_that_they_always_had(bucket: Any) -> None:
    rules(bucket, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7})
    found = look(Form.UNFINISHED_UPLOADS, BUCKET, DAY + timedelta(days=7) + LATE)
    assert (found.state, found.differs) == (THERE, "")
    assert look(Form.UNFINISHED_UPLOADS, BUCKET, DAY + timedelta(days=6) + LATE).differs


@pytest.mark.parametrize(("days", "right"), [(365, True), (400, False), (None, False)])
def test_log_that_is_kept_for_longer_than_the_record_says_is_named(days: int | None, right: bool) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="/acme/service")
    logs.create_log_group(logGroupName="/acme/service-of-another")
    if days:
        logs.put_retention_policy(logGroupName="/acme/service", retentionInDays=days)
    found = look(Form.LOG, "/acme/service", DAY + timedelta(days=365))
    assert (found.state, found.differs == "") == (NOT_ASKED, right)
    assert look(Form.LOG, "/acme/serv", DAY).state == GONE


def test_secret_that_nobody_let_go_of_is_named() -> None:
    secrets = client("secretsmanager")
    secrets.create_secret(Name="login", SecretString="x")
    ends = DAY + timedelta(days=30)
    assert look(Form.SECRET, "login", ends).differs.endswith("no rule ends it")
    secrets.delete_secret(SecretId="login", RecoveryWindowInDays=30)
    assert look(Form.SECRET, "login", ends).differs == ""


def test_key_that_waits_for_its_deletion_while_something_needs_it_is_named() -> None:
    kms = client("kms")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    needed = DAY + timedelta(days=90)
    assert (look(Form.KEY, arn, None, needed=needed).state, look(Form.KEY, arn, None, needed=needed).differs) == (
        THERE,
        "",
    )
    kms.schedule_key_deletion(KeyId=arn.rpartition("/")[2], PendingWindowInDays=7)
    assert look(Form.KEY, arn, None, needed=needed).differs == f"it is PendingDeletion, and is needed until {needed}"
    assert look(Form.KEY, arn, None, needed=DAY - timedelta(days=1)).differs == ""
    assert look(Form.KEY, arn.rpartition("/")[0] + "/00000000-0000-0000-0000-000000000000", None).state == GONE


class Backups:
    def __init__(self, **told: int) -> None:
        self.told = told

    def describe_db_instance_automated_backups(self, **_: str) -> dict[str, Any]:
        return {"DBInstanceAutomatedBackups": [self.told]}


def test_retained_backups_are_held_to_the_days_for_which_rds_keeps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def kept(**told: int) -> Found:
        monkeypatch.setattr("tests.operations.tenant.test_rule_days.client", lambda _: Backups(**told))
        return look(Form.AUTOMATED_BACKUPS, "database", DAY + timedelta(days=30))

    assert (kept(BackupRetentionPeriod=30).differs, bool(kept(BackupRetentionPeriod=35).differs)) == ("", True)
    untold = kept()
    assert (untold.differs, untold.unread) == ("", "AWS does not tell its rule: KeyError")
