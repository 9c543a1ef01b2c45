"""`workbuoy restore switch`: a copy takes the place of what serves, and back, whatever is killed on the way."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from click.testing import CliRunner, Result
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.rds.models import rds_backends

from facts import tokens as t
from graph.plan import Plan, PlanStep
from operations.ending import notify
from operations.engine.errors import MistakenError
from operations.engine.order import COMMIT
from operations.evidence.items import State
from operations.evidence.recorded import of_kind
from operations.restore import copy as copies
from operations.restore import stack_commands
from operations.restore.command import restore
from operations.restore.instances import WAY_BACK, Instances
from operations.restore.moment import run_name
from operations.restore.places import SwitchPlace
from operations.restore.steps import StepFailedError
from operations.restore.switching import Switch, replacements
from project.files import find_project
from rehearsal.patches import _own_resource_ids
from tests.conftest import PROJECT, ROOT, schema_of
from tests.operations.history import commit, git
from tests.operations.restore.world import BEFORE, COPY, NOW, REGION, SERVICE, SOURCE, World

AT = NOW - timedelta(hours=2)
SCALED = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
RESOURCE = f"service/prod/{SERVICE}"
DECLARED_TAGS = {"owner": "platform"}


@dataclass
class Opened:
    """A stack under the engine: which database its state knows, and how often it was updated."""

    name: str = "prod"
    knows: str = ""
    updates: int = 0
    deployed: str = ""

    def tags(self) -> dict[str, str]:
        return {COMMIT: self.deployed} if self.deployed else {}

    def adopt(self, type_: str, identifier: str, resource_id: str, **_: object) -> None:
        assert (type_, identifier) == (t.DATABASE, SOURCE)
        self.knows = resource_id


@pytest.fixture(autouse=True)
def adopted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.engine.adopt.adopt", Opened.adopt)


@dataclass
class Scene:
    """The stack in moto, and its two databases by RDS's ids."""

    world: World
    opened: Opened
    old: str
    new: str
    session: Any = field(default_factory=boto3.Session)

    def ids(self) -> dict[str, str]:
        return {name: one["DbiResourceId"] for name, one in self.world.instances().items()}

    def tags(self, name: str) -> dict[str, str]:
        return copies.tags_of(self.world.instances()[name])

    def desired(self) -> int:
        (found,) = self.world.ecs.describe_services(cluster="prod", services=[SERVICE])["services"]
        count: int = found["desiredCount"]
        return count

    def suspended(self) -> bool:
        found = self.world.scaling.describe_scalable_targets(**SCALED, ResourceIds=[RESOURCE])["ScalableTargets"]
        return any((found[0].get("SuspendedState") or {}).values())


@pytest.fixture
def scene(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A database with everything that a copy comes without, and a copy that was found good."""
    undo = _own_resource_ids()
    world.begin_anew()
    world.rds.modify_db_instance(
        DBInstanceIdentifier=SOURCE,
        MultiAZ=True,
        DeletionProtection=True,
        CopyTagsToSnapshot=True,
        PreferredBackupWindow="01:00-02:00",
        MaxAllocatedStorage=100,
        EnableIAMDatabaseAuthentication=True,
        CloudwatchLogsExportConfiguration={"EnableLogTypes": ["postgresql", "upgrade"]},
    )
    tags = {**DECLARED_TAGS, copies.AT: run_name(AT), copies.EXPIRES: run_name(NOW), copies.FIT: run_name(NOW)}
    world.rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier=SOURCE,
        TargetDBInstanceIdentifier=COPY,
        UseLatestRestorableTime=True,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    world.rds.modify_db_instance(  # moto's copy has everything that its source has
        DBInstanceIdentifier=COPY,
        MultiAZ=False,
        DeletionProtection=False,
        VpcSecurityGroupIds=[world.outputs["restoredSecurityGroupId"]],
    )
    world.ecs.update_service(cluster="prod", service=SERVICE, desiredCount=2)
    world.scaling.register_scalable_target(
        **SCALED,
        ResourceId=RESOURCE,
        MinCapacity=2,
        MaxCapacity=6,
        SuspendedState=dict.fromkeys(
            ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), False
        ),
    )
    ids = {name: one["DbiResourceId"] for name, one in world.instances().items()}
    made = Scene(world, Opened(knows=ids[SOURCE]), ids[SOURCE], ids[COPY])

    def update(_: Switch) -> Mapping[str, Any]:
        made.opened.updates += 1
        return {"changes": {"update": 3}}

    monkeypatch.setattr(Switch, "_review", lambda _: None)
    monkeypatch.setattr(Switch, "_update", update)
    monkeypatch.setattr(Switch, "_start", lambda self: self.service.start())
    monkeypatch.setattr(stack_commands, "_switching", lambda _, at_text: made_switch(made, at_text))
    yield made
    undo()


def made_switch(scene: Scene, at_text: str | None) -> Switch:
    outputs = scene.world.outputs
    place = SwitchPlace(
        stack="prod",
        region=REGION,
        cluster_arn=outputs["clusterArn"],
        service=SERVICE,
        login_secret_arn=outputs["databaseLoginSecretArn"],
        database=SOURCE,
    )
    at = datetime.strptime(at_text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if at_text else NOW
    return Switch(
        project=find_project(PROJECT),
        opened=scene.opened,  # type: ignore[arg-type]
        session=scene.session,
        place=place,
        at=at,
        notify=notify,
        show=notify,
    )


def run(*arguments: str) -> Result:
    return CliRunner().invoke(restore, arguments, catch_exceptions=False)


def switch(*more: str) -> Result:
    return run("switch", "prod", "--at", run_name(AT), "--yes-restore", "prod", *more)


def test_the_copy_serves_under_the_name_with_everything_that_the_old_one_had(scene: Scene) -> None:
    result = switch("--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    schema_of("restore").validate(document)
    assert document["verdict"]["serves"] == scene.opened.knows == scene.new
    assert scene.ids() == {SOURCE: scene.new, BEFORE: scene.old}
    found, old = scene.world.instances()[SOURCE], scene.world.instances()[BEFORE]
    for name in ("MultiAZ", "DeletionProtection", "CopyTagsToSnapshot", "VpcSecurityGroups", "BackupRetentionPeriod"):
        assert found[name] == old[name], name
    assert sorted(found["EnabledCloudwatchLogsExports"]) == ["postgresql", "upgrade"]
    assert scene.tags(SOURCE) == DECLARED_TAGS, "what serves has the tags that are declared"
    assert (scene.desired(), scene.suspended(), scene.opened.updates) == (2, False, 1)


def test_an_older_clone_switches_nothing_since_it_would_bring_older_code(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-qb", "main")
    older, scene.opened.deployed = commit(tmp_path), commit(tmp_path)
    git(tmp_path, "checkout", "-q", older)
    made = made_switch(scene, run_name(AT))
    here = replace(made, project=replace(made.project, root=tmp_path))
    monkeypatch.setattr(stack_commands, "_switching", lambda *_: here)
    before = scene.ids()
    result = switch()
    assert result.exit_code == 1
    assert "bring this clone up to date" in result.stderr
    assert (scene.ids(), scene.desired(), scene.opened.updates) == (before, 2, 0)
    assert switch("--plan").exit_code == 0


def test_what_served_before_is_protected_named_and_kept_for_a_week(scene: Scene) -> None:
    told = switch().stdout
    assert scene.world.instances()[BEFORE]["DeletionProtection"] is True
    until = datetime.strptime(scene.tags(BEFORE)[copies.KEPT], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert timedelta(days=6, hours=23) < until - NOW < timedelta(days=7, hours=1)
    assert f"{BEFORE} is what served before, protected." in told
    assert f"workbuoy restore switch prod --at {run_name(AT)} --back" in told
    assert f"workbuoy restore switch prod --remove-old {BEFORE}" in told
    assert f"workbuoy restore stack prod --at {run_name(AT)}" in told


def test_the_way_back_ends_as_it_began(scene: Scene) -> None:
    assert switch().exit_code == 0
    assert "Nothing was done." in switch("--back", "--plan").stdout
    assert scene.opened.knows == scene.new
    result = switch("--back")
    assert result.exit_code == 0, result.stderr
    assert scene.ids() == {SOURCE: scene.old, COPY: scene.new}
    assert scene.opened.knows == scene.old
    assert scene.tags(SOURCE) == DECLARED_TAGS
    assert scene.world.instances()[COPY]["DeletionProtection"] is False, "`restore end` can delete it"
    assert (scene.desired(), scene.suspended()) == (2, False)
    assert "workbuoy restore files prod --switched " in result.stdout
    again = switch()
    assert (again.exit_code, f"not of {run_name(AT)}" in _joined(again.stderr)) == (1, True), "it was written to"
    assert run("tenant", "initech", "--at", AT.isoformat(), "--yes-restore", "initech").exit_code == 1, "so it was"


def test_nothing_stops_for_a_way_back_whose_name_a_drill_s_copy_has(scene: Scene) -> None:
    assert switch().exit_code == 0
    rds_backends[DEFAULT_ACCOUNT_ID][REGION].database_snapshots.clear()  # moto names them by the minute
    scene.world.rds.create_db_instance(
        DBInstanceIdentifier=COPY,
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        BackupRetentionPeriod=0,
        Tags=[{"Key": copies.AT, "Value": run_name(NOW)}],
    )
    for more in ((), ("--plan",)):
        result = switch("--back", *more)
        assert (result.exit_code, "`workbuoy restore end prod`" in _joined(result.stderr)) == (1, True), result.stderr
    assert (scene.desired(), scene.suspended(), scene.ids()[SOURCE]) == (2, False, scene.new)
    assert run("end", "prod").exit_code == 0
    assert switch("--back").exit_code == 0


def test_a_switch_and_its_way_back_leave_evidence_that_a_pack_reads(scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "restores"
    folder.mkdir()
    for name, more, before in (("1.json", (), BEFORE), ("2.json", ("--back",), None)):
        assert switch("--evidence", str(folder / name), *more).exit_code == 0
        kept = json.loads((folder / name).read_text())
        assert (kept["good"], kept["stack"], kept["back"]) == (True, "prod", bool(more))
        assert kept["by"].startswith("arn:aws:")
        assert (kept["before"] or {}).get("name") == before
        assert kept["steps"]["state"]["resourceId"] == scene.opened.knows
        assert set(kept["seconds"]) >= {"stop", "names", "state", "update", "passwords", "start"}
    item = of_kind(tmp_path, "restores", date.min, date.max, [("prod", "")])
    assert (item.state, len(item.documents)) == (State.PASSED, 2)


@pytest.mark.parametrize("error", [MistakenError("prod: would delete it", "go back"), StepFailedError("it broke")])
def test_a_switch_that_stops_on_the_way_leaves_evidence_too(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def update(_: Switch) -> Mapping[str, Any]:
        raise error

    monkeypatch.setattr(Switch, "_update", update)
    file = tmp_path / "restores/stopped.json"
    file.parent.mkdir()
    assert switch("--evidence", str(file)).exit_code not in (0, 2)
    kept = json.loads(file.read_text())
    assert (kept["good"], scene.opened.updates) == (False, 0)
    assert str(error).partition(";")[0] in kept["problem"]
    assert "passwords" not in kept["seconds"]
    item = of_kind(tmp_path, "restores", date.min, date.max, [("prod", "")])
    assert item.state is State.FAILED


def test_a_plan_does_nothing_and_says_who_does_what(scene: Scene) -> None:
    result = run("switch", "prod", "--at", run_name(AT), "--plan")
    assert result.exit_code == 0, result.stderr
    assert "who deploys" in result.stdout
    assert "Nothing was done." in result.stdout
    assert scene.ids() == {SOURCE: scene.old, COPY: scene.new}
    assert (scene.desired(), scene.suspended(), scene.opened.updates) == (2, False, 0)
    plan = json.loads(run("switch", "prod", "--at", run_name(AT), "--plan", "--json").stdout)
    schema_of("restore").validate(plan)
    assert [one["step"] for one in plan["steps"]] == [
        "review",
        "stop",
        "equip",
        "names",
        "state",
        "update",
        "passwords",
        "start",
    ]


def test_nothing_stops_without_the_name_once_more(scene: Scene) -> None:
    result = run("switch", "prod", "--at", run_name(AT))
    assert (result.exit_code, "--yes-restore prod" in result.stderr) == (2, True)
    assert scene.suspended() is False


def no_copy(scene: Scene) -> datetime:
    scene.world.rds.delete_db_instance(DBInstanceIdentifier=COPY, SkipFinalSnapshot=True)
    return AT


def of_another_moment(_: Scene) -> datetime:
    return AT - timedelta(hours=1)


def not_checked(scene: Scene) -> datetime:
    """A drill's, or one on which `restore stack` failed."""
    arn = scene.world.instances()[COPY]["DBInstanceArn"]
    scene.world.rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": copies.FIT, "Value": ""}])
    return AT


@pytest.mark.parametrize(
    ("spoil", "told"),
    [(no_copy, "no copy, as of"), (of_another_moment, "not of"), (not_checked, "is not found fit to serve")],
)
def test_without_a_fit_copy_of_this_moment_nothing_stops(
    scene: Scene, spoil: Callable[[Scene], datetime], told: str
) -> None:
    result = run("switch", "prod", "--at", run_name(spoil(scene)), "--yes-restore", "prod")
    assert (result.exit_code, told in _joined(result.stderr)) == (1, True), result.stderr
    assert (scene.desired(), scene.suspended()) == (2, False)


@pytest.mark.usefixtures("scene")
def test_another_moment_is_refused_until_the_stack_went_back() -> None:
    assert switch().exit_code == 0
    other = run_name(AT - timedelta(hours=1))
    for result in (run("switch", "prod", "--at", other, "--yes-restore", "prod"), run("stack", "prod", "--at", other)):
        assert result.exit_code == 1
        assert f"go back first, `workbuoy restore switch prod --at {run_name(AT)} --back`" in _joined(result.stderr)


def test_nobody_is_sent_back_for_a_moment_after_the_switch_which_going_back_would_lose(scene: Scene) -> None:
    assert switch().exit_code == 0
    later = run_name(datetime.now(UTC) + timedelta(seconds=5))
    result = run("switch", "prod", "--at", later, "--yes-restore", "prod")
    told = _joined(result.stderr)
    assert (result.exit_code, f"--remove-old {BEFORE}" in told, "--back" in told) == (1, True, False), told
    assert (scene.desired(), scene.suspended()) == (2, False)


def test_one_that_was_put_aside_by_hand_is_left_alone(scene: Scene) -> None:
    scene.world.rds.modify_db_instance(DBInstanceIdentifier=SOURCE, NewDBInstanceIdentifier=BEFORE)
    result = switch()
    assert (result.exit_code, "was not put aside by" in result.stderr) == (4, True)


def test_the_old_one_goes_only_after_its_day_and_leaves_a_snapshot(scene: Scene) -> None:
    assert switch().exit_code == 0
    early = run("switch", "prod", "--remove-old", BEFORE)
    assert (early.exit_code, "is the way back until" in early.stderr) == (1, True)
    assert run("switch", "prod", "--remove-old", SOURCE).exit_code == 2
    arn = scene.world.instances()[BEFORE]["DBInstanceArn"]
    past = [{"Key": copies.KEPT, "Value": run_name(NOW - timedelta(hours=1))}]
    scene.world.rds.add_tags_to_resource(ResourceName=arn, Tags=past)
    late = run("switch", "prod", "--remove-old", BEFORE)
    assert late.exit_code == 0, late.stderr
    assert scene.ids() == {SOURCE: scene.new}
    kept = scene.world.rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert [one for one in kept if f"final snapshot {one['DBSnapshotIdentifier']}" in _joined(late.stdout)]
    gone = switch("--back")
    assert (gone.exit_code, "there is nothing to go back to" in _joined(gone.stderr)) == (1, True)
    assert (scene.ids(), scene.desired(), scene.suspended()) == ({SOURCE: scene.new}, 2, False)


def test_a_way_back_that_has_ended_stops_nothing_again_and_says_what_is_left_to_do(scene: Scene) -> None:
    assert switch().exit_code == 0
    assert switch("--back").exit_code == 0
    updates, aside = scene.opened.updates, scene.tags(COPY)[copies.AT]
    again = switch("--back")
    assert (again.exit_code, f"restore files prod --switched {aside}" in _joined(again.stderr)) == (1, True)
    assert (scene.opened.updates, scene.desired(), scene.suspended()) == (updates, 2, False)


def test_a_copy_that_cannot_be_made_alike_stops_before_the_names_change(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = BaseClient._make_api_call

    def deaf(self: BaseClient, name: str, parameters: dict[str, Any]) -> Any:
        return real(self, name, {key: value for key, value in parameters.items() if key != "MultiAZ"})

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", deaf)
        result = switch()
    assert result.exit_code == 4
    assert f"{COPY} still differs from {SOURCE} in MultiAZ" in _joined(result.stderr)
    assert scene.ids() == {SOURCE: scene.old, COPY: scene.new}
    assert switch("--back").exit_code == 0
    assert (scene.desired(), scene.suspended()) == (2, False), "the way back also starts what was only stopped"


def test_a_copy_without_disk_is_one_line_and_no_name_changes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Instances._find

    def full(self: Instances, name: str) -> Any:
        found = real(self, name)
        return {**found, "DBInstanceStatus": "storage-full"} if found and name == COPY else found

    with monkeypatch.context() as patch:
        patch.setattr(Instances, "_find", full)
        result = switch()
    assert (result.exit_code, result.stderr.count("error: ")) == (4, 1)
    assert f"{COPY} is storage-full: look at its events in RDS, then the same command again" in _joined(result.stderr)
    assert scene.ids() == {SOURCE: scene.old, COPY: scene.new}
    assert switch().exit_code == 0


class Killed(BaseException):
    """As kill -9."""


WRITES = ("AddTags", "Modify", "Register", "Remove", "Rotate", "Update", "Restore", "Delete")


def killed_at(number: int, when: str, calls: list[str]) -> Callable[..., Any]:
    """Every call goes on but the writing one of this number."""
    real = BaseClient._make_api_call

    def call(self: BaseClient, name: str, parameters: dict[str, Any]) -> Any:
        if name.startswith(WRITES):
            calls.append(name)
        due = name.startswith(WRITES) and len(calls) == number
        if due and when == "before":
            raise Killed
        answer = real(self, name, parameters)
        if due:
            raise Killed
        return answer

    return call


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("way", [(), ("--back",)], ids=["forth", "back"])
def test_killed_at_every_call_that_changes_something_the_same_command_ends_the_same(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, way: tuple[str, ...], when: str
) -> None:
    """One run, killed at its first write, then at the second write of what is left, and so on until none is left."""
    if way:
        assert switch().exit_code == 0
    kills = 0
    for number in range(1, 60):
        with monkeypatch.context() as patch:
            patch.setattr(BaseClient, "_make_api_call", killed_at(number, when, []))
            try:
                result = switch(*way)
            except Killed:
                kills += 1
                continue
        ended = bool(way) and "nothing to go back to" in _joined(result.stderr)  # killed after its last write
        assert result.exit_code == 0 or ended, result.stderr
        break
    assert kills >= 5, "it was killed where it changes something"
    other = COPY if way else BEFORE
    serving, aside = (scene.old, scene.new) if way else (scene.new, scene.old)
    assert scene.ids() == {SOURCE: serving, other: aside}
    assert scene.opened.knows == serving
    assert scene.tags(SOURCE) == DECLARED_TAGS
    assert (scene.desired(), scene.suspended()) == (2, False)


@pytest.mark.parametrize("number", range(1, 16))
def test_killed_anywhere_the_way_back_still_ends_as_it_began(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", killed_at(number, "after", []))
        with suppress(Killed):
            switch()
    result = switch("--back")
    assert result.exit_code == 0, result.stderr
    assert scene.ids() == {SOURCE: scene.old, COPY: scene.new}
    assert scene.opened.knows == scene.old
    assert scene.tags(SOURCE) == DECLARED_TAGS
    assert (scene.desired(), scene.suspended()) == (2, False)


URN = f"urn:pulumi:prod::workbuoy::workbuoy:aws:Database${t.DATABASE}::database-instance"


@pytest.mark.parametrize(
    ("op", "told"), [("replace", "replace database-instance"), ("create", "create"), ("update", "")]
)
def test_a_plan_that_does_not_keep_the_database_is_named(op: Any, told: str) -> None:
    found = replacements(Plan(stack="prod", steps=(PlanStep(op=op, urn=URN, old=None, new=None),)))
    assert found.startswith(told)
    assert bool(found) == bool(told)


def test_a_switch_and_one_customers_restore_can_be_undone_for_the_same_days() -> None:
    """docs/restore.md says seven for both. The service, which deletes the latter's, imports nothing of ours."""
    source = (ROOT / "app/workbuoy_app/storage.py").read_text(encoding="utf-8")
    (days,) = re.findall(r"^WAY_BACK_LASTS = timedelta\(days=(\d+)\)", source, re.MULTILINE)
    assert timedelta(days=int(days)) == WAY_BACK == timedelta(days=7)


def _joined(text: str) -> str:
    return " ".join(text.split())
