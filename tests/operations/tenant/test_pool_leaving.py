"""A pool tenant is removed against its export, counted by another, and every interruption goes on."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from facts.stores import Form
from infra.problems import ProblemsError
from infra.tenants.files import read_tenant
from infra.tenants.record import Tenant
from operations.tenant import destroy
from operations.tenant.handover import tasks
from operations.tenant.handover.reading import VerifiedExport, Wanted, verify_export
from operations.tenant.handover.tasks import TaskFailedError
from operations.tenant.pool_leaving import PoolLeaving
from operations.tenant.remains import Remaining
from project.files import Project
from tests.conftest import PROJECT
from tests.operations.engine.fake_cli import FakeCli
from tests.operations.tenant.conftest import Run
from tests.operations.tenant.handover.exports import TENANT_ID, ExportsBucket, changed, export_of, rows_of
from tests.operations.tenant.test_leaving import deployment
from tests.operations.tenant.test_reading import edit

NAME = "initech"
FOLDER = f"{NAME}/20261126T093000Z"
MANIFEST = json.loads(export_of(NAME)["manifest.json"])


class Killed(BaseException):
    """The machine went."""


@dataclass
class Database:
    """What the image's tasks do to a customer; `liar` says that it removed and did not."""

    bucket: ExportsBucket = field(default_factory=ExportsBucket)
    rows: dict[str, int] = field(default_factory=lambda: {name: len(rows) for name, rows in rows_of(NAME).items()})
    objects: int = 1
    frozen: bool = False
    liar: bool = False
    done: list[str] = field(default_factory=list)
    killed_before: int = -1
    killed_after: int = -1

    def freeze(self) -> Mapping[str, Any]:
        return self._do("freeze", self._freeze)

    def hand_over(self) -> Mapping[str, Any]:
        def export() -> Mapping[str, Any]:
            assert self.frozen, "an export of a customer that goes on is of yesterday"
            return {"address": self.bucket.put(FOLDER, export_of(NAME))}

        return self._do("hand-over", export)

    def count(self, tenant_id: str = "") -> Mapping[str, Any]:
        def counted() -> Mapping[str, Any]:
            if not (tenant_id or self.rows["tenants"]):
                raise TaskFailedError(f"There is no tenant {NAME} in this database.")
            digest = MANIFEST["digest"] if self.rows["tenants"] else None
            told = {"tenant_id": TENANT_ID, "digest": digest, "objects": self.objects, "older_versions": 3}
            return {**told, "rows": dict(self.rows)}

        return self._do("count", counted)

    def remove(self, digest: str) -> Mapping[str, Any]:
        def removed() -> Mapping[str, Any]:
            if not self.rows["tenants"]:
                raise TaskFailedError(f"There is no tenant {NAME} in this database.")
            assert digest == MANIFEST["digest"]
            if not self.liar:
                self.rows, self.objects = dict.fromkeys(self.rows, 0), 0
            return {"done": "remove"}

        return self._do("remove", removed)

    def _freeze(self) -> Mapping[str, Any]:
        self.frozen = True
        return {"frozen_at": "2026-11-26T09:29:00+00:00"}

    def _do(self, name: str, work: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        number = len(self.done)
        self.done.append(name)
        if number == self.killed_before:
            raise Killed
        told = work()
        if number == self.killed_after:
            raise Killed
        return told


def leaving(database: Database, folder: Path, export: str | None = None, *, named: bool = True) -> PoolLeaving:
    tenant: Tenant = read_tenant(PROJECT, NAME)
    wanted = Wanted(tenant=NAME, region="eu-west-1", allowed_regions=("eu-west-1",))

    def read(address: str) -> VerifiedExport:
        return verify_export(database.bucket, address, wanted, datetime.now(UTC))

    return PoolLeaving(
        tenant=tenant,
        tasks=database,  # type: ignore[arg-type]
        read=read,
        ask=lambda _: named,
        notify=lambda _: None,
        draft=folder / "draft.json",
        export=export,
    )


def test_customer_is_frozen_exported_counted_removed_and_counted_again(tmp_path: Path) -> None:
    database = Database()
    done = leaving(database, tmp_path).take(with_export=True)
    assert database.done == ["freeze", "count", "hand-over", "count", "remove", "count"]
    assert done["exportDigest"] == MANIFEST["digest"]
    assert not any(done["after"]["rows"].values())


def test_removal_that_did_nothing_is_caught(tmp_path: Path) -> None:
    database = Database(liar=True)
    with pytest.raises(ProblemsError) as caught:
        leaving(database, tmp_path).take(with_export=True)
    told = str(caught.value.problems[0])
    assert "was said to be removed, and is still there: 1 in tenants, 1 in things" in told
    assert "No record is written" in told


def test_export_of_another_day_removes_nothing(tmp_path: Path) -> None:
    database = Database()
    files = export_of(NAME)
    database.rows["things"] += 1
    address = database.bucket.put(FOLDER, files)
    with pytest.raises(ProblemsError) as caught:
        leaving(database, tmp_path, address).take(with_export=True)
    assert "is not of what is there now; nothing was removed" in str(caught.value.problems[0])
    assert "remove" not in database.done


def test_tampered_export_removes_nothing(tmp_path: Path) -> None:
    database = Database()
    address = database.bucket.put(FOLDER, changed(export_of(NAME), digest="0" * 64))
    with pytest.raises(ProblemsError):
        leaving(database, tmp_path, address).take(with_export=True)
    assert "remove" not in database.done


def test_without_an_export_it_is_removed_against_what_was_counted(tmp_path: Path) -> None:
    database = Database()
    done = leaving(database, tmp_path).take(with_export=False)
    assert "hand-over" not in database.done
    assert "export" not in done


def test_wrong_name_removes_nothing_and_exports_no_second_time(tmp_path: Path) -> None:
    database = Database()
    with pytest.raises(ProblemsError):
        leaving(database, tmp_path, named=False).take(with_export=True)
    assert "remove" not in database.done
    leaving(database, tmp_path).take(with_export=True)
    assert database.done.count("hand-over") == 1


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(6))
def test_killed_at_every_step_the_same_command_goes_on(tmp_path: Path, step: int, moment: str) -> None:
    database = Database()
    setattr(database, f"killed_{moment}", step)
    with pytest.raises(Killed):
        leaving(database, tmp_path).take(with_export=True)
    done = leaving(database, tmp_path).take(with_export=True)
    assert done["before"]["rows"]["things"] == 1
    assert not any(database.rows.values())
    assert database.objects == 0


@pytest.fixture
def signed_out(
    project: Project,
    prod_signed_in: None,  # noqa: ARG001
    fake_cli: FakeCli,
    monkeypatch: pytest.MonkeyPatch,
) -> Database:
    """initech's day has come; its base's outputs and tasks are the test's."""
    edit(project, f"tenants/{NAME}.yaml", "signed: 2026-11-02", "signed: 2026-11-02\n  retiring: 2026-11-03")
    fake_cli.answer({"stack export": {"out": json.dumps({"version": 3, "deployment": deployment()})}})
    database = Database()
    monkeypatch.setattr(destroy, "find_place", lambda *_: None)
    monkeypatch.setattr(destroy, "Tasks", lambda *_: database)
    beside = Remaining(what="Snapshot of x", where="by-hand", form=Form.FINAL_SNAPSHOT, ends=None, how="a person")
    monkeypatch.setattr(destroy, "put_aside", lambda *_: [beside])
    monkeypatch.setattr("boto3.client", lambda *_, **__: database.bucket)
    return database


def test_record_names_what_was_removed_and_every_copy_with_its_last_day(
    signed_out: Database, project: Project, run: Run
) -> None:
    result = run("destroy", NAME, "--confirm", NAME)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"tenants/offboarded/{NAME}.yaml\n"
    record = yaml.safe_load((project.root / f"tenants/offboarded/{NAME}.yaml").read_text())
    assert record["removed"] == {"rows": MANIFEST_ROWS, "objects": 1, "digest": MANIFEST["digest"]}
    assert record["countedAfter"] == {"rows": 0, "objects": 0, "olderVersions": 3}
    assert record["tenantId"] == TENANT_ID
    assert record["export"].endswith(f"{FOLDER}/manifest.json")
    backups = next(one for one in record["remaining"] if "backups" in one["what"].lower())
    assert (backups["ends"] - record["dates"]["destroyed"]).days == 35
    assert "by-hand" in [one["where"] for one in record["remaining"]]
    assert all(one["ends"] is None or isinstance(one["ends"], date) for one in record["remaining"])
    assert signed_out.done[-1] == "count"
    assert not (project.root / f".workbuoy/leaving/{NAME}.json").exists()


MANIFEST_ROWS = {name: len(rows) for name, rows in rows_of(NAME).items()}


def test_liar_writes_no_record(signed_out: Database, project: Project, run: Run) -> None:
    signed_out.liar = True
    result = run("destroy", NAME, "--confirm", NAME)
    assert result.exit_code == 1
    assert "is still there" in result.stderr
    assert not (project.root / f"tenants/offboarded/{NAME}.yaml").exists()


def test_task_that_fails_is_one_line_and_exit_3(
    signed_out: Database, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise tasks.TaskFailedError("tenant remove ended with 1: S3 does not let us delete")

    monkeypatch.setattr(signed_out, "remove", refuse)
    result = run("destroy", NAME, "--confirm", NAME)
    assert (result.exit_code, "S3 does not let us delete" in result.stderr) == (3, True)
