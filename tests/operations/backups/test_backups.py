"""`workbuoy backups`: a stack that can be restored says so; each thing that stands in the way is named."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from components.names import ERASURES_BEGUN
from operations.backups import elsewhere
from operations.backups import look as looking
from operations.backups.command import backups
from operations.backups.finding import BackupTarget, Finding, State
from operations.restore import running as restoring
from operations.restore.copy import EXPIRES, KEPT
from tests.conftest import PROJECT, schema_of
from tests.quick_moto import quick_moto

pytestmark = pytest.mark.slow  # an account in moto for each

REGION, DATABASE, BUCKET = "eu-west-1", "workbuoy-prod-database", "workbuoy-prod-files-1"
OUTPUTS = {
    "clusterArn": "c",
    "drillTaskDefinitionArn": "d",
    "databaseAddress": f"{DATABASE}.abc.{REGION}.rds.amazonaws.com",
    "databaseLoginSecretArn": "l",
    "filesBucketName": BUCKET,
    "serviceName": "service",
    "privateSubnetIds": ["subnet-1"],
    "restoreSecurityGroupId": "sg-1",
    "restoreTaskDefinitionArn": "t",
    "restoredLoginSecretArn": "s",
    "restoredSecurityGroupId": "sg-2",
}


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database with a snapshot of today, and a bucket with versions and a ledger."""
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(restoring, "_outputs", lambda *_: OUTPUTS)
    monkeypatch.setattr(elsewhere, "other_regions", lambda _: ["eu-north-1"])  # a client a region takes seconds
    with quick_moto():
        key = client("kms").create_key()["KeyMetadata"]["KeyId"]
        client("rds").create_db_instance(
            DBInstanceIdentifier=DATABASE,
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="o",
            MasterUserPassword="password-of-it",
            BackupRetentionPeriod=30,
            StorageEncrypted=True,
            KmsKeyId=key,
        )
        client("rds").create_db_snapshot(DBSnapshotIdentifier="today", DBInstanceIdentifier=DATABASE)
        s3 = client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        s3.put_bucket_encryption(
            Bucket=BUCKET,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]},
        )
        s3.put_object(Bucket=BUCKET, Key=ERASURES_BEGUN, Body=b"{}")
        yield


def run(*arguments: str) -> Result:
    return CliRunner().invoke(backups, arguments, catch_exceptions=False)


@pytest.mark.usefixtures("account", "usual_columns")
def test_a_stack_that_can_be_restored_says_so_within_80_columns() -> None:
    result = run("prod", "--live")
    assert result.exit_code == 0, result.stdout
    assert result.stdout.startswith("prod can be brought back")
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.usefixtures("account")
def test_a_pool_customer_is_asked_of_its_base_stack() -> None:
    result = run("initech", "--live", "--json")
    document = json.loads(result.stdout)
    schema_of("backups").validate(document)
    assert (document["stack"], {one["state"] for one in document["findings"]}) == ("prod", {"good"})


def key_pending() -> None:
    key = client("rds").describe_db_instances()["DBInstances"][0]["KmsKeyId"]
    client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


def no_versions() -> None:
    client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})


def no_ledger() -> None:
    client("s3").delete_object(Bucket=BUCKET, Key=ERASURES_BEGUN)


def shared() -> None:
    client("rds").modify_db_snapshot_attribute(
        DBSnapshotIdentifier="today", AttributeName="restore", ValuesToAdd=["210987654321"]
    )


def no_snapshot() -> None:
    for one in client("rds").describe_db_snapshots()["DBSnapshots"]:
        client("rds").delete_db_snapshot(DBSnapshotIdentifier=one["DBSnapshotIdentifier"])


def no_database() -> None:
    client("rds").delete_db_instance(DBInstanceIdentifier=DATABASE, SkipFinalSnapshot=True)


def left_behind() -> None:
    _beside("restored", EXPIRES)


def put_aside() -> None:
    _beside("before", KEPT)


def _beside(end: str, until: str) -> None:
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y%m%dT%H%M%SZ}"
    client("rds").restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier=DATABASE,
        TargetDBInstanceIdentifier=f"{DATABASE}-{end}",
        UseLatestRestorableTime=True,
        Tags=[{"Key": until, "Value": yesterday}],
    )


def copied_away() -> None:
    here = f"arn:aws:rds:{REGION}:123456789012:snapshot:today"
    boto3.client("rds", region_name="eu-north-1").copy_db_snapshot(
        SourceDBSnapshotIdentifier=here, TargetDBSnapshotIdentifier="copied", SourceRegion=REGION
    )


def exported() -> None:
    snapshot = client("rds").describe_db_snapshots(DBSnapshotIdentifier="today")["DBSnapshots"][0]
    client("rds").start_export_task(
        ExportTaskIdentifier="taken",
        SourceArn=snapshot["DBSnapshotArn"],
        S3BucketName="somewhere",
        IamRoleArn="arn:aws:iam::123456789012:role/export",
        KmsKeyId=snapshot["KmsKeyId"],
    )


def replicated() -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="workbuoy-elsewhere", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="workbuoy-elsewhere", VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": "arn:aws:s3:::workbuoy-elsewhere", "Account": "210987654321"},
    }
    role = "arn:aws:iam::123456789012:role/replication"
    s3.put_bucket_replication(Bucket=BUCKET, ReplicationConfiguration={"Role": role, "Rules": [rule]})


DAY = f"{datetime.now(UTC) + timedelta(days=7):%Y-%m}"
SEEDED: dict[Callable[[], None], tuple[str, str, str]] = {
    key_pending: ("database key", "unreadable", f"PendingDeletion, and gone on {DAY}"),
    no_versions: ("file versions", "missing", "Suspended: what is overwritten is gone"),
    no_ledger: ("erasure ledger", "unreadable", "no copy may be read"),
    shared: ("shared snapshot", "exposed", "today is shared with 210987654321"),
    no_snapshot: ("snapshots", "missing", "there is none"),
    no_database: ("database", "missing", f"there is no {DATABASE}"),
    copied_away: ("copies elsewhere", "exposed", "1 snapshots in eu-north-1, outside residency"),
    exported: ("exported snapshot", "exposed", "taken went to the bucket somewhere"),
    replicated: ("replicated files", "exposed", "go on to workbuoy-elsewhere of account 210987654321"),
    left_behind: ("restored copy", "exposed", "should be gone by now: workbuoy restore end prod"),
    put_aside: (
        "database before a restore",
        "exposed",
        f"should be gone by now: workbuoy restore switch prod --remove-old {DATABASE}-before",
    ),
}


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("seed", SEEDED, ids=lambda one: one.__name__)
def test_what_stands_in_the_way_is_named_first(seed: Callable[[], None]) -> None:
    seed()
    result = run("prod", "--live", "--json")
    assert result.exit_code == 3
    what, state, words = SEEDED[seed]
    findings = json.loads(result.stdout)["findings"]
    (found,) = [one for one in findings if one["what"] == what]
    assert (found["state"], words in found["found"]) == (state, True), found
    states = [State[one["state"].upper()] for one in findings]
    assert states == sorted(states)


@pytest.mark.usefixtures("account")
def test_a_newest_moment_that_is_too_old_and_what_may_not_be_asked_are_not_good() -> None:
    late = BackupTarget(
        session=boto3.Session(),
        stack="prod",
        region=REGION,
        database=DATABASE,
        bucket="elsewhere",
        now=datetime.now(UTC),
    )
    found = {one.what: one for one in looking.look(late)}
    assert found["file versions"].state is State.UNKNOWN
    tomorrow = BackupTarget(
        session=late.session,
        stack="prod",
        region=REGION,
        database=DATABASE,
        bucket=BUCKET,
        now=late.now + timedelta(days=3),
    )
    found = {one.what: one for one in looking.look(tomorrow)}
    assert found["newest moment"].state is State.MISSING
    assert found["snapshots"].state is State.MISSING


@pytest.mark.usefixtures("account")
def test_what_was_found_before_a_question_was_refused_is_named_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def shared_then_refused(_: BackupTarget) -> Iterator[Finding]:
        yield Finding(what="exported snapshot", state=State.EXPOSED, found="went to a bucket")
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeExportTasks")

    monkeypatch.setattr(looking, "exported", shared_then_refused)
    findings = json.loads(run("prod", "--live", "--json").stdout)["findings"]
    states = {one["what"]: one["state"] for one in findings}
    assert (states["exported snapshot"], states["exports of snapshots"]) == ("exposed", "unknown")


@pytest.mark.usefixtures("account")
def test_a_profile_that_is_not_there_is_one_line() -> None:
    result = run("prod", "--live", "--vault-profile", "nobody")
    assert (result.exit_code, result.stderr.count("error: "), "(nobody)" in result.stderr) == (4, 1, True)


def test_one_account_alone_and_the_other_one_too_are_no_wish_together() -> None:
    result = run("prod", "--live", "--this-account", "--vault-profile", "vault")
    assert (result.exit_code, "--this-account" in result.stderr) == (2, True)


@pytest.mark.usefixtures("account")
def test_without_live_it_says_where_the_declaration_is_reported() -> None:
    result = run("prod")
    assert (result.exit_code, "workbuoy locate prod" in result.stderr) == (2, True)
