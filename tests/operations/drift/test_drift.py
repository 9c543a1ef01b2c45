"""Drift is told by resource and property, and never written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from facts import tokens as t
from operations.drift.found import Drifted
from operations.drift.nested import Difference
from operations.drift.text import rows_of
from operations.main import main
from project.files import Project
from tests.operations.engine.fake_cli import FakeCli

BASE = "urn:pulumi:local::workbuoy::workbuoy:aws:Database$aws:rds/instance:Instance::"


def found(op: str, name: str, old: dict[str, Any], new: dict[str, Any] | None) -> dict[str, Any]:
    """As the engine's event says what a refresh found (CLI 3.260)."""

    def state(outputs: dict[str, Any] | None) -> dict[str, Any] | None:
        if outputs is None:
            return None
        head = {"type": "aws:rds/instance:Instance", "urn": BASE + name, "id": name, "parent": "", "provider": ""}
        return head | {"inputs": {"backupRetentionPeriod": 1, "password": "[secret]"}, "outputs": outputs}

    metadata = {
        "op": op,
        "urn": BASE + name,
        "type": "aws:rds/instance:Instance",
        "provider": "",
        "old": state(old),
        "new": state(new),
        "detailedDiff": None,
    }
    return {"resOutputsEvent": {"metadata": metadata}}


SUMMARY = {"summaryEvent": {"resourceChanges": {"same": 1, "update": 1, "delete": 1}}}
CHANGED = found(
    "update",
    "database-instance",
    {"backupRetentionPeriod": 1, "password": "[secret]", "latestRestorableTime": "a"},
    {"backupRetentionPeriod": 0, "password": "hunter2", "latestRestorableTime": "b"} | {"password": "[secret]"},
)
GONE = found("delete", "database-replica", {"backupRetentionPeriod": 1}, None)
SAME = found("same", "database-other", {"backupRetentionPeriod": 1}, {"backupRetentionPeriod": 1})


@pytest.fixture
def drift(fake_cli: FakeCli, made_project: Project, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(made_project.root)

    def run(*events: dict[str, Any], options: tuple[str, ...] = ()) -> Result:
        fake_cli.answer({"refresh": {"events": [*events, SUMMARY]}})
        return CliRunner().invoke(main, ["drift", "local", *options])

    return run


def test_what_differs_is_named_with_its_property_and_what_the_cloud_computes_is_not(
    drift: Callable[..., Result], fake_cli: FakeCli
) -> None:
    result = drift(CHANGED, GONE, SAME)
    assert result.exit_code == 3
    assert "## local: 2 resources drifted, 2 of them dangerous" in result.stdout
    assert "- `database-instance` (aws:rds/instance:Instance)\n" in result.stdout
    assert "  - backupRetentionPeriod: `1` → `0`\n" in result.stdout
    assert "- `database-replica` (aws:rds/instance:Instance) is gone" in result.stdout
    assert "latestRestorableTime" not in result.stdout
    assert "database-other" not in result.stdout
    (call,) = fake_cli.calls("refresh")
    assert "--preview-only" in call["args"]
    assert "--yes" not in call["args"]


def test_a_firewall_that_only_counts_or_stands_nowhere_any_more_is_dangerous_drift(
    drift: Callable[..., Result],
) -> None:
    balancer = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/x/1"

    def of(token: str, op: str, old: dict[str, Any], new: dict[str, Any] | None) -> dict[str, Any]:
        event = found(op, "waf", old, new)
        metadata = event["resOutputsEvent"]["metadata"]
        urn = metadata["urn"].replace("aws:rds/instance:Instance", token)
        states = {
            key: metadata[key] and metadata[key] | {"type": token, "urn": urn, "inputs": metadata[key]["outputs"]}
            for key in ("old", "new")
        }
        return {"resOutputsEvent": {"metadata": metadata | {"type": token, "urn": urn} | states}}

    blocks = {"rules": [{"name": "rate", "priority": 0, "action": {"block": {}}}]}
    counts = {"rules": [{"name": "rate", "priority": 0, "action": {"count": {}}}]}
    place = {"resourceArn": balancer, "webAclArn": "arn:acl"}
    result = drift(of(t.WEB_ACL, "update", blocks, counts), of(t.WEB_ACL_ASSOCIATION, "delete", place, None))
    assert result.exit_code == 3
    assert "## local: 2 resources drifted, 2 of them dangerous" in result.stdout
    assert "rules that refuse requests" in result.stdout
    assert "a web application firewall before it" in result.stdout


def test_json_names_properties_without_values(drift: Callable[..., Result]) -> None:
    result = drift(CHANGED, GONE, options=("--json",))
    body = json.loads(result.stdout)
    assert body["drifted"] is True
    first, second = sorted(body["resources"], key=lambda one: str(one["urn"]))
    assert (first["urn"], first["gone"], first["properties"]) == (
        BASE + "database-instance",
        False,
        ["backupRetentionPeriod"],
    )
    assert first["dangers"] == ["backupRetentionPeriod 1 → 0 (point-in-time recovery, days)"]
    assert (second["urn"], second["gone"], second["properties"]) == (BASE + "database-replica", True, [])
    assert "hunter2" not in result.stdout


def test_without_drift_it_exits_with_0(drift: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "drift.md"
    result = drift(SAME, options=("--markdown", str(file)))
    assert result.exit_code == 0
    assert file.read_text() == result.stdout == "## local: no drift\n\nEverything is as the last deployment left it.\n"


def test_what_would_stop_a_review_comes_first_and_says_why(drift: Callable[..., Result]) -> None:
    harmless = found("update", "database-a", {"backupRetentionPeriod": 1}, {"backupRetentionPeriod": 7})
    result = drift(harmless, CHANGED)
    first, second = result.stdout.index("`database-instance`"), result.stdout.index("`database-a`")
    assert first < second
    assert "**backupRetentionPeriod 1 → 0 (point-in-time recovery, days)**" in result.stdout


def test_it_does_not_claim_that_an_update_puts_anything_back(drift: Callable[..., Result]) -> None:
    result = drift(CHANGED)
    assert "An update alone puts none of this back" in result.stdout
    assert "`workbuoy drift local --put-back`" in result.stdout


def test_beside_the_refresh_the_cli_tells_its_version_and_the_history_alone(
    drift: Callable[..., Result], fake_cli: FakeCli
) -> None:
    assert drift(SAME).exit_code == 0
    assert [one["args"][:2] for one in fake_cli.calls()] == [
        ["version"],
        ["refresh", "--preview-only"],
        ["stack", "history"],
    ]


def test_values_that_are_long_are_shown_where_they_differ() -> None:
    begin = "x" * 300
    grants = {"Sid": "All", "Effect": "Allow", "Action": [f"s3:Get{number}" for number in range(30)]}
    one = Drifted(
        urn=f"{BASE}policy",
        differences=(
            Difference("text", f"{begin}OLD{'y' * 200}", f"{begin}NEW{'y' * 200}"),
            Difference("policy.Statement[All]", None, grants),
            Difference("password", "[secret]", "[secret]" * 40),
        ),
    )
    text, statement, secret = rows_of(one)[-3:]
    assert "xxxOLDyyy" in text
    assert "xxxNEWyyy" in text
    assert "503 characters" in text
    assert '(unset) → `{"Sid": "All", "Effect": "Allow", "Action": ["s3:Get0"' in statement
    assert secret == "  - password: (changed) → (changed)"
