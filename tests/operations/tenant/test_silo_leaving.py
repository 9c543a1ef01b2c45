"""A silo's `destroy` freezes and exports by itself, reads the export again, and goes on under the other role."""

# ruff: noqa: F811 - fixtures are asked for by the names that they are imported under

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from operations.tenant.handover import tasks
from project.files import Project
from tests.operations.engine.fake_cli import FakeCli
from tests.operations.tenant.conftest import Run
from tests.operations.tenant.handover.exports import TENANT_ID, changed, export_of, rows_of
from tests.operations.tenant.test_leaving import FOLDER, FakeS3, answers, retired, s3  # noqa: F401

OUTPUTS = {
    "clusterArn": "c",
    "exportTaskDefinitionArn": "export:1",
    "exportsBucketName": "exports",
    "filesBucketName": "files",
    "oneOffTaskDefinitionArn": "one-off:1",
    "privateSubnetIds": ["s"],
    "serviceSecurityGroupId": "g",
}


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch, s3: FakeS3, fake_cli: FakeCli, retired: Project) -> list[str]:
    """What the image's tasks did; the export is of what they counted."""
    assert retired
    seen: list[str] = []

    def run(_: tasks.Tasks, __: Any, action: str, *___: str, **____: str) -> Mapping[str, Any]:
        seen.append(action)
        if action == "hand-over":
            return {"address": s3.put(FOLDER, export_of("acme"))}
        counted = {name: len(rows) for name, rows in rows_of("acme").items()}
        digest = json.loads(export_of("acme")["manifest.json"])["digest"]
        told = {"tenant_id": TENANT_ID, "digest": digest, "rows": counted, "objects": 1}
        return told if action == "count" else {"frozen_at": "2026-11-26T09:29:00+00:00"}

    monkeypatch.setattr(tasks.Tasks, "_run", run)
    fake_cli.answer(answers() | {"stack output": {"out": json.dumps(OUTPUTS)}})
    return seen


def destroy(run: Run) -> Any:
    return run("destroy", "acme", "--confirm", "acme")


def test_frozen_counted_exported_and_read_before_the_stack_goes(
    done: list[str],
    retired: Project,
    run: Run,
    fake_cli: FakeCli,
) -> None:
    result = destroy(run)
    assert result.exit_code == 0, result.stderr
    assert done == ["freeze", "count", "hand-over"]
    record = yaml.safe_load((retired.root / "tenants/offboarded/acme.yaml").read_text())
    assert record["export"] == f"s3://exports/{FOLDER}/manifest.json"
    assert len(fake_cli.calls("destroy")) == 1
    assert not list((retired.root / ".workbuoy/leaving").iterdir())


def test_role_that_takes_stacks_down_goes_on_with_the_export_of_the_one_that_starts_tasks(
    done: list[str],
    run: Run,
    s3: FakeS3,
    fake_cli: FakeCli,
) -> None:
    s3.refused = "ListObjectVersions"
    result = destroy(run)
    assert (result.exit_code, "take the role workbuoy-leaving" in result.stderr) == (4, True)
    assert not fake_cli.calls("destroy")
    s3.refused = ""
    assert destroy(run).exit_code == 0
    assert done == ["freeze", "count", "hand-over"], "no task is started again"


@pytest.mark.usefixtures("done")
def test_export_of_something_else_than_what_was_counted_stops_it(
    monkeypatch: pytest.MonkeyPatch, run: Run, fake_cli: FakeCli
) -> None:
    monkeypatch.setattr("operations.tenant.silo_leaving.is_of", lambda *_: False)
    result = destroy(run)
    assert (result.exit_code, "is not of what is there now; nothing was destroyed" in result.stderr) == (1, True)
    assert not fake_cli.calls("destroy")


def test_export_that_was_noted_and_is_too_old_is_made_anew(done: list[str], run: Run, s3: FakeS3) -> None:
    s3.refused = "ListObjectVersions"
    destroy(run)
    s3.refused = ""
    old = (datetime.now(UTC) - timedelta(days=9)).isoformat(timespec="seconds")
    s3.put(FOLDER, changed(export_of("acme"), made_at=old, frozen_at=old))
    assert destroy(run).exit_code == 1
    assert destroy(run).exit_code == 0
    assert done == ["freeze", "count", "hand-over"] * 2
