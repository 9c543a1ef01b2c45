"""What to write so that the program declares what was found: tried, not looked up."""

from types import SimpleNamespace
from typing import Any

import pytest

from graph.plan import PlanStep
from operations.drift.found import judged
from operations.drift.keep import advice
from operations.drift.put_back import Looked, Run
from operations.engine.errors import FailedError
from project.files import find_project
from tests.conftest import PROJECT
from tests.operations.drift.conftest import Invoke
from tests.operations.drift.world import policy_of, previewed, refreshed
from tests.operations.engine.fake_cli import FakeCli


def told(changed: dict[str, Any]) -> str:
    found = judged("prod", refreshed(changed)["events"])
    return advice(find_project(PROJECT), "prod", found, lambda _: None)


def test_the_setting_is_the_one_with_which_the_program_declares_what_was_found() -> None:
    text = told({"database-instance": {"backupRetentionPeriod": 35}, "logs-service-group": {"retentionInDays": 400}})
    assert "`database-instance` backupRetentionPeriod 35: Pulumi.prod.yaml, database.backupRetentionDays: 35" in text
    assert "`logs-service-group` retentionInDays 400: Pulumi.prod.yaml, service.logRetentionDays: 400" in text


def test_a_value_that_the_settings_refuse_is_told_with_the_reason() -> None:
    text = told({"database-instance": {"backupRetentionPeriod": 1}})
    assert "Pulumi.prod.yaml decides it by database.backupRetentionDays, which does not allow that: " in text


def test_what_no_setting_decides_is_told_to_be_the_program_s_own() -> None:
    def more(document: dict[str, Any]) -> None:
        document["Statement"][0]["Action"].append("s3:ListBucketVersions")

    text = told({"service-task-policy": policy_of("service-task-policy", more), "files-versioning": None})
    assert "it comes from no single setting" in text
    assert "- `files-versioning`: take it out of " in text


def test_it_is_kept_once_the_program_asks_for_what_was_found(invoke: Invoke, fake_cli: FakeCli) -> None:
    found = refreshed({"database-instance": {"backupRetentionPeriod": 35}})
    result = invoke("drift", "prod", "--keep", "--yes", refresh=found, preview=previewed({}))
    assert result.exit_code == 0, result.stderr
    assert "database.backupRetentionDays: 35" in result.stdout
    assert "prod: kept; the program, the state and the cloud say the same" in result.stdout
    assert len(fake_cli.calls("up")) == 1, "the state would go on to count as drifted"


def test_it_is_not_called_kept_while_the_program_asks_for_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the command it failed in one of two whole runs, for a reason that was not found (2026-11-26)."""
    found = judged("prod", refreshed({"database-instance": {"backupRetentionPeriod": 35}})["events"])
    step = PlanStep(op="update", urn=found[0].urn, old=None, new=None)
    monkeypatch.setattr(Run, "_taken_in", lambda *_: Looked(found, None))
    monkeypatch.setattr(Run, "_reviewed", lambda _: SimpleNamespace(plan=SimpleNamespace(steps=(step,))))
    only_named: Any = SimpleNamespace(name="prod")  # an update would be an error of its own
    run = Run(
        project=find_project(PROJECT), opened=only_named, confirmed=lambda _: True, tell=lambda _: None, show=print
    )
    with pytest.raises(FailedError, match="the program asks for something else, and the next update would change it"):
        run.keep(lambda _: "")
