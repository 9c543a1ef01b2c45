"""What to write so that the program declares what was found: tried, not looked up."""

from typing import Any

import pytest

from operations.drift.found import judged
from operations.drift.keep import advice
from project.files import find_project
from tests.conftest import PROJECT
from tests.operations.drift.conftest import Invoke
from tests.operations.drift.world import policy_of, previewed, refreshed
from tests.operations.engine.fake_cli import FakeCli

pytestmark = pytest.mark.slow  # each tries settings by declaring the stack


def told(changed: dict[str, Any]) -> str:
    found = judged("prod", refreshed(changed)["events"])
    return advice(find_project(PROJECT), "prod", found, lambda _: None)


def test_the_setting_is_the_one_with_which_the_program_declares_what_was_found() -> None:
    text = told({"database-instance": {"backupRetentionPeriod": 35}, "logs-service-group": {"retentionInDays": 400}})
    assert "`database-instance` backupRetentionPeriod 35: Pulumi.prod.yaml, database.backupRetentionDays: 35" in text
    assert "`logs-service-group` retentionInDays 400: Pulumi.prod.yaml, service.logRetentionDays: 400" in text


def test_a_value_that_the_settings_refuse_is_reported_with_the_reason() -> None:
    text = told({"database-instance": {"backupRetentionPeriod": 1}})
    assert "Pulumi.prod.yaml decides it by database.backupRetentionDays, which does not allow that: " in text


def test_what_no_setting_decides_is_reported_to_be_the_program_s_own() -> None:
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


def test_it_is_not_called_kept_while_the_program_asks_for_something_else(invoke: Invoke, fake_cli: FakeCli) -> None:
    changed = {"database-instance": {"backupRetentionPeriod": 35}}
    result = invoke("drift", "prod", "--keep", "--yes", refresh=refreshed(changed), preview=previewed(changed))
    assert result.exit_code == 3, result.output
    assert "the program asks for something else, and the next update would change it back" in result.stderr
    assert not fake_cli.calls("up")


@pytest.mark.parametrize("position", [0, 40, -1])
def test_what_was_not_heard_whole_is_neither_kept_nor_no_drift(
    invoke: Invoke, fake_cli: FakeCli, position: int
) -> None:
    found = refreshed({"database-instance": {"backupRetentionPeriod": 35}})
    deaf = found | {"unsent": [position]}
    for arguments, answer in (((), deaf), (("--keep", "--yes"), deaf), (("--keep", "--yes"), [found, deaf])):
        result = invoke("drift", "prod", *arguments, refresh=answer, preview=previewed({}))
        assert result.exit_code == 4, result.output
        assert "so what it " in result.stderr
    assert not fake_cli.calls("up")
