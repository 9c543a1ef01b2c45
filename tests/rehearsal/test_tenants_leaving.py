"""A customer's own stack leaves in a rehearsal: what a command or a record claims is held to what stands in moto.

Not in tests/rehearsal/tenants, whose tests have a moto that stays open.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from graph import Graph, Resource
from infra.problems import ProblemsError
from operations.main import main
from operations.rehearse import leaving
from operations.rehearse.leaving import Commands
from operations.tenant.emptying import ENDS
from project.files import Project, find_project
from rehearsal.as_graph import graph_of
from rehearsal.change.run import Before
from rehearsal.cloud import Cloud, Moto, running
from rehearsal.mapper import Mapper
from rehearsal.permissions.gate import moto_leaves_judging_to_us
from rehearsal.result import Rehearsal, State
from rehearsal.run import Options, rehearse
from rehearsal.scratch import scratch
from rehearsal.service.trial import StepError
from rehearsal.tenants.leaving.departure import Departure, Estate
from rehearsal.tenants.leaving.run import rehearse_leaving
from rehearsal.tenants.moving.records import project_with
from rehearsal.tenants.whole import plan_for
from tests.conftest import PROJECT, ROOT
from tests.forked import forked
from tests.operations.tenant.handover.exports import TENANT_ID, export_of, rows_of
from tests.rehearsal.service.test_surroundings import installed

pytestmark = pytest.mark.slow  # each stands up prod and a customer's own stack

BASE, SILO = "prod", "prod-acme"
WRONG = (State.FAILED, State.DIFFERS)
SECRET = "aws:secretsmanager/secret:Secret"


@pytest.fixture(scope="module")
def left() -> Rehearsal:
    """acme's stack goes, whatever is temporary in a folder that no other rehearsal sweeps."""
    with scratch():
        return rehearse_leaving(find_project(PROJECT), BASE, ["acme"], Options(), Commands())


@installed
@pytest.mark.slow
def test_a_silo_is_exported_destroyed_and_held_to_its_record_and_nobody_reaches_what_is_left(left: Rehearsal) -> None:
    assert left.service is not None
    assert [f"{one.name}: {one.detail}" for one in left.service.steps if not one.passed] == []
    assert left.service.denials == ()
    details = {one.name: one.detail for one in left.service.steps}
    assert "workbuoy-prod-acme-database-final-" in details["leave: acme exported, its stack destroyed"]
    assert "not told: automated backups" in details["leave: acme's record held to what stands"]
    assert "cells afterwards" in details["leave: nobody else lost anything with acme"]
    assert left.passed


@dataclass(frozen=True)
class Told:
    """What the image's tasks say, whose export lies in the place for exports of the base stack."""

    cloud: Cloud
    exports: str

    def freeze(self) -> Mapping[str, Any]:
        return {"frozen_at": datetime.now(UTC).isoformat()}

    def hand_over(self) -> Mapping[str, Any]:
        for name, body in export_of("acme").items():
            self.cloud.client("s3").put_object(
                Bucket=self.exports, Key=f"acme/1/{name}", Body=body, ChecksumAlgorithm="SHA256"
            )
        return {"address": f"s3://{self.exports}/acme/1/manifest.json"}

    def count(self, _: str = "") -> Mapping[str, Any]:
        export = export_of("acme", made_at=datetime(2026, 1, 1, tzinfo=UTC))
        digest = yaml.safe_load(export["manifest.json"])["digest"]
        rows = {name: len(rows) for name, rows in rows_of("acme").items()}
        return {"tenant_id": TENANT_ID, "digest": digest, "rows": rows, "objects": 1}


@dataclass(frozen=True, kw_only=True)
class Stood:
    """prod and acme's own stack in moto."""

    moto: Moto
    base: Rehearsal
    silo: Rehearsal
    made: dict[str, Mapper]

    @property
    def cloud(self) -> Cloud:
        return self.moto.cloud(self.silo.account, self.silo.region)

    @property
    def bucket(self) -> str:
        return str(self.silo.exports["filesBucketName"])


@pytest.fixture(scope="module")
def stood() -> Iterator[Stood]:
    """With a file of acme's. Each test that changes it has a fork of it to itself."""
    project, made = find_project(PROJECT), dict[str, Mapper]()
    with running() as moto:
        base = rehearse(project, BASE, Options(keep=made), moto)
        silo = rehearse(project, SILO, Options(keep=made, references={BASE: base.exports}), moto)
        one = Stood(moto=moto, base=base, silo=silo, made=made)
        with moto_leaves_judging_to_us():
            s3 = one.cloud.client("s3")
            s3.put_object(Bucket=one.bucket, Key=f"tenants/{TENANT_ID}/file", Body=b"a file")
            s3.create_multipart_upload(Bucket=one.bucket, Key=f"tenants/{TENANT_ID}/unfinished")
            yield one


@pytest.fixture
def departing(stood: Stood, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Departure:
    """acme in moto with a file, about to leave; nothing runs."""
    project, base = find_project(PROJECT), stood.base
    told = Told(stood.cloud, str(base.exports["exportsBucketName"]))
    monkeypatch.setattr(leaving, "ServiceTasks", lambda *_: told)
    (acme,) = plan_for(project, BASE, ["acme"]).in_matrix
    acme = acme.model_copy(update={"dates": acme.dates.model_copy(update={"retiring": datetime.now(UTC).date()})})
    declared = SimpleNamespace(service=SimpleNamespace(environment={"S3_BUCKET": stood.bucket}))
    return Departure(
        tenant=acme,
        trial=SimpleNamespace(cloud=stood.cloud, declared=declared),  # type: ignore[arg-type]
        retiring=project_with(project, tmp_path / "retiring", [acme]),
        estate=Estate(
            moto=stood.moto,
            graphs={BASE: graph_of(base), SILO: graph_of(stood.silo)},
            made=stood.made,
            outputs={BASE: base.exports},
            account=None,
            ways=(),
        ),
        commands=Commands(),
    )


def client(one: Departure, service: str) -> Any:
    return one.trial.cloud.client(service)


@forked
def test_a_record_is_held_to_every_day_that_stands(departing: Departure) -> None:
    trial = departing.trial
    departing.lift(trial)
    departing.take_down(trial)
    told = departing.check(trial)
    assert "not told: automated backups" in told
    assert "cells afterwards" in departing.compare_others(trial)
    record = departing.retiring.root / "tenants/offboarded/acme.yaml"
    text = record.read_text()
    whole = yaml.safe_load(text)
    for number, one in enumerate(whole["remaining"]):
        if one["form"] in ("objects", "log", "exports", "secret", "unfinished uploads"):
            moved = yaml.safe_load(text)
            moved["remaining"][number]["ends"] += timedelta(days=1)
            record.write_text(yaml.safe_dump(moved))
            with pytest.raises(StepError, match=r"record says"):
                departing.check(trial)
    record.write_text(yaml.safe_dump({**whole, "keys": {**whole["keys"], "deletableAfter": date(2026, 12, 1)}}))
    with pytest.raises(StepError, match=r"its key may go after 2026-12-01"):
        departing.check(trial)
    record.write_text(text)
    departing.check(trial)
    (files,) = {one["where"] for one in whole["remaining"] if one["form"] == "objects"}
    client(departing, "s3").delete_bucket_lifecycle(Bucket=files)
    with pytest.raises(StepError, match=r"no rule ends it"):
        departing.check(trial)


@forked
def test_whoever_lies_is_caught(departing: Departure) -> None:
    standing, s3 = departing.estate.graphs[SILO], client(departing, "s3")
    departing.lift(departing.trial)
    assert departing.silo is not None
    lifted = departing.silo
    departing.silo = replace(lifted, graph=standing)
    with pytest.raises(StepError, match=r"protections still stand"):
        departing.take_down(departing.trial)
    bucket = departing.trial.declared.service.environment["S3_BUCKET"]
    (version,) = s3.list_object_versions(Bucket=bucket)["Versions"]
    there = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
    departing.silo = replace(lifted, destroy=lambda: s3.delete_object(**there))
    with pytest.raises(StepError, match=r"does not hold every version of before"):
        departing.take_down(departing.trial)
    s3.put_object(Bucket=bucket, Key=version["Key"], Body=b"again")
    departing.silo = replace(lifted, destroy=lambda: None)
    departing.take_down(departing.trial)
    with pytest.raises(StepError, match=r"Final snapshot .*: is gone already.*Secret .*no rule ends it"):
        departing.check(departing.trial)


@pytest.mark.parametrize(
    ("names", "changed", "told"),
    [
        (["initech", "globex"], {}, "none of them has a stack of its own"),
        (["acme"], {"dates:": "dates:\n  hold: {since: 2026-11-20, reason: Case 26-104522}"}, "nothing is destroyed"),
    ],
)
def test_who_cannot_leave_is_reported_before_anything_stands(
    project: Project, names: list[str], changed: dict[str, str], told: str
) -> None:
    (project.root / "app").mkdir(exist_ok=True)
    for was, now in changed.items():
        file = project.root / "tenants/acme.yaml"
        file.write_text(file.read_text().replace(was, now))
    with pytest.raises(ProblemsError, match=told):
        rehearse_leaving(project, BASE, names, Options(), Commands())


@pytest.mark.parametrize("other", ["--no-service", "--no-matrix", "--declare-only"])
def test_a_leaving_needs_the_service_and_the_matrix(other: str) -> None:
    assert CliRunner().invoke(main, ["rehearse", BASE, "--tenants", "acme", "--leave", other]).exit_code == 2


def stop_the_clock(s3: Any, bucket: str) -> None:
    """Step 1."""
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    kept = [one for one in rules if one["ID"] != ENDS]
    assert len(kept) == len(rules) - 1
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": kept})


def forget_automated_snapshots(rds: Any, database: str) -> None:
    """moto names them by the minute, so that a second instance of a name is refused within it; RDS does not."""
    for one in rds.describe_db_snapshots()["DBSnapshots"]:
        if one["DBSnapshotIdentifier"].startswith(f"rds:{database}-"):
            rds.delete_db_snapshot(DBSnapshotIdentifier=one["DBSnapshotIdentifier"])


def test_state_of_before_a_destruction_is_the_newest_again() -> None:
    """docs/runbooks.md, step 4, before the engine is asked."""
    with running() as moto:
        s3 = moto.cloud("210000000003", "eu-west-1").client("s3")
        where = {"Bucket": "state", "Key": ".pulumi/stacks/workbuoy/prod-acme.json"}
        s3.create_bucket(Bucket="state", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_bucket_versioning(Bucket="state", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(**where, Body=b"standing")
        s3.put_object(**where, Body=b"destroyed")
        s3.delete_object(**where)
        listed = s3.list_object_versions(Bucket="state", Prefix=where["Key"])["Versions"]
        (before,) = [one["VersionId"] for one in listed if not one["IsLatest"] and one != listed[0]]
        s3.copy_object(**where, CopySource=f"state/{where['Key']}?versionId={before}")
        assert s3.get_object(**where)["Body"].read() == b"standing"


def deploy_again(one: Departure) -> Rehearsal:
    """Steps 4 and 5: the state of before, without what is gone in AWS, and the customer's file as it was."""
    graph, stack = one.estate.graphs[SILO], one.tenant.stack
    stands = [each for each in graph.resources if each.urn in one.kept or each.type == SECRET or not _in_aws(each)]
    known = Graph(stands, stack=graph.stack, project=graph.project, account=graph.account, region=graph.region)
    before = Before(stack, "what was left, as the state knows it", graph=known, mapper=one.estate.made[stack])
    options = Options(references=one.estate.outputs, stood=before)
    return rehearse(find_project(PROJECT), stack, options, one.estate.moto)


def _in_aws(resource: Resource) -> bool:
    return resource.custom and resource.type.startswith("aws:")


@forked
def test_a_silo_that_was_destroyed_by_mistake_comes_back_by_the_runbooks_steps(departing: Departure) -> None:
    """docs/runbooks.md: what of it moto has. The engine's own state and refresh are not in it."""
    trial, rds = departing.trial, client(departing, "rds")
    departing.lift(trial)
    departing.take_down(trial)
    record = yaml.safe_load((departing.retiring.root / "tenants/offboarded/acme.yaml").read_text())
    where: dict[str, set[str]] = {}
    for one in record["remaining"]:
        where.setdefault(one["form"], set()).add(one["where"])
    (bucket,), (name,) = where["objects"], where["automated backups"]
    forget_automated_snapshots(rds, name)
    stop_the_clock(client(departing, "s3"), bucket)
    for secret in where["secret"]:
        client(departing, "secretsmanager").restore_secret(SecretId=secret)
    back = deploy_again(departing)
    assert back.change is not None
    assert back.change.faults == ()
    assert [f"{one.name}: {one.reason or one.state}" for one in back.resources if one.state in WRONG] == []
    assert back.stands
    anew = {urn for urn, step in back.change.order if step != "update" and "taskDefinition" not in urn}
    assert not anew & departing.kept, "what was kept serves again; task definitions alone have a new revision"
    assert back.exports["filesBucketName"] == bucket
    assert set(record["keys"]["arns"]) == {one.arn for one in graph_of(back).resources if one.type == "aws:kms/key:Key"}
    (database,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    copy = f"{name}-restored"
    runbook = (ROOT / "docs/runbooks.md").read_text()
    assert copy.replace("prod-acme", "prod-umbrella") in runbook, "another name is no copy to `workbuoy restore tenant`"
    rds.restore_db_instance_from_db_snapshot(
        DBSnapshotIdentifier=record["finalSnapshot"],
        DBInstanceIdentifier=copy,
        DBSubnetGroupName=database["DBSubnetGroup"]["DBSubnetGroupName"],
        DBParameterGroupName=database["DBParameterGroups"][0]["DBParameterGroupName"],
        VpcSecurityGroupIds=[back.exports["restoredSecurityGroupId"]],
        PubliclyAccessible=False,
        Tags=[{"Key": "workbuoy-restore-at", "Value": "20261126T093000Z"}],
    )
    (made,) = rds.describe_db_instances(DBInstanceIdentifier=copy)["DBInstances"]
    key = {database["KmsKeyId"], made["KmsKeyId"]}
    assert len(key) == 1, "the copy has the key of the database that it was a snapshot of"
    assert next(iter(key)) in record["keys"]["arns"]
