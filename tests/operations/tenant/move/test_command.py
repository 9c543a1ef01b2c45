"""`workbuoy tenant move`: the plan, what it writes into the record, and what it starts where."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from infra.problems import ProblemsError
from infra.tenants.files import free_priority, read_tenant, read_tenants
from infra.tenants.listing import MOVED_FOLDER
from infra.tenants.record import Tenant
from operations import one_off
from operations.tenant import standing
from operations.tenant.move import source
from operations.tenant.move.command import move
from operations.tenant.move.steps import old_and_new, steps_of
from operations.tenant.promotion import receipts
from operations.tenant.remains_command import remains
from project.files import Project, find_project
from project.silos import retiring_on
from tests.conftest import PROJECT
from tests.operations.tenant.conftest import NothingBeside
from tests.operations.tenant.test_leaving import deployment

FROM, TO = "prod", "prod-eu-north-1"
ID = "0190a000-0000-7000-8000-000000000001"
NEEDED = (
    "clusterArn",
    "exportTaskDefinitionArn",
    "exportsBucketName",
    "oneOffTaskDefinitionArn",
    "serviceSecurityGroupId",
)
SILO = ("--listener-priority", "7", "--certificate-arn", "base")
SILO_STACKS = (f"{FROM}-acme", f"{TO}-acme")


@dataclass
class Stands:
    """Instead of the engine and ECS: what stands, what is in it, and what was started where, in order."""

    rows: dict[str, int] = field(default_factory=lambda: dict.fromkeys((FROM, TO, *SILO_STACKS), 12))
    started: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    papers: dict[str, dict[str, Any]] = field(default_factory=dict)
    stacks: set[str] = field(default_factory=lambda: {FROM, TO, SILO_STACKS[0]})
    alarms: list[dict[str, Any]] = field(default_factory=list)
    liar: bool = False
    failing: bool = False

    def opened(self, stack: str) -> Any:
        """As `operations.engine.stack.EngineStack` answers."""
        place = SimpleNamespace(endpoint_url="http://127.0.0.1", region="eu-west-1")
        outputs = {**{one: f"{one}-{stack}" for one in NEEDED}, "privateSubnetIds": ["subnet-1"]}
        return SimpleNamespace(
            name=stack,
            place=place,
            outputs=lambda: {**outputs, "filesBucketName": f"files-{stack}"},
            export=lambda: {"version": 3, "deployment": deployment()},
            stacks=lambda: tuple(self.stacks),
        )

    def begin(self, _: Any, place: one_off.TaskPlace, arguments: tuple[str, ...], label: str, __: Any) -> str:
        self.started.append((place.stack, tuple(arguments)))
        return label

    def watch(self, _: Any, place: one_off.TaskPlace, task_arn: str, __: Any) -> one_off.TaskOutcome:
        arguments = next(words for stack, words in reversed(self.started) if stack == place.stack)
        verdict: dict[str, Any] = {"done": arguments[1], "digest": "5eed" * 16}
        rows = self.rows[place.stack]
        if arguments[1] == "count":
            told = {"tenant_id": ID, "rows": {"things": rows}, "objects": rows // 2, "older_versions": 3}
            verdict |= told
        elif arguments[1] == "remove" and not self.liar:
            self.rows[place.stack] = 0
        code = 1 if self.failing else 0
        return one_off.TaskOutcome(task_arn=task_arn, exit_code=code, last_lines=("it said so",), verdict=verdict)

    def client(self, service: str, **_: Any) -> Any:
        """Of boto3, for CloudWatch, and RDS where nothing stands beside."""
        if service == "rds":
            return NothingBeside()
        assert service in ("cloudwatch", "s3")
        pages = SimpleNamespace(paginate=lambda **_: [{"MetricAlarms": self.alarms}])
        return SimpleNamespace(get_paginator=lambda _: pages)

    def commands(self) -> list[str]:
        return [arguments[1] for _, arguments in self.started]


@pytest.fixture
def root(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's files in a folder of their own, which is the current one."""
    (project.root / "bootstrap").symlink_to(PROJECT / "bootstrap")
    monkeypatch.chdir(project.root)
    return project.root


@pytest.fixture
def stands(root: Path, monkeypatch: pytest.MonkeyPatch) -> Stands:
    """Both stacks stand, and both customers' records speak of a move."""
    made = Stands()
    monkeypatch.setattr(one_off, "begin", made.begin)
    monkeypatch.setattr(one_off, "watch", made.watch)
    monkeypatch.setattr(standing, "opened", lambda _, stack: made.opened(stack))
    monkeypatch.setattr(standing, "session", lambda: made)
    monkeypatch.setattr(receipts, "read_document", lambda _, bucket, key: made.papers.get(f"{bucket}/{key}"))
    assert run("initech", "--to", TO, "--run", "open").exit_code == 0
    opened = run("acme", "--to", TO, "--run", "open", *SILO)
    assert opened.exit_code == 0, opened.stderr
    assert root == Path.cwd()
    return made


def switched(root: Path, name: str) -> None:
    """The record is switched, and that was long ago."""
    assert run(name, "--run", "switch").exit_code == 0
    file = root / f"tenants/{name}.yaml"
    long_ago = datetime.now(UTC).date() - timedelta(days=30)
    file.write_text(file.read_text().replace(datetime.now(UTC).date().isoformat(), long_ago.isoformat()))


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
        ("tenants/initech.yaml", "dates:\n", "dates:\n  retiring: 2026-12-24\n", "initech retires on 2026-12-24"),
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


def test_a_silo_does_not_move_to_a_base_stack_that_is_full(root: Path) -> None:
    account = yaml.safe_load((root / f"Pulumi.{TO}.yaml").read_text())["config"]["workbuoy:settings"]["account"]
    quota = f'{{account: "{account}", region: eu-north-1, name: RDS instances, granted: 1}}'
    (root / "fleet.yaml").write_text(f"canaries: [acme]\nquotas: [{quota}]\n")
    silo = run("acme", "--to", TO)
    assert (silo.exit_code, f"{TO} is full: RDS instances (1)" in " ".join(silo.stdout.split())) == (3, True)
    assert run("initech", "--to", TO).exit_code == 0, "who is in the pool needs no database of its own"


@pytest.mark.parametrize("asked", [("--to",), ("--run", "open", "--to")], ids=["plan", "open"])
@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("prod", "--to: initech is on prod already"),
        ("prod-mars", "--to: there is no base stack prod-mars; there are: dev, local, prod, prod-eu-north-1, staging"),
        ("prod-acme", "--to: there is no base stack prod-acme"),
    ],
)
def test_a_target_that_is_none_is_one_line_and_no_plan(root: Path, asked: tuple[str, ...], to: str, told: str) -> None:
    before = (root / "tenants/initech.yaml").read_text()
    outcome = run("initech", *asked, to)
    assert (outcome.exit_code, outcome.stdout, outcome.stderr.count("error: ")) == (1, "", 1)
    assert told in " ".join(outcome.stderr.split())
    assert (root / "tenants/initech.yaml").read_text() == before


def test_open_switch_and_close_change_the_record_and_nothing_else_in_it(root: Path, stands: Stands) -> None:
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
    assert run("initech", "--run", "close").exit_code == 1, "whether a copy is there is asked of AWS"
    assert run("initech", "--run", "close", "--live").exit_code == 0
    assert (root / "tenants/initech.yaml").read_text() == original
    assert stands.started == []


def test_a_record_is_not_closed_while_a_copy_is_in_the_place_that_it_would_forget(root: Path, stands: Stands) -> None:
    stands.papers[f"files-{TO}/imports/initech/manifest.json"] = {"lineage": "one", "number": 3}
    refused = run("initech", "--run", "close", "--live")
    assert (refused.exit_code, "--run drop" in refused.stderr) == (3, True)
    receipt = stands.papers[f"files-{FROM}/imports/initech/receipt.json"] = {"lineage": "other", "dropped": True}
    assert run("initech", "--run", "close", "--live").exit_code == 3, "the answer of another time"
    receipt["lineage"] = "one"
    assert run("initech", "--run", "close", "--live").exit_code == 0
    assert read_tenant(root, "initech").move is None


def test_a_record_that_is_switched_is_closed_only_after_the_removal(root: Path, stands: Stands) -> None:
    switched(root, "initech")
    refused = run("initech", "--run", "close", "--live")
    assert (refused.exit_code, "--run remove comes first" in " ".join(refused.stderr.split())) == (3, True)
    stands.papers[f"files-{FROM}/imports/initech/receipt.json"] = {"sums_digest": "5eed" * 16}
    assert run("initech", "--run", "remove", "--live", "--yes-remove", "initech").exit_code == 0
    assert run("initech", "--run", "close").exit_code == 0
    assert (read_tenant(root, "initech").base, read_tenant(root, "initech").move) == (TO, None)
    assert not read_tenants(root).problems


def test_each_step_runs_in_its_own_place_and_back_in_the_other(stands: Stands) -> None:
    assert run("initech", "--run", "copy").exit_code == 0
    assert stands.started == [], "without --live nothing is started"
    for step, back, stack, other in (
        ("copy", (), FROM, TO),
        ("receive", (), TO, FROM),
        ("copy", ("--back",), TO, FROM),
        ("receive", ("--back",), FROM, TO),
    ):
        stands.started.clear()
        assert run("initech", "--run", step, "--live", *back).exit_code == 0
        ((where, arguments),) = stands.started
        assert where == stack
        assert f"s3://files-{other}/imports/initech/" in arguments
        assert arguments[arguments.index("--other-region") + 1] == ("eu-north-1" if other == TO else "eu-west-1")


def test_a_cut_over_starts_the_receiver_first(stands: Stands) -> None:
    assert run("initech", "--run", "cut-over", "--live").exit_code == 0
    (first, second) = stands.started
    assert (first[0], first[1][1], "--wait" in first[1]) == (TO, "receive", True)
    assert (second[0], second[1][1]) == (FROM, "cut-over")


def test_nothing_is_removed_before_the_switch_its_days_and_a_receipt(stands: Stands, root: Path) -> None:
    asked = ("initech", "--run", "remove", "--live", "--yes-remove", "initech")
    assert run(*asked[:4]).exit_code == 1, "the name once more"
    assert "not switched" in run(*asked).stderr
    assert run("initech", "--run", "switch").exit_code == 0
    assert "7 days after the switch" in " ".join(run(*asked).stderr.split())
    switched(root, "initech")
    assert "not switched" in run(*asked).stderr, "switched back"
    switched(root, "initech")
    assert "no receipt" in " ".join(run(*asked).stderr.split())
    assert stands.started == []


def removable(stands: Stands, root: Path, name: str, stack: str) -> tuple[str, ...]:
    switched(root, name)
    stands.papers[f"files-{stack}/imports/{name}/receipt.json"] = {"sums_digest": "5eed" * 16}
    return (name, "--run", "remove", "--live", "--yes-remove", name)


def test_a_removal_is_counted_before_and_after_and_recorded_with_every_copy(stands: Stands, root: Path) -> None:
    asked = removable(stands, root, "initech", FROM)
    outcome = run(*asked)
    assert outcome.exit_code == 0, outcome.stderr
    assert {stack for stack, _ in stands.started} == {FROM}
    assert stands.commands() == ["count", "count", "remove", "count"]
    assert stands.started[2][1][-2:] == ("--receipt", "5eed" * 16)
    (written,) = (root / MOVED_FOLDER).glob("*.yaml")
    told = yaml.safe_load(written.read_text())
    assert told["moved"]["to"] == TO
    assert told["removed"] == {"rows": {"things": 12}, "objects": 6, "digest": "5eed" * 16}
    assert told["countedAfter"] == {"rows": 0, "objects": 0, "olderVersions": 3}
    backups = next(one for one in told["remaining"] if "backups" in one["what"].lower())
    assert (backups["ends"] - told["dates"]["destroyed"]).days == 35
    left = CliRunner().invoke(remains, ["initech", "--json"], catch_exceptions=False)
    assert left.exit_code == 0, left.stderr
    assert len(json.loads(left.stdout)["copies"]) == len(told["remaining"])


def test_a_removal_that_did_nothing_is_caught_and_leaves_no_record(stands: Stands, root: Path) -> None:
    asked = removable(stands, root, "initech", FROM)
    stands.liar = True
    outcome = run(*asked)
    assert (outcome.exit_code, "is still there: 12 in things" in " ".join(outcome.stderr.split())) == (1, True)
    assert not (root / MOVED_FOLDER).exists()
    stands.liar = False
    assert run(*asked).exit_code == 0


def test_a_removal_that_was_killed_records_what_was_there_before_it(stands: Stands, root: Path) -> None:
    asked = removable(stands, root, "initech", FROM)
    stands.failing = True
    assert run(*asked).exit_code == 3
    stands.failing = False
    stands.liar = True
    assert run(*asked).exit_code == 1
    stands.rows[FROM] = 0  # it removed, and the machine went before it could say so
    assert run(*asked).exit_code == 0
    (written,) = (root / MOVED_FOLDER).glob("*.yaml")
    assert yaml.safe_load(written.read_text())["removed"]["rows"] == {"things": 12}


def test_a_silo_goes_to_a_second_stack_and_its_first_is_destroyed_in_reviewed_steps(
    stands: Stands, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = root / f"Pulumi.{SILO_STACKS[1]}.yaml"
    assert "workbuoy:tenant: acme" in second.read_text()
    assert run(*removable(stands, root, "acme", SILO_STACKS[0])).exit_code == 0
    asked = ("acme", "--run", "destroy", "--live", "--yes-remove", "acme")
    too_early = run(*asked)
    assert (too_early.exit_code, "move.retiring" in too_early.stderr) == (1, True)
    assert run("acme", "--run", "retire").exit_code == 0
    project = find_project(root)
    assert retiring_on(project, SILO_STACKS[0]) is not None
    assert retiring_on(project, SILO_STACKS[1]) is None, "the stack that serves stays protected"
    assert (root / f"Pulumi.{SILO_STACKS[0]}.yaml").exists()
    closing = run("acme", "--run", "close", "--live")
    assert (closing.exit_code, "--run destroy comes first" in " ".join(closing.stderr.split())) == (3, True)
    destroyed: list[str] = []

    def destroy_silo(_: Project, tenant: Tenant, wish: Any) -> Path:
        assert wish.ask("the plan")
        destroyed.append(tenant.stack)
        assert tenant.dates.retiring is not None
        assert "nothing is left" in wish.without_export
        wish.record.write_text(yaml.safe_dump({"name": "acme", "base": FROM, "remaining": []}))
        found: Path = wish.record
        return found

    monkeypatch.setattr(source, "destroy_silo", destroy_silo)
    stands.rows[SILO_STACKS[0]] = 1
    still = run(*asked)
    assert (still.exit_code, "prod-acme still holds acme: 1 in things" in " ".join(still.stderr.split())) == (1, True)
    stands.rows[SILO_STACKS[0]] = 0
    done = run(*asked)
    assert done.exit_code == 0, done.stderr
    assert destroyed == [SILO_STACKS[0]]
    assert run("acme", "--run", "close").exit_code == 0
    tenant = read_tenant(root, "acme")
    assert (tenant.stack, tenant.move) == (SILO_STACKS[1], None)
    assert not (root / f"Pulumi.{SILO_STACKS[0]}.yaml").exists()
    assert second.exists()
    assert not read_tenants(root).problems


def test_a_silo_that_gave_a_move_up_destroys_the_second_stack_before_it_closes(stands: Stands, root: Path) -> None:
    before = (root / "tenants/acme.yaml").read_text().partition("move:")[0]
    stands.stacks.add(SILO_STACKS[1])
    refused = run("acme", "--run", "close", "--live")
    assert (refused.exit_code, f"{SILO_STACKS[1]} stands" in refused.stderr) == (3, True)
    assert run("acme", "--run", "retire").exit_code == 0
    assert retiring_on(find_project(root), SILO_STACKS[1]) is not None
    assert retiring_on(find_project(root), SILO_STACKS[0]) is None
    stands.stacks.remove(SILO_STACKS[1])
    assert run("acme", "--run", "close", "--live").exit_code == 0
    assert not (root / f"Pulumi.{SILO_STACKS[1]}.yaml").exists()
    assert (root / "tenants/acme.yaml").read_text() == before


@pytest.mark.parametrize(("name", "end"), [("initech", ""), ("acme", "-stack")])
def test_a_record_of_an_earlier_move_does_not_say_that_the_place_is_empty_now(
    stands: Stands, root: Path, name: str, end: str
) -> None:
    stands.stacks.add(SILO_STACKS[1])
    stands.papers[f"files-{TO}/imports/initech/manifest.json"] = {"lineage": "two", "number": 3}
    (root / MOVED_FOLDER).mkdir()
    earlier = f"name: {name}\nbase: {TO}\ndates:\n  retiring: 2024-01-02\n  destroyed: 2024-01-03\n"
    (root / MOVED_FOLDER / f"{name}-{TO}-2024-01-03{end}.yaml").write_text(earlier)
    assert run(name, "--run", "close", "--live").exit_code == 3
    assert read_tenant(root, name).move is not None
    if name == "acme":  # a record of the day on which this one retires
        assert run(name, "--run", "retire").exit_code == 0
        today = datetime.now(UTC).date().isoformat()
        (root / MOVED_FOLDER / f"{name}-{TO}-{today}{end}.yaml").write_text(earlier.replace("2024-01-02", today))
        assert run(name, "--run", "close").exit_code == 0


def test_a_customer_who_moves_does_not_retire_so_that_no_second_place_is_left(stands: Stands, root: Path) -> None:
    assert stands.started == []
    file = root / "tenants/acme.yaml"
    file.write_text(file.read_text().replace("signed: 2026-10-01", "signed: 2026-10-01\n  retiring: 2027-01-01"))
    with pytest.raises(ProblemsError, match="close the move first"):
        read_tenant(root, "acme")


def test_watching_tells_of_alarms_in_the_new_place_and_ends_with_3(stands: Stands) -> None:
    alarm = {"AlarmName": f"workbuoy-{TO}-errors", "AlarmActions": [f"arn:aws:sns:::workbuoy-{TO}-alarms"]}
    stands.alarms = [{**alarm, "StateValue": "OK"}]
    assert run("initech", "--run", "watch", "--live").exit_code == 0
    stands.alarms = [{**alarm, "StateValue": "ALARM"}]
    outcome = run("initech", "--run", "watch", "--live")
    assert (outcome.exit_code, f"workbuoy-{TO}-errors fires" in outcome.stdout) == (3, True)


def test_a_task_that_fails_is_reported_with_its_last_lines(stands: Stands) -> None:
    stands.failing = True
    outcome = run("initech", "--run", "copy", "--live")
    assert outcome.exit_code == 3
    assert "it said so" in outcome.stdout


@pytest.mark.usefixtures("stands")
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


def test_the_second_place_keeps_to_what_is_each_customers_own_there_and_gives_it_to_nobody_else(root: Path) -> None:
    taken = read_tenant(root, "globex").listener_priority
    refused = run("acme", "--to", TO, "--run", "open", "--listener-priority", str(taken), "--certificate-arn", "base")
    assert refused.exit_code == 1
    assert f"move.listenerPriority: {taken} is also globex's" in " ".join(refused.stderr.split())
    assert not (root / f"Pulumi.{SILO_STACKS[1]}.yaml").exists()
    assert run("acme", "--to", TO, "--run", "open", *SILO[:1], "1", *SILO[2:]).exit_code == 0
    assert free_priority(read_tenants(root).tenants, TO) == 2


def test_opening_overwrites_no_stack_and_goes_on_where_it_was_killed_and_so_does_closing(
    stands: Stands, root: Path
) -> None:
    second, record = root / f"Pulumi.{SILO_STACKS[1]}.yaml", root / "tenants/acme.yaml"
    opened, own = record.read_text(), second.read_text()
    second.unlink()  # killed while it closed
    stands.stacks.discard(SILO_STACKS[1])
    assert run("acme", "--run", "close", "--live").exit_code == 0
    second.write_text("config: {}\n")
    refused = run("acme", "--to", TO, "--run", "open", *SILO)
    assert (refused.exit_code, "nothing is overwritten" in " ".join(refused.stderr.split())) == (1, True)
    assert (second.read_text(), read_tenant(root, "acme").move) == ("config: {}\n", None)
    second.write_text(own)  # killed while it opened
    assert run("acme", "--to", TO, "--run", "open", *SILO).exit_code == 0
    assert record.read_text() == opened
