"""Under a legal hold nothing of a customer is destroyed or removed, and one line says why."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from facts.stores import Form
from operations.tenant.handover import tasks
from operations.tenant.promotion import places
from operations.tenant.remains import BY_A_PERSON, Remaining
from operations.tenant.remains_command import remains
from project.files import Project
from tests.conftest import schema_of
from tests.operations.engine.fake_cli import FakeCli
from tests.operations.tenant.conftest import Run
from tests.operations.tenant.test_reading import committed, edit  # noqa: F401  a fixture

REASON = "Case 26-104522, Oslo tingrett"
SINCE = "2026-11-20"


def hold(project: Project, name: str, more: str = "") -> None:
    edit(
        project,
        f"tenants/{name}.yaml",
        "dates:\n",
        f"dates:\n  hold:\n    since: {SINCE}\n    reason: {REASON}\n{more}",
    )


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Whatever a command would start."""
    seen: list[Any] = []
    for name in ("freeze", "hand_over", "count", "remove"):
        monkeypatch.setattr(tasks.Tasks, name, lambda *_, **__: seen.append(1))
    return seen


@pytest.mark.parametrize("name", ["acme", "initech"])
def test_destroy_refuses_with_one_line_that_names_file_and_reason(
    project: Project, run: Run, fake_cli: FakeCli, started: list[Any], name: str
) -> None:
    hold(project, name, "  retiring: 2026-11-21\n")
    result = run("destroy", name, "--confirm", name, "--without-export", "they have one")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    for told in (f"tenants/{name}.yaml: dates.hold", SINCE, REASON, "nothing is destroyed"):
        assert told in line
    assert (fake_cli.calls("stack"), started) == ([], [])


def test_promotions_removal_refuses(project: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(project, "acme", "")
    edit(project, "tenants/acme.yaml", "dates:\n", "promotion: open\ndates:\n")
    monkeypatch.setattr(places, "task_places", lambda *_: pytest.fail("nothing is asked"))
    monkeypatch.setattr("operations.tenant.promotion.places.find_promotion", lambda *_: object())
    result = run("promote", "acme", "--run", "remove", "--live", "--yes-remove", "acme")
    assert (result.exit_code, REASON in result.stderr) == (1, True)
    assert "stay in the pool" in result.stderr


def test_moves_removal_of_the_source_refuses(project: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    more = "move:\n  direction: from\n  base: prod-eu-north-1\n  region: eu-north-1\n  since: 2026-11-01\n"
    hold(project, "initech")
    edit(project, "tenants/initech.yaml", "dates:\n", f"{more}dates:\n")
    place: dict[str, Any] = {"clusterArn": "c", "filesBucketName": "b", "oneOffTaskDefinitionArn": "t"}
    outputs = {**place, "privateSubnetIds": ["s"], "serviceSecurityGroupId": "g"}
    monkeypatch.setattr("operations.tenant.standing.outputs", lambda *_: outputs)
    result = run("move", "initech", "--run", "remove", "--live", "--yes-remove", "initech")
    assert (result.exit_code, REASON in result.stderr, "the old place stays" in result.stderr) == (1, True, True)


def test_list_and_show_tell_it(project: Project, run: Run) -> None:
    hold(project, "acme", "  retiring: 2026-11-21\n")
    assert f"held {SINCE}" in next(line for line in run("list").stdout.splitlines() if line.startswith("acme"))
    shown = json.loads(run("show", "acme", "--json").stdout)
    schema_of("tenant-show").validate(shown)
    assert shown["dates"]["hold"] == {"since": SINCE, "reason": REASON}
    assert not any(one.startswith(("workbuoy tenant destroy", "workbuoy tenant retire")) for one in shown["next"])
    assert REASON in run("show", "acme").stdout


@pytest.mark.usefixtures("committed")
def test_file_of_a_held_customer_cannot_be_taken_away_not_even_with_a_record(project: Project, run: Run) -> None:
    import subprocess

    hold(project, "acme")
    git = ["git", "-C", str(project.root), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "commit", "--quiet", "--all", "--message", "held"], check=True)
    (project.root / "tenants/acme.yaml").unlink()
    (project.root / "Pulumi.prod-acme.yaml").unlink()
    (project.root / "tenants/offboarded").mkdir()
    (project.root / "tenants/offboarded/acme.yaml").write_text("name: acme\n")
    result = run("check", "--since", "main")
    assert (result.exit_code, "is removed while a legal hold stands" in result.stderr) == (1, True)


def test_check_warns_of_what_a_pool_does_not_hold(project: Project, run: Run) -> None:
    hold(project, "initech")
    result = run("check")
    told = " ".join(result.stderr.split())
    assert result.exit_code == 0
    assert "tenants/initech.yaml: dates.hold: does not keep what the customer's own people delete" in told
    hold(project, "acme")
    assert "tenants/acme.yaml" not in run("check").stderr, "a silo does"


def left(project: Project, hold: Any) -> None:
    copies = [
        Remaining(
            what="Snapshot", where="s", form=Form.FINAL_SNAPSHOT, ends=date(2027, 1, 1), how=f"{BY_A_PERSON} after"
        ),
        Remaining(what="Backups", where="b", form=Form.AUTOMATED_BACKUPS, ends=date(2027, 1, 1), how="35 days"),
    ]
    dates = {"destroyed": datetime.now(UTC).date(), "hold": hold}
    whole = {"name": "acme", "isolation": "silo", "region": "eu-west-1", "dates": dates}
    file: Path = project.root / "tenants/offboarded/acme.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(yaml.safe_dump({**whole, "remaining": [one.document() for one in copies]}))


def test_hold_after_a_leaving_fails_for_what_a_rule_ends(project: Project) -> None:
    left(project, {"since": date(2026, 11, 20), "reason": REASON})
    result = CliRunner().invoke(remains, ["acme", "--json"], catch_exceptions=False)
    document = json.loads(result.stdout)
    schema_of("tenant-remains").validate(document)
    assert document["hold"] == {"since": SINCE, "reason": REASON}
    assert result.exit_code == 3
    (line,) = result.stderr.splitlines()
    assert "Backups (b): its own rule ends it on 2027-01-01" in line, "a person keeps the snapshot"
    assert REASON in CliRunner().invoke(remains, ["acme"]).stdout


def test_hold_of_another_form_in_a_record_is_one_line(project: Project) -> None:
    left(project, "yes")
    result = CliRunner().invoke(remains, ["acme"], catch_exceptions=False)
    assert (result.exit_code, "dates.hold must have since and reason" in result.stderr) == (1, True)


def test_hold_of_one_who_moved_fails_for_what_a_rule_ends_where_it_was_before(project: Project) -> None:
    hold(project, "acme")
    copies = [{"what": "login", "where": "login", "form": "secret", "ends": datetime.now(UTC).date(), "how": "30 days"}]
    record = {"name": "acme", "isolation": "silo", "base": "prod", "region": "eu-west-1", "remaining": copies}
    file = project.root / "tenants/moved/acme-prod-2026-11-20-stack.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(yaml.safe_dump(record))
    result = CliRunner().invoke(remains, ["acme"], catch_exceptions=False)
    told = f"{result.stdout} {result.stderr}"
    assert (result.exit_code, REASON in told, "which the hold does not stop" in " ".join(told.split())) == (
        3,
        True,
        True,
    )
    before = [{**copies[0], "ends": date.fromisoformat(SINCE) - timedelta(days=1)}]
    file.write_text(yaml.safe_dump({**record, "remaining": before}))
    assert CliRunner().invoke(remains, ["acme"]).exit_code == 0, "it had ended before anybody ordered the hold"


def test_remains_of_one_who_has_not_left_tells_the_hold(project: Project) -> None:
    hold(project, "acme")
    result = CliRunner().invoke(remains, ["acme"], catch_exceptions=False)
    assert (result.exit_code, f"held since {SINCE} ({REASON})" in " ".join(result.stderr.split())) == (1, True)
