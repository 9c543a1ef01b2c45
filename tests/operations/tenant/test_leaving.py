"""A customer leaves: one reviewed line, then the stack, then the record."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from graph import Graph
from graph.state import graph_of_state
from infra.tenants.files import read_tenants
from infra.yaml_text import read_yaml
from operations.tenant.leaving import left_by, plan_text, protections
from project.files import Project
from tests.operations.engine.fake_cli import FakeCli, failing
from tests.operations.tenant.conftest import NothingBeside, Run
from tests.operations.tenant.handover.exports import ExportsBucket, changed, export_of
from tests.operations.tenant.test_reading import edit

SNAPSHOT = "workbuoy-prod-acme-database-final-0123"
FOLDER = "acme/20261126T093000Z"
MANIFEST = f"s3://exports/{FOLDER}/manifest.json"
TYPES = {
    "database-instance": "aws:rds/instance:Instance",
    "files-bucket": "aws:s3/bucket:Bucket",
    "keys-database": "aws:kms/key:Key",
    "logs-service-group": "aws:cloudwatch/logGroup:LogGroup",
    "secrets-database-login": "aws:secretsmanager/secret:Secret",
}
OUTPUTS: dict[str, dict[str, Any]] = {
    "database-instance": {
        "identifier": "workbuoy-prod-acme-database",
        "deletionProtection": False,
        "skipFinalSnapshot": False,
        "deleteAutomatedBackups": False,
        "backupRetentionPeriod": 35,
        "finalSnapshotIdentifier": SNAPSHOT,
    },
    "files-bucket": {"bucket": "workbuoy-prod-acme-files-1", "forceDestroy": True},
    "keys-database": {"arn": "arn:aws:kms:eu-west-1:210000000003:key/k"},
    "logs-service-group": {"name": "/workbuoy/prod-acme/service"},
    "secrets-database-login": {"name": "workbuoy-prod-acme/database-login-1"},
}


def deployment(**changed: Any) -> dict[str, Any]:
    """A silo's state with its protections lifted; `name__property=value` changes one, `name__protect` too."""
    resources: list[dict[str, Any]] = [
        {
            "urn": f"urn:pulumi:prod-acme::workbuoy::{type_}::{name}",
            "type": type_,
            "custom": True,
            "inputs": dict(OUTPUTS[name]),
            "outputs": dict(OUTPUTS[name]),
        }
        for name, type_ in TYPES.items()
    ]
    for key, value in changed.items():
        name, _, property_ = key.replace("_dash_", "-").partition("__")
        one = next(one for one in resources if str(one["urn"]).endswith(f"::{name}"))
        for values in [one] if property_ in ("protect", "retainOnDelete") else [one["inputs"], one["outputs"]]:
            values[property_] = value
    return {"manifest": {}, "resources": resources}


def standing(**changed: Any) -> Graph:
    """The graph of such a state."""
    return graph_of_state({"deployment": deployment(**changed)})


def answers(**changed: Any) -> dict[str, Any]:
    """What the CLI says of such a stack."""
    return {
        "stack export": {"out": json.dumps({"version": 3, "deployment": deployment(**changed)})},
        "stack output": {"out": json.dumps({"databaseFinalSnapshotName": SNAPSHOT})},
    }


class FakeS3(ExportsBucket):
    """S3 with acme's export in it, which may be refused."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = ""
        self.deleted: list[str] = []
        self.lifecycles: dict[str, Any] = {}
        self.put(FOLDER, export_of("acme"))

    def list_object_versions(self, **_: Any) -> dict[str, Any]:
        self._refuse("ListObjectVersions")
        return {}

    def delete_object(self, *, Bucket: str, Key: str, VersionId: str) -> dict[str, Any]:  # noqa: N803  boto3's names
        self._refuse("DeleteObject")
        assert VersionId == "null", "without a version it would make a delete marker"
        assert "workbuoy-leaving-" in Key
        self.deleted.append(Bucket)
        return {}

    def get_bucket_lifecycle_configuration(self, *, Bucket: str) -> dict[str, Any]:  # noqa: N803
        assert Bucket
        return {
            "Rules": [
                {"ID": "expire-noncurrent-versions", "NoncurrentVersionExpiration": {"NoncurrentDays": 30}},
                {"ID": "delete", "Expiration": {"Days": 9}},
            ]
        }

    def put_bucket_lifecycle_configuration(self, *, Bucket: str, LifecycleConfiguration: Any) -> None:  # noqa: N803
        self.lifecycles[Bucket] = LifecycleConfiguration["Rules"]

    def _refuse(self, operation: str) -> None:
        from botocore.exceptions import ClientError

        if self.refused == operation:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> FakeS3:
    """In place of S3."""
    fake = FakeS3()
    monkeypatch.setattr(boto3, "client", lambda service, **_: NothingBeside() if service == "rds" else fake)
    return fake


@pytest.fixture
def retired(project: Project, prod_signed_in: None) -> Project:  # noqa: ARG001
    """acme retires, and its day has come."""
    edit(project, "tenants/acme.yaml", "signed: 2026-10-01", "signed: 2026-10-01\n  retiring: 2026-10-02")
    return project


def destroy(run: Run, *arguments: str) -> Any:
    return run("destroy", "acme", "--confirm", "acme", *(arguments or ("--export", MANIFEST)))


def test_retiring_adds_one_line_and_keeps_every_other_byte(project: Project, run: Run) -> None:
    file = project.root / "tenants/acme.yaml"
    before = file.read_text().replace("dates:\n", "dates: # by Kari\n") + "# the end\n"
    file.write_text(before)
    result = run("retire", "acme", "--on", "2127-01-31")
    assert result.exit_code == 0, result.stderr
    assert file.read_text() == before.replace("signed: 2026-10-01\n", "signed: 2026-10-01\n  retiring: 2127-01-31\n")
    assert not read_tenants(project.root).problems
    assert "retiring 2127-01-31" in run("list").stdout


def test_retiring_finds_the_block_wherever_it_stands(project: Project, run: Run) -> None:
    file = project.root / "tenants/acme.yaml"
    text = file.read_text()
    head, _, _ = text.partition("dates:\n")
    first, rest = head.split("\n", 1)
    file.write_text(f"{first}\ndates:\n    signed: 2026-10-01\n\n{rest}".rstrip("\n"))
    assert run("retire", "acme", "--on", "2127-01-31").exit_code == 0
    assert read_yaml(file).content["dates"] == {"signed": "2026-10-01", "retiring": "2127-01-31"}
    assert "    signed: 2026-10-01\n    retiring: 2127-01-31\n\nname: acme" in file.read_text()


@pytest.mark.parametrize(
    ("day", "why"), [("soon", "must be a day such as"), ("2020-01-01", "is past"), ("2027-02-30", "a day")]
)
def test_a_day_that_cannot_be_is_refused(run: Run, unchanged: Any, day: str, why: str) -> None:
    result = run("retire", "acme", "--on", day)
    assert result.exit_code == 1
    assert why in result.stderr
    assert unchanged()


def test_retiring_twice_and_dates_on_one_line_are_left_to_the_person(project: Project, run: Run) -> None:
    edit(project, "tenants/acme.yaml", "dates:\n  signed: 2026-10-01", "dates: {signed: 2026-10-01}")
    assert "write `retiring: 2127-01-31` by hand" in run("retire", "acme", "--on", "2127-01-31").stderr
    edit(project, "tenants/acme.yaml", "dates: {signed: 2026-10-01}", "dates:\n  signed: 2026-10-01")
    for _ in range(2):  # the same again, as after an interruption, is no change
        assert run("retire", "acme", "--on", "2127-01-31").exit_code == 0
        assert (project.root / "tenants/acme.yaml").read_text().count("retiring: 2127-01-31\n") == 1
    assert "says 2127-01-31 already" in run("retire", "acme", "--on", "2127-02-28").stderr


def test_the_stack_goes_and_the_record_names_what_stays(
    retired: Project, run: Run, fake_cli: FakeCli, s3: FakeS3
) -> None:
    assert s3
    fake_cli.answer(answers())
    result = destroy(run)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "tenants/offboarded/acme.yaml\n"
    for told in (
        SNAPSHOT,
        "35 days",
        "bucket workbuoy-prod-acme-files-1, every object",
        "git rm Pulumi.prod-acme.yaml",
    ):
        assert told in result.stderr
    record = yaml.safe_load((retired.root / "tenants/offboarded/acme.yaml").read_text())
    day = record["dates"]["destroyed"]
    assert record["finalSnapshot"] == SNAPSHOT
    assert record["export"] == MANIFEST
    assert record["confirmedBy"].endswith("assumed-role/deploy/ola")
    assert record["keys"]["arns"] == ["arn:aws:kms:eu-west-1:210000000003:key/k"]
    assert (record["keys"]["deletableAfter"] - day).days == 90
    assert (record["automatedBackupsEnd"] - day).days == 35
    assert len(fake_cli.calls("destroy")) == 1
    assert len(fake_cli.calls("stack", "rm")) == 1
    assert (retired.root / "Pulumi.prod-acme.yaml").exists()


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("keys-database__protect", "keys-database is protected"),
        ("database-instance__deletionProtection", "database-instance has deletion protection"),
    ],
)
@pytest.mark.usefixtures("retired", "s3")
def test_protections_that_still_stand_stop_it(run: Run, fake_cli: FakeCli, unchanged: Any, key: str, why: str) -> None:
    fake_cli.answer(answers(**{key: True}))
    result = destroy(run)
    assert result.exit_code == 1
    assert why in result.stderr
    assert not fake_cli.calls("destroy")
    assert unchanged()


def test_a_bucket_that_is_deleted_only_when_empty_counts_as_protected() -> None:
    assert not list(protections(standing()))
    assert list(protections(standing(**{"files-bucket__forceDestroy": False}))) == [
        "files-bucket is deleted only when it is empty"
    ]


def test_a_stack_that_keeps_nothing_names_no_snapshot() -> None:
    skipping = {"database-instance__skipFinalSnapshot": True, "database-instance__deleteAutomatedBackups": True}
    left = left_by(standing(**skipping))
    assert (left.final_snapshot, left.backup_days) == ("", 0)


def test_a_log_that_outlives_the_stack_is_reported_and_its_key_waits_for_it() -> None:
    kept = {"logs-service-group__skipDestroy": True, "logs-service-group__retentionInDays": 400}
    left = left_by(standing(**kept))
    assert left.log_groups == ()
    assert left.kept_logs == ("/workbuoy/prod-acme/service: each line until it is 400 days old",)
    assert (left.keys_deletable_after(date(2027, 1, 1), 90) - date(2027, 1, 1)).days == 400
    assert "log group /workbuoy/prod-acme/service: each line until" in plan_text("prod-acme", left, date(2028, 2, 5))


def test_what_the_state_does_not_show_stops_a_destruction() -> None:
    hidden = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
    assert list(protections(standing(**{"database-instance__backupRetentionPeriod": hidden}))) == [
        "database-instance: the state does not show what becomes of its automated backups"
    ]


@pytest.mark.parametrize("day", [None, "2999-01-01"])
def test_nothing_is_destroyed_before_the_day_in_the_record(
    project: Project, run: Run, fake_cli: FakeCli, day: str | None
) -> None:
    if day:
        edit(project, "tenants/acme.yaml", "signed: 2026-10-01", f"signed: 2026-10-01\n  retiring: {day}")
    result = destroy(run)
    assert result.exit_code == 1
    assert "tenants/acme.yaml: dates.retiring: acme " in result.stderr
    assert not fake_cli.calls()


@pytest.mark.parametrize(
    ("values", "address_and_why"),
    [
        ({"complete": False}, (MANIFEST, "did not end")),
        ({"tenant": "globex"}, (MANIFEST, "an export of globex")),
        ({"digest": "0" * 64}, (MANIFEST, "its digest is of other content")),
        ({}, ("s3://exports/acme/none/manifest.json", "NoSuchKey")),
        ({}, ("https://exports/manifest.json", "must read like s3://")),
        ({}, ("s3://workbuoy-prod-acme-files-1/acme/manifest.json", "goes with the stack")),
    ],
)
@pytest.mark.usefixtures("retired")
def test_export_that_is_not_there_whole_stops_it(
    run: Run, fake_cli: FakeCli, s3: FakeS3, values: dict[str, Any], address_and_why: tuple[str, str]
) -> None:
    address, why = address_and_why
    s3.put(FOLDER, changed(export_of("acme"), **values))
    fake_cli.answer(answers())
    result = destroy(run, "--export", address)
    assert result.exit_code == 1
    assert why in result.stderr
    assert not fake_cli.calls("destroy")


@pytest.mark.usefixtures("retired")
def test_export_in_a_region_that_residency_forbids_stops_it(run: Run, fake_cli: FakeCli, s3: FakeS3) -> None:
    s3.region = "us-east-1"
    fake_cli.answer(answers())
    result = destroy(run)
    assert (result.exit_code, "lies in us-east-1" in result.stderr) == (1, True)
    assert not fake_cli.calls("destroy")


def test_bucket_of_a_permanent_stack_stays_as_long_as_the_final_snapshot(
    retired: Project, run: Run, fake_cli: FakeCli, s3: FakeS3
) -> None:
    fake_cli.answer(answers(**{"files-bucket__retainOnDelete": True, "files-bucket__forceDestroy": True}))
    assert destroy(run, "--export", MANIFEST, "--keep-snapshot-days", "60").exit_code == 0
    record = yaml.safe_load((retired.root / "tenants/offboarded/acme.yaml").read_text())
    (rules,) = s3.lifecycles.values()
    assert [one["ID"] for one in rules] == ["expire-noncurrent-versions", "ends-with-the-customer"]
    day = record["dates"]["destroyed"]
    assert (rules[-1]["Expiration"]["Date"].date() - day).days == 60
    assert s3.deleted == []
    assert rules[0]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 60}, "no version ends before the snapshot"
    snapshot = next(one for one in record["remaining"] if one["what"] == "Final snapshot")
    assert (snapshot["where"], (snapshot["ends"] - day).days) == (SNAPSHOT, 60)


@pytest.mark.usefixtures("s3")
def test_without_an_export_the_reason_is_recorded(retired: Project, run: Run, fake_cli: FakeCli) -> None:
    fake_cli.answer(answers())
    assert destroy(run, "--without-export", "never went live").exit_code == 0
    record = yaml.safe_load((retired.root / "tenants/offboarded/acme.yaml").read_text())
    assert record["export"] == {"without": "never went live"}


@pytest.mark.usefixtures("retired")
def test_both_is_wrong_usage_and_so_is_nobody_to_confirm(run: Run, fake_cli: FakeCli) -> None:
    assert destroy(run, "--export", MANIFEST, "--without-export", "x").exit_code == 2
    assert run("destroy", "acme", "--export", MANIFEST).exit_code == 2
    wrong = run("destroy", "acme", "--export", MANIFEST, "--confirm", "acne")
    assert wrong.exit_code == 1
    assert "--confirm says acne, not acme; nothing was changed" in wrong.stderr
    assert not fake_cli.calls()


def test_a_destruction_that_stopped_half_way_is_finished_with_what_was_noted(
    retired: Project, run: Run, fake_cli: FakeCli, s3: FakeS3
) -> None:
    assert s3
    fake_cli.answer(answers() | {"destroy": failing("error: DependencyViolation", 255)})
    assert destroy(run).exit_code == 3
    record = retired.root / "tenants/offboarded/acme.yaml"
    assert not record.exists()
    empty = {"version": 3, "deployment": {"manifest": {}, "resources": []}}
    fake_cli.answer({"stack export": {"out": json.dumps(empty)}, "stack output": {"out": "{}"}})
    assert destroy(run).exit_code == 0
    assert yaml.safe_load(record.read_text())["finalSnapshot"] == SNAPSHOT
    assert not list(Path(retired.root / ".workbuoy/leaving").iterdir())


@pytest.mark.parametrize("gone", [False, True])
def test_a_destruction_that_ended_at_its_last_step_is_finished_too(
    retired: Project, run: Run, fake_cli: FakeCli, s3: FakeS3, gone: bool
) -> None:
    assert s3
    fake_cli.answer(answers() | {"stack rm": failing("error: the network is down", 255)})
    assert destroy(run).exit_code == 3
    record = (retired.root / "tenants/offboarded/acme.yaml").read_bytes()
    empty = {"out": json.dumps({"version": 3, "deployment": {"manifest": {}, "resources": []}})}
    unknown = {"stack --show-name": failing("error: no stack named 'prod-acme' found", 6)} if gone else {}
    fake_cli.answer({"stack export": empty} | unknown)
    result = destroy(run)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "tenants/offboarded/acme.yaml\n"
    assert (retired.root / "tenants/offboarded/acme.yaml").read_bytes() == record
    assert not list(Path(retired.root / ".workbuoy/leaving").iterdir())
    assert len(fake_cli.calls("stack", "rm")) == (1 if gone else 2)


@pytest.mark.usefixtures("retired")
@pytest.mark.parametrize("refused", ["ListObjectVersions", "DeleteObject"])
def test_who_may_not_empty_the_buckets_is_reported_before_anything_goes(
    run: Run, s3: FakeS3, fake_cli: FakeCli, refused: str
) -> None:
    fake_cli.answer(answers())
    s3.refused = refused
    result = destroy(run)
    assert result.exit_code == 4
    assert f"may not empty workbuoy-prod-acme-files-1 ({refused}: AccessDenied); nothing was changed" in result.stderr
    assert "take the role workbuoy-leaving" in result.stderr
    assert not fake_cli.calls("destroy")


@pytest.mark.usefixtures("retired")
def test_the_question_is_asked_of_each_bucket_that_goes(run: Run, s3: FakeS3, fake_cli: FakeCli) -> None:
    fake_cli.answer(answers())
    assert destroy(run).exit_code == 0
    assert s3.deleted == ["workbuoy-prod-acme-files-1"]


def test_what_comes_after_retiring_fits_the_isolation(run: Run) -> None:
    silo, pool = run("retire", "acme", "--on", "2127-01-31"), run("retire", "initech", "--on", "2127-01-31")
    assert (silo.exit_code, pool.exit_code) == (0, 0)
    assert "workbuoy tenant deploy acme" in silo.stderr
    assert "workbuoy tenant deploy" not in pool.stderr
    assert "it freezes, exports, removes and counts" in pool.stderr


def test_destroying_asks_for_nothing_before_the_customer_retires(run: Run) -> None:
    result = run("destroy", "acme")
    assert result.exit_code == 1
    assert "is not retiring: `workbuoy tenant retire acme --on DATE` first" in result.stderr
    assert "--export" not in result.stderr
