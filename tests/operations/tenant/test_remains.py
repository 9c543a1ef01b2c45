"""Copies that remain have a last day each, computed from what stands; a later look proves that they ended."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from facts.stores import Form
from graph.state import graph_of_state
from operations.tenant import remains_command
from operations.tenant.ended import GONE, NOT_ASKED, THERE, CopyQueries
from operations.tenant.remains import EXPORTED, RECORD, Remaining, of_pool, of_silo, read_remaining
from operations.tenant.remains_command import remains
from project.files import Project
from rehearsal.as_graph import graph_of
from tests.conftest import PROJECT, declared_graph, schema_of
from tests.declared import DECLARE, declared_once
from tests.operations.tenant.test_leaving import SNAPSHOT, standing
from tests.quick_moto import quick_moto

DAY = date(2027, 1, 1)
REGION = "eu-west-1"


def copy(form: str, where: str, ends: date | None = DAY) -> Remaining:
    return Remaining(what=str(form), where=where, form=form, ends=ends, how="")


def asking(isolation: str = "silo", older: int = 0) -> CopyQueries:
    record: dict[str, Any] = {"name": "acme", "isolation": isolation, "region": REGION, "dates": {"destroyed": DAY}}
    record |= {} if isolation == "pool" else {"keys": {"arns": []}}

    def client(service: str) -> Any:
        return boto3.client(service, region_name=REGION)

    return CopyQueries(client=client, record=record, count=lambda: {"older_versions": older})


@pytest.fixture
def account() -> Iterator[None]:
    with quick_moto():
        yield


def test_every_copy_of_a_pool_tenant_has_the_day_that_the_facts_give() -> None:
    from project.files import find_project

    graph = graph_of(declared_once(find_project(PROJECT), "prod", DECLARE))
    found = of_pool(graph, DAY)
    by_what = {one.what.lower(): one for one in found}
    backups = next(one for one in found if one.form == Form.AUTOMATED_BACKUPS)
    versions = [one for one in found if one.form == Form.NONCURRENT_VERSIONS and "-files-" in one.where]
    (exports,) = [one for one in found if one.form == EXPORTED]
    assert backups.ends == DAY + timedelta(days=30)
    assert DAY + timedelta(days=92) in {one.ends for one in versions}, "90 days, and two that S3 may take"
    assert exports.ends == DAY + timedelta(days=90 + 1 + 2)
    assert not any("database rows" in one for one in by_what)
    assert [one.form for one in found[-2:]] == [RECORD, RECORD]
    assert all(one.ends is not None or "person" in one.how or one.form == RECORD for one in found)


def test_copy_in_another_account_ends_as_long_after_the_last_version_of_a_file_as_it_is_kept() -> None:
    found = {one.form: one for one in of_pool(graph_of(declared_graph("prod-eu-north-1").rehearsal), DAY)}
    away, here = found[Form.RECOVERY_POINT_COPIES], found[Form.RECOVERY_POINTS]
    assert (away.ends, here.ends) == (DAY + timedelta(days=92 + 35), DAY + timedelta(days=92 + 7)), "S3 may take two"
    assert "210000000004" in away.where


def test_silo_keeps_its_snapshot_until_its_day_and_its_backups_as_long_as_rds() -> None:
    found = {one.form: one for one in of_silo(standing(), None, DAY, 60)}
    assert (found[Form.FINAL_SNAPSHOT].where, found[Form.FINAL_SNAPSHOT].ends) == (SNAPSHOT, DAY + timedelta(days=60))
    assert found[Form.AUTOMATED_BACKUPS].ends == DAY + timedelta(days=35)
    assert found[Form.KEY].ends == DAY + timedelta(days=30), "of a stack that is not permanent: KMS waits so long"


def test_what_is_written_into_a_record_is_read_again() -> None:
    listed = of_silo(standing(), None, DAY, 60)
    text = yaml.safe_dump({"remaining": [one.document() for one in listed]})
    assert read_remaining(yaml.safe_load(text)) == listed


def test_record_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="lists no remaining copies"):
        read_remaining({"name": "acme"})


@pytest.mark.lengthy
@pytest.mark.usefixtures("account")
def test_copies_that_are_gone_are_proved_gone() -> None:
    for form in (Form.FINAL_SNAPSHOT, Form.AUTOMATED_BACKUPS, Form.SECRET, Form.NONCURRENT_VERSIONS, EXPORTED):
        assert asking().look(copy(form, "workbuoy-prod-acme-gone")).state == GONE, form


@pytest.mark.usefixtures("account")
def test_copies_that_are_there_are_found_and_are_late_after_their_day() -> None:
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="exports", Key="acme/1/rows.zip", Body=b"x")
    found = asking().look(copy(EXPORTED, "exports"))
    assert found.state == THERE
    assert found.late(DAY + timedelta(days=1))
    assert not found.late(DAY)
    boto3.client("secretsmanager", region_name=REGION).create_secret(Name="login", SecretString="x")
    assert asking().look(copy(Form.SECRET, "login")).state == THERE


@pytest.mark.usefixtures("account")
def test_an_export_whose_older_version_is_still_there_has_not_ended() -> None:
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="exports", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="exports", Key="acme-2/1/rows.zip", Body=b"another customer's")
    assert asking().look(copy(EXPORTED, "exports")).state == GONE
    s3.put_object(Bucket="exports", Key="acme/1/rows.zip", Body=b"x")
    s3.delete_object(Bucket="exports", Key="acme/1/rows.zip")
    assert asking().look(copy(EXPORTED, "exports")).state == THERE


def test_older_versions_of_a_pool_tenant_are_counted_by_a_task() -> None:
    assert asking("pool", older=3).look(copy(Form.NONCURRENT_VERSIONS, "shared")).state == THERE
    assert asking("pool").look(copy(Form.NONCURRENT_VERSIONS, "shared")).state == GONE


def test_a_count_that_does_not_find_its_own_task_proves_no_older_version_gone() -> None:
    def count() -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "RunTask")

    found = replace(asking("pool"), count=count).look(copy(Form.NONCURRENT_VERSIONS, "shared"))
    assert (found.state, found.why) == (NOT_ASKED, "AWS refused: ResourceNotFoundException")


class Backups:
    def __init__(self, oldest: datetime) -> None:
        self.oldest = oldest

    def describe_db_instance_automated_backups(self, **_: str) -> dict[str, Any]:
        return {"DBInstanceAutomatedBackups": [{"RestoreWindow": {"EarliestTime": self.oldest}}]}


@pytest.mark.parametrize(("days", "state"), [(0, THERE), (1, GONE)])
def test_backups_of_a_base_have_ended_when_they_no_longer_reach_back(days: int, state: str) -> None:
    oldest = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC) + timedelta(days=days)
    record = {"name": "acme", "isolation": "pool", "dates": {"destroyed": DAY}}
    found = CopyQueries(client=lambda _: Backups(oldest), record=record).look(copy(Form.AUTOMATED_BACKUPS, "base"))
    assert found.state == state


OTHER = "210000000004"
AWAY = f"arn:aws:backup:{REGION}:{OTHER}:backup-vault:workbuoy-copies-210000000003"


class Vaults:
    """The calls of AWS Backup and STS that moto has not, or not with recovery points; a session and its clients."""

    def __init__(self, *days: int, account: str = OTHER, by_plan: bool = True) -> None:
        noon = datetime(DAY.year, DAY.month, DAY.day, 13, tzinfo=UTC)
        made = {"CreatedBy": {"BackupPlanId": "p"}} if by_plan else {}
        self.points = [{"CreationDate": noon + timedelta(days=one), **made} for one in days]
        self.account = account

    def client(self, _service: str, *, region_name: str) -> "Vaults":
        assert region_name == REGION
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": self.account}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_recovery_points_by_backup_vault"
        return self

    def paginate(self, *, BackupVaultName: str) -> Any:  # noqa: N803 as AWS calls it
        assert BackupVaultName in ("own", "workbuoy-copies-210000000003")
        return iter([{"RecoveryPoints": self.points[:1]}, {"RecoveryPoints": self.points[1:]}])


def points(vaults: Vaults, *, stands: bool = True) -> str:
    versions = copy(Form.NONCURRENT_VERSIONS, "files", DAY + timedelta(days=10))
    record: dict[str, Any] = {"dates": {"destroyed": DAY}, "remaining": [versions.document()]}
    record |= {} if stands else {"keys": {"arns": []}}
    asked = CopyQueries(client=lambda _: vaults, record=record, vault_session=vaults)
    (state,) = {asked.look(copy(*one)).state for one in ((Form.RECOVERY_POINTS, "own"), (COPIED, AWAY))}
    return state


COPIED = Form.RECOVERY_POINT_COPIES


@pytest.mark.parametrize(
    ("days", "stands", "state"),
    [
        ((40, 10), True, THERE),
        ((40, 11), True, GONE),
        ((), True, GONE),
        ((40,), False, THERE),
        ((), False, GONE),
    ],
)
def test_recovery_points_have_ended_when_none_is_left_that_could_take_an_older_version_of_a_file(
    days: tuple[int, ...], stands: bool, state: str
) -> None:
    assert points(Vaults(*days), stands=stands) == state


@pytest.mark.parametrize(
    ("of", "state"),
    [
        (("RDS", "arn:aws:rds:eu-west-1:1:db:workbuoy-prod-acme-database"), THERE),
        (("RDS", "arn:aws:rds:eu-west-1:1:db:workbuoy-prod-globex-database"), GONE),
        (("S3", "arn:aws:s3:::workbuoy-prod-acme-files"), THERE),
        (("S3", "arn:aws:s3:::workbuoy-prod-files"), GONE),
        (("EBS", "arn:aws:ec2:eu-west-1:1:volume/vol-1"), THERE),
    ],
)
def test_another_stack_s_copies_in_the_vault_that_all_share_are_no_copies_of_the_customer(
    of: tuple[str, str], state: str
) -> None:
    vaults = Vaults(40)
    vaults.points[0] |= dict(zip(("ResourceType", "ResourceArn"), of, strict=True))
    kept = (
        copy(Form.AUTOMATED_BACKUPS, "workbuoy-prod-acme-database"),
        copy(Form.OBJECTS, "workbuoy-prod-acme-files"),
    )
    record = {"dates": {"destroyed": DAY}, "keys": {}, "remaining": [one.document() for one in kept]}
    asked = CopyQueries(client=lambda _: vaults, record=record, vault_session=vaults)
    assert asked.look(copy(COPIED, AWAY)).state == state


def test_recovery_point_that_no_plan_made_may_hold_anything() -> None:
    assert points(Vaults(40, by_plan=False)) == THERE


@pytest.mark.parametrize("session", [None, Vaults(account="210000000003")], ids=["none", "another account's"])
def test_copies_out_of_reach_are_proved_gone_by_the_account_that_keeps_them_alone(session: Vaults | None) -> None:
    asked = CopyQueries(client=lambda _: Vaults(), record={"dates": {"destroyed": DAY}}, vault_session=session)
    found = asked.look(copy(COPIED, AWAY))
    assert (found.state, OTHER in found.why, "--vault-profile" in found.why) == (NOT_ASKED, True, True)
    assert found.unproved(DAY + timedelta(days=1))


@pytest.mark.usefixtures("account")
def test_what_aws_does_not_answer_is_not_taken_for_gone() -> None:
    class Refusing:
        def describe_secret(self, **_: str) -> None:
            from botocore.exceptions import ClientError

            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeSecret")

    found = CopyQueries(client=lambda _: Refusing(), record={"isolation": "silo"}).look(copy(Form.SECRET, "login"))
    assert (found.state, found.why) == (NOT_ASKED, "AWS refused: AccessDenied")
    assert found.unproved(DAY + timedelta(days=1))


def recorded(project: Project, *copies: Remaining) -> Path:
    file = project.root / "tenants/offboarded/acme.yaml"
    file.parent.mkdir(exist_ok=True)
    whole = {"name": "acme", "isolation": "silo", "region": REGION, "remaining": [one.document() for one in copies]}
    file.write_text(yaml.safe_dump(whole))
    return file


def run(*arguments: str) -> Result:
    return CliRunner().invoke(remains, arguments, catch_exceptions=False)


def test_days_are_reported_from_the_record_alone(project: Project) -> None:
    recorded(project, copy(Form.SECRET, "login", date(2020, 1, 1)), copy(RECORD, "tenants/offboarded", None))
    result = run("acme", "--json")
    document = json.loads(result.stdout)
    schema_of("tenant-remains").validate(document)
    assert (result.exit_code, document["copies"][0]["ends"]) == (0, "2020-01-01")


@pytest.mark.usefixtures("account")
def test_copy_that_outlives_its_day_ends_with_3(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    boto3.client("secretsmanager", region_name=REGION).create_secret(Name="login", SecretString="x")
    monkeypatch.setattr(remains_command, "_copy_queries", lambda *_: asking())
    recorded(project, copy(Form.SECRET, "login", date(2020, 1, 1)))
    result = run("acme", "--live")
    assert (result.exit_code, "is there after 2020-01-01" in result.stderr) == (3, True)
    recorded(project, copy(Form.SECRET, "gone", date(2020, 1, 1)))
    assert run("acme", "--live").exit_code == 0


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("keys", [{}, {"keys": {"arns": ["arn:aws:kms:eu-west-1:999999999999:key/1"]}}])
def test_in_another_account_nothing_is_asked_since_nothing_of_the_customer_is_there(
    project: Project, monkeypatch: pytest.MonkeyPatch, keys: dict[str, Any]
) -> None:
    file = recorded(project, copy(Form.SECRET, "login", date(2020, 1, 1)))
    where = {"base": "prod", "stack": "prod-acme", **keys}
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **where}))
    me = {"Account": "111111111111", "Arn": "arn:aws:iam::111111111111:user/kari"}
    monkeypatch.setattr("operations.engine.account.who_am_i", lambda *_: me)
    result = run("acme", "--live")
    told = " ".join(result.stderr.split())
    whose = "999999999999" if keys else "210000000003"
    assert (result.exit_code, f"to account {whose}, but these" in told, "gone" in result.stdout) == (1, True, False), (
        told
    )


def test_customer_without_a_record_is_one_line(project: Project) -> None:
    assert project
    result = run("acme")
    assert (result.exit_code, "acme has not left" in result.stderr) == (1, True)


def test_state_without_resources_leaves_nothing_but_words() -> None:
    empty = graph_of_state({"deployment": {"resources": []}})
    assert {one.form for one in of_silo(empty, None, DAY, 60)} == {RECORD}
