"""`workbuoy tenant move`: the plan, what it writes into the record, and what it starts where."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infra.tenants.files import read_tenant
from infra.tenants.listing import MOVED_FOLDER
from operations import one_off
from operations.tenant.move import command
from operations.tenant.move.command import move
from operations.tenant.move.steps import old_and_new, steps_of
from operations.tenant.promotion import receipts
from project.files import find_project
from tests.conftest import PROJECT

FROM, TO = "prod", "prod-eu-north-1"
OUTPUTS = {
    stack: {
        "clusterArn": f"arn:aws:ecs:::cluster/{stack}",
        "filesBucketName": f"files-{stack}",
        "oneOffTaskDefinitionArn": f"arn:aws:ecs:::task-definition/{stack}-one-off:1",
        "privateSubnetIds": ["subnet-1"],
        "serviceSecurityGroupId": "sg-1",
    }
    for stack in (FROM, TO)
}
VERDICT = {"done": "remove", "digest": "5eed" * 16, "rows": {"things": 12}, "objects_deleted": 5}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's files in a folder of their own, which is the current one."""
    import shutil

    for file in PROJECT.glob("Pulumi*.yaml"):
        shutil.copy(file, tmp_path)
    shutil.copytree(PROJECT / "tenants", tmp_path / "tenants")
    (tmp_path / "infra").mkdir()
    shutil.copy(PROJECT / "infra/__main__.py", tmp_path / "infra")
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Tasks:
    """Instead of ECS: what was started where, in order; every task ends well."""

    def __init__(self) -> None:
        self.started: list[tuple[str, tuple[str, ...]]] = []
        self.papers: dict[str, dict[str, Any]] = {}

    def begin(self, _: Any, place: one_off.TaskPlace, arguments: tuple[str, ...], label: str, __: Any) -> str:
        self.started.append((place.stack, tuple(arguments)))
        return label

    def watch(self, _: Any, __: one_off.TaskPlace, task_arn: str, ___: Any) -> one_off.TaskOutcome:
        return one_off.TaskOutcome(task_arn=task_arn, exit_code=0, last_lines=("it said so",), verdict=VERDICT)


@pytest.fixture
def tasks(root: Path, monkeypatch: pytest.MonkeyPatch) -> Tasks:
    """Both stacks stand, and initech's record speaks of the move."""
    made = Tasks()
    monkeypatch.setattr(one_off, "begin", made.begin)
    monkeypatch.setattr(one_off, "watch", made.watch)
    monkeypatch.setattr(command, "_outputs", lambda _, stack: OUTPUTS[stack])
    monkeypatch.setattr(receipts, "read_paper", lambda _, bucket, key: made.papers.get(f"{bucket}/{key}"))
    assert run("initech", "--to", TO, "--run", "open").exit_code == 0
    assert root == Path.cwd()
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(move, arguments, catch_exceptions=False)


def test_the_plan_says_where_data_stand_and_how_each_step_goes_back(root: Path) -> None:
    outcome = run("initech", "--to", TO, "--json")
    assert outcome.exit_code == 0
    plan = json.loads(outcome.stdout)
    assert {(one["region"], one["insideResidency"]) for one in plan["places"]} == {
        ("eu-west-1", True),
        ("eu-north-1", True),
    }
    assert any("state" in one["what"] for one in plan["places"])
    assert all(one["back"] for one in plan["steps"])
    assert plan["obstacles"] == []
    assert plan["frozenSeconds"] > 0
    assert (root / "tenants/initech.yaml").read_text() == (PROJECT / "tenants/initech.yaml").read_text()


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("tenants/initech.yaml", "residency: eu\n", "residency: ie\n", "eu-north-1 (target"),
        ("Pulumi.prod.yaml", "nat: per-zone", "nat: none", "prod has no way out"),
        ("Pulumi.prod-eu-north-1.yaml", 'account: "', 'account: "9', "different accounts"),
    ],
)
def test_what_forbids_a_move_is_said_before_anything_is_written(
    root: Path, file: str, old: str, new: str, told: str
) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))
    before = (root / "tenants/initech.yaml").read_text()
    outcome = run("initech", "--to", TO, "--run", "open")
    assert outcome.exit_code == 3
    assert told in " ".join(outcome.stderr.split())
    assert (root / "tenants/initech.yaml").read_text() == before
    assert run("initech", "--to", TO).exit_code == 3, "a plan with obstacles does not pass either"


@pytest.mark.usefixtures("tasks")
def test_open_switch_and_close_change_the_record_and_nothing_else_in_it(root: Path) -> None:
    original = (PROJECT / "tenants/initech.yaml").read_text()
    opened = (root / "tenants/initech.yaml").read_text()
    assert opened.startswith(original)
    assert run("initech", "--run", "switch").exit_code == 0
    tenant = read_tenant(root, "initech")
    assert (tenant.base, tenant.region) == (TO, "eu-north-1")
    assert tenant.move is not None
    assert (tenant.move.direction, tenant.move.base, tenant.move.since) == ("from", FROM, datetime.now(UTC).date())
    old, new = old_and_new(tenant)
    assert (old.stack, new.stack) == (FROM, TO)
    assert run("initech", "--run", "switch").exit_code == 0  # and back
    assert read_tenant(root, "initech").base == FROM
    assert run("initech", "--run", "close").exit_code == 0
    assert (root / "tenants/initech.yaml").read_text() == original


def test_each_step_runs_in_its_own_place_and_back_in_the_other(tasks: Tasks) -> None:
    assert run("initech", "--run", "copy").exit_code == 0
    assert tasks.started == [], "without --live nothing is started"
    for step, back, stack, other in (
        ("copy", (), FROM, TO),
        ("receive", (), TO, FROM),
        ("copy", ("--back",), TO, FROM),
        ("receive", ("--back",), FROM, TO),
    ):
        tasks.started.clear()
        assert run("initech", "--run", step, "--live", *back).exit_code == 0
        ((where, arguments),) = tasks.started
        assert where == stack
        assert f"s3://files-{other}/imports/initech/" in arguments
        assert arguments[arguments.index("--other-region") + 1] == ("eu-north-1" if other == TO else "eu-west-1")


def test_a_cut_over_starts_the_receiver_first(tasks: Tasks) -> None:
    assert run("initech", "--run", "cut-over", "--live").exit_code == 0
    (first, second) = tasks.started
    assert (first[0], first[1][1], "--wait" in first[1]) == (TO, "receive", True)
    assert (second[0], second[1][1]) == (FROM, "cut-over")


def test_nothing_is_removed_before_the_switch_its_days_and_a_receipt(tasks: Tasks, root: Path) -> None:
    asked = ("initech", "--run", "remove", "--live", "--yes-remove", "initech")
    assert run(*asked[:4]).exit_code == 1, "the name once more"
    assert "not switched" in run(*asked).stderr
    assert run("initech", "--run", "switch").exit_code == 0
    assert "7 days after the switch" in " ".join(run(*asked).stderr.split())
    file = root / "tenants/initech.yaml"
    long_ago = date.today() - timedelta(days=30)
    file.write_text(file.read_text().replace(datetime.now(UTC).date().isoformat(), long_ago.isoformat()))
    assert "no receipt" in " ".join(run(*asked).stderr.split())
    assert tasks.started == []
    tasks.papers[f"files-{FROM}/imports/initech/receipt.json"] = {"sums_digest": "5eed" * 16}
    outcome = run(*asked)
    assert outcome.exit_code == 0, outcome.stderr
    ((where, arguments),) = tasks.started
    assert where == FROM
    assert arguments[-2:] == ("--receipt", "5eed" * 16)
    (written,) = (root / MOVED_FOLDER).glob("*.yaml")
    text = written.read_text()
    assert "automated backups of the database" in text
    assert "5eed" in text


def test_a_task_that_fails_is_told_with_its_last_lines(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(*arguments: Any) -> one_off.TaskOutcome:
        return replace(tasks.watch(*arguments), exit_code=1)

    monkeypatch.setattr(one_off, "watch", failed)
    outcome = run("initech", "--run", "copy", "--live")
    assert outcome.exit_code == 3
    assert "it said so" in outcome.stdout


@pytest.mark.usefixtures("tasks")
def test_a_second_move_waits_for_the_end_of_the_first(root: Path) -> None:
    outcome = run("initech", "--to", "staging")
    assert outcome.exit_code == 1
    assert "end that move first" in " ".join(outcome.stderr.split())
    assert find_project(root).root == root


def test_every_step_by_a_task_names_a_command_of_the_image() -> None:
    """The service's own list, which its entry point for one-off work holds people to."""
    listed = (PROJECT.parents[2] / "app/workbuoy_app/one_off.py").read_text()
    tenant = read_tenant(PROJECT, "initech")
    for step in steps_of(tenant, TO, 7):
        if step.arguments:
            assert f'"{step.arguments[1]}"' in listed
