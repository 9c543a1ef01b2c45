"""The account, held to the program: what is as declared stays silent, and each seeded difference is named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from facts import tokens as t
from graph import Graph, Resource
from operations.engine.errors import MistakenError, UnreachableError
from operations.locate.answer import Answer
from operations.locate.live import locate_live
from operations.locate.live.account import Account
from operations.locate.live.names import Names
from operations.locate.live.strangers import harmless_kinds, kind_of
from operations.locate.live.sweep import sweep
from operations.locate.sources import Estate
from operations.locate.text import text
from project.files import Project
from tests.operations.locate.conftest import ELSEWHERE, Looked

pytestmark = pytest.mark.slow  # a silo in moto

DATABASE = "workbuoy-prod-acme-database"
SERVICE_LOG = "/workbuoy/workbuoy-prod-acme/service"
ROTATION_LOG = "/aws/lambda/workbuoy-prod-acme-rotation"


@pytest.fixture(scope="module")
def untouched(project_root: Project, acme: Estate, account: Looked) -> Answer:
    return locate_live(project_root, acme, account)


@pytest.fixture(scope="module")
def seeded(project_root: Project, acme: Estate, account: Looked, untouched: Answer) -> Answer:
    """The same account after somebody's work by hand."""
    assert untouched
    _copy_snapshot_away(account)
    _replicate_bucket_away(account)
    _change_by_hand(account)
    return locate_live(project_root, acme, account)


def _copy_snapshot_away(account: Looked) -> None:
    account.client("rds").create_db_snapshot(DBSnapshotIdentifier="before-move", DBInstanceIdentifier=DATABASE)
    account.client("rds", ELSEWHERE).copy_db_snapshot(
        SourceDBSnapshotIdentifier=f"arn:aws:rds:eu-west-1:{account.account}:snapshot:before-move",
        TargetDBSnapshotIdentifier="kept-safe",
        SourceRegion="eu-west-1",
    )


def _replicate_bucket_away(account: Looked) -> None:
    away = account.client("s3", ELSEWHERE)
    away.create_bucket(Bucket="faraway")
    away.put_bucket_versioning(Bucket="faraway", VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": "away",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": "arn:aws:s3:::faraway"},
    }
    account.client("s3").put_bucket_replication(
        Bucket=files_bucket(account),
        ReplicationConfiguration={"Role": f"arn:aws:iam::{account.account}:role/x", "Rules": [rule]},
    )


def files_bucket(account: Looked) -> str:
    return bucket(account, "workbuoy-prod-acme-files-")


def exports_bucket(account: Looked) -> str:
    return bucket(account, "workbuoy-prod-exports-")


def bucket(account: Looked, start: str) -> str:
    names = [one["Name"] for one in account.client("s3").list_buckets()["Buckets"]]
    return str(next(one for one in names if one.startswith(start) and "logs" not in one))


def _change_by_hand(account: Looked) -> None:
    account.client("logs").put_retention_policy(logGroupName=SERVICE_LOG, retentionInDays=30)
    account.client("logs").delete_log_group(logGroupName=ROTATION_LOG)
    account.client("rds").modify_db_instance(
        DBInstanceIdentifier=DATABASE, BackupRetentionPeriod=3, DeletionProtection=False, ApplyImmediately=True
    )
    secrets = account.client("secretsmanager")
    secret = next(one["Name"] for one in secrets.list_secrets()["SecretList"] if "acme/oidc" in one["Name"])
    secrets.replicate_secret_to_regions(SecretId=secret, AddReplicaRegions=[{"Region": ELSEWHERE}])
    topic = f"arn:aws:sns:eu-west-1:{account.account}:workbuoy-prod-acme-alarms"
    account.client("sns").untag_resource(ResourceArn=topic, TagKeys=["tenant"])
    kms, s3 = account.client("kms"), account.client("s3")
    key = kms.describe_key(KeyId="alias/workbuoy-prod-acme-database")["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    s3.put_bucket_versioning(Bucket=files_bucket(account), VersioningConfiguration={"Status": "Suspended"})
    by_s3 = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    s3.put_bucket_encryption(Bucket=exports_bucket(account), ServerSideEncryptionConfiguration=by_s3)
    tags = {"application": "workbuoy", "tenant": "acme"}
    account.client("sqs", ELSEWHERE).create_queue(QueueName="leftover", tags=tags)
    account.client("logs", ELSEWHERE).create_log_group(logGroupName="/workbuoy/workbuoy-prod-acme/copy")


def test_an_account_as_declared_has_nothing_to_tell(untouched: Answer) -> None:
    assert [str(one) for one in untouched.differences] == []
    assert [one.name for one in untouched.outside] == []
    assert untouched.passed
    assert {one.region for one in untouched.stores} == {"eu-west-1"}


def test_the_account_answers_with_its_own_names_and_keys(untouched: Answer, account: Looked) -> None:
    (files,) = [one for one in untouched.stores if one.what == "Files"]
    assert files.name == files_bucket(account)
    (key,) = [
        one["TargetKeyId"]
        for one in account.client("kms").list_aliases()["Aliases"]
        if one["AliasName"] == "alias/workbuoy-prod-acme-files"
    ]
    assert files.key_arn.endswith(key)
    readers = [one.name for one in files.readers]
    assert readers == ["administrators", "deploy", "drill", "export", "operators", "restore", "service-task"]


def told(answer: Answer) -> list[tuple[str, str, str]]:
    """Differences, without the random end of a secret's name."""
    return [(one.name.rpartition("-")[0] if "/oidc" in one.name else one.name, one.field, one.found)
            for one in answer.differences]  # fmt: skip


@pytest.mark.parametrize(
    "difference",
    [
        (
            SERVICE_LOG,
            "Log of service-task, administration-task, one-off-task, export-task, restore-task and drill-task: kept",
            "30 days",
        ),
        (ROTATION_LOG, "", "nothing"),
        (DATABASE, "Automated backups and point-in-time recovery: kept", "any moment of the last 3 days"),
        (DATABASE, "protected by", "Pulumi's protect"),
        ("workbuoy-prod-acme/oidc-client", "", "Replica of a secret in us-east-1"),
        ("workbuoy-prod-acme-alarms", "tag tenant", "nothing"),
        ("/workbuoy/workbuoy-prod-acme/copy", "", "Log in us-east-1"),
    ],
    ids=lambda one: f"{one[0]} {one[1]}",
)
def test_each_seeded_difference_is_named(seeded: Answer, difference: tuple[str, str, str]) -> None:
    assert difference in told(seeded)


def test_a_bucket_replicated_away_is_named_with_where_to(seeded: Answer) -> None:
    assert any("Objects copied to faraway in us-east-1" in str(one) for one in seeded.differences)


def test_a_change_of_the_bases_place_for_exports_is_reported_of_its_silo(seeded: Answer, account: Looked) -> None:
    told_of_it = [one for one in seeded.differences if one.name == exports_bucket(account)]
    assert {(one.stack, one.field.rpartition(": ")[2]) for one in told_of_it} == {("prod", "key")}
    assert {one.declared for one in told_of_it} == {"alias/workbuoy-prod-exports"}


def test_a_key_that_will_be_gone_comes_first_with_its_day(seeded: Answer) -> None:
    first = seeded.differences[0]
    day = f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%d}"
    assert (first.name, first.field) == ("alias/workbuoy-prod-acme-database", "state")
    assert first.found == f"PendingDeletion, and gone on {day}: what it encrypts is unreadable"


def test_a_bucket_that_keeps_no_versions_any_more_is_named(seeded: Answer) -> None:
    found = [one.found for one in seeded.differences if one.field.endswith(": state")]
    assert found == ["not versioned: what is overwritten is gone"]


def test_nothing_but_the_seeded_differences_is_reported(seeded: Answer, account: Looked) -> None:
    names = {one.name for one in seeded.differences}
    others = {one for one in names if "acme" not in one}
    assert {one.rpartition(":")[2] for one in others} == {"leftover", exports_bucket(account)}
    assert len(seeded.differences) == 15


@pytest.mark.parametrize("store", ["kept-safe", "leftover", "/workbuoy/workbuoy-prod-acme/copy"])
def test_a_store_outside_residency_is_named(seeded: Answer, store: str) -> None:
    (found,) = [one for one in seeded.outside if one.name.rpartition(":")[2] == store]
    assert found.region == ELSEWHERE
    assert "OUTSIDE RESIDENCY" in text(seeded)


def test_every_seeded_place_is_outside_and_nothing_else(seeded: Answer) -> None:
    assert {one.region for one in seeded.outside} == {ELSEWHERE}
    whats = sorted(one.what for one in seeded.outside)
    assert whats == [
        "Carries the customer's tag",
        "Copy of a snapshot",
        "Log",
        "Objects copied to faraway",
        "Replica of a secret",
    ]


def test_a_snapshot_taken_by_hand_is_a_store_and_no_difference(seeded: Answer) -> None:
    (snapshot,) = [one for one in seeded.stores if one.name == "before-move"]
    assert snapshot.allowed
    assert "before-move" not in [one.name for one in seeded.differences]


def test_a_base_stacks_names_are_not_its_silos() -> None:
    names = Names("prod", ("prod-acme", "prod-eu-north-1"))
    assert names.own("workbuoy-prod-database")
    assert names.own("/workbuoy/workbuoy-prod/service")
    assert names.own("alias/workbuoy-prod-files")
    assert not names.own("workbuoy-prod-acme-database")
    assert not names.own("/workbuoy/workbuoy-prod-acme/service")
    assert not names.own("workbuoy-prod-eu-north-1-globex-files-12345678")
    assert not names.own("workbuoy-production-database")


def failing(code: str, operation: str = "DescribeRegions") -> Any:
    class Client:
        def __getattr__(self, name: str) -> Any:
            def call(**_: Any) -> Any:
                raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)

            return call

        def can_paginate(self, _: str) -> bool:
            return False

    return lambda *_: Client()


def test_expired_credentials_are_one_line() -> None:
    with pytest.raises(UnreachableError, match="expired") as error:
        sweep(Account("1" * 12, "eu-west-1", failing("ExpiredToken")), Names("prod"), "shared")
    assert len(error.value.lines) == 1


def test_a_region_that_may_not_be_looked_into_is_reported_and_never_passed(
    project_root: Project, acme: Estate, account: Looked
) -> None:
    refused = failing("AccessDenied", "DescribeDBInstances")

    class Closed(Looked):
        def client(self, service: str, region: str = "") -> Any:
            return refused() if region == ELSEWHERE and service == "rds" else super().client(service, region)

    answer = locate_live(project_root, acme, Closed(acme, account.cloud))
    assert [one.partition(":")[0] for one in answer.unsearched] == [ELSEWHERE]
    assert ELSEWHERE not in answer.searched
    assert not answer.passed


def test_a_store_of_a_type_that_nobody_looks_for_is_named_and_never_passed(
    project_root: Project, acme: Estate, account: Looked
) -> None:
    table = Resource(
        urn="urn:pulumi:prod-acme::workbuoy::aws:dynamodb/table:Table::queue",
        type=t.DYNAMODB_TABLE,
        name="queue",
        inputs={"tags": {"data-classification": "customer-data"}},
    )
    own = acme.own
    more = Graph([*own.resources, table], stack=own.stack, project=own.project, account=own.account, region=own.region)
    answer = locate_live(project_root, replace(acme, own=more), account)
    assert [one.partition(":")[0] for one in answer.unsearched] == ["queue"]
    assert not answer.passed


@pytest.mark.parametrize(
    ("arn", "known"),
    [
        ("arn:aws:ec2:eu-west-1:1:security-group/sg-1", True),
        ("arn:aws:ecs:eu-west-1:1:task/cluster/1", True),
        ("arn:aws:rds:eu-west-1:1:snapshot:rds:workbuoy-1", True),
        ("arn:aws:ec2:eu-west-1:1:instance/i-1", False),
        ("arn:aws:rds:eu-west-1:1:db:other", False),
        ("arn:aws:s3:::other", False),
        ("arn:aws:anything:eu-west-1:1:new/1", False),
        ("no arn", False),
    ],
)
def test_a_tagged_thing_may_hold_data_unless_the_stack_shows_that_its_kind_does_not(
    acme: Estate, arn: str, known: bool
) -> None:
    assert (kind_of(arn) in harmless_kinds(acme.own)) is known


def test_a_placeholder_account_is_not_looked_into(acme: Estate) -> None:
    with pytest.raises(MistakenError, match="placeholder"):
        Account.of_signed_in(acme, lambda _: None)
