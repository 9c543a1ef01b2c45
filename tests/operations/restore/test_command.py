"""`workbuoy restore`: plans, a drill, one customer, what is refused, and every step killed and gone on with."""

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result
from moto.core.models import DEFAULT_ACCOUNT_ID

from operations.restore import copy as copies
from operations.restore import running
from operations.restore.command import restore
from tests.conftest import PROJECT, copy_of_project, schema_of
from tests.operations.restore.world import COPY, NOW, REGION, SOURCE, VERDICTS, World

AT = (NOW - timedelta(hours=2)).isoformat()
NAMED = f"{NOW - timedelta(hours=2):%Y%m%dT%H%M%SZ}"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(restore, arguments, catch_exceptions=False)


def test_a_drill_makes_a_copy_of_its_own_checks_it_and_leaves_nothing(world: World, tmp_path: Path) -> None:
    evidence = tmp_path / "drill.json"
    result = run("drill", "prod", "--evidence", str(evidence), "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    schema_of("restore").validate(document)
    assert (document["good"], document["rpoSeconds"] >= 300) == (True, True)
    assert set(document["seconds"]) == {"copy", "available", "login", "open", "prepare", "check", "end"}
    assert {key: value for key, value in document.items() if key != "schema"} == json.loads(evidence.read_text())
    assert sorted(world.commands()) == [["restore", "check"], ["restore", "prepare"]]
    assert world.families() == {"workbuoy-prod-drill"}
    assert world.copy() is None


def test_a_drill_s_evidence_is_kept_in_the_bucket_as_it_was_written(world: World, tmp_path: Path) -> None:
    evidence = tmp_path / "drill.json"
    assert run("drill", "prod", "--evidence", str(evidence)).exit_code == 0
    (kept,) = world.evidence("drills")
    assert kept == json.loads(evidence.read_text())
    assert (kept["good"], kept["problem"], kept["database"]) == (True, "", SOURCE)
    assert kept["ledger"] == {"entries": 2, "tenantsErased": 1, "membersErased": 0, "personsErased": 0}
    assert kept["checks"]["digests"] == {"globex": "5eed"}
    assert kept["by"].startswith("arn:aws:")


def test_a_drill_that_fails_leaves_evidence_of_it_and_with_clean_up_no_copy(world: World) -> None:
    world.exit_codes["check"] = 1
    assert run("drill", "prod", "--clean-up").exit_code == 3
    (kept,) = world.evidence("drills")
    assert (kept["good"], "restore check ended with 1" in kept["problem"]) == (False, True)
    assert world.copy() is None


def test_a_drill_is_due_where_the_last_good_one_is_a_week_old(world: World) -> None:
    world.keep_drill(NOW - timedelta(days=3), good=False)
    world.keep_drill(NOW - timedelta(days=7), good=True)
    assert run("drill", "prod", "--due").exit_code == 0
    assert len(world.evidence("drills")) == 3
    result = run("drill", "prod", "--due")
    assert (result.exit_code, "less than a week old" in result.stderr) == (0, True)
    assert len(world.evidence("drills")) == 3


def test_a_restore_leaves_its_evidence_also_where_it_fails(world: World, tmp_path: Path) -> None:
    world.exit_codes["tenant"] = 1
    file = tmp_path / "restore.json"
    arguments = ("tenant", "initech", "--at", AT, "--yes-restore", "initech", "--evidence", str(file))
    result = run(*arguments)
    assert (result.exit_code, "initech may be frozen" in result.stderr) == (3, True)
    (kept,) = world.evidence("restores")
    assert (kept, kept["good"], kept["tenant"]) == (json.loads(file.read_text()), False, "initech")
    world.exit_codes["check"] = 1
    world.forget_tasks()
    assert "frozen" not in run(*arguments).stderr, "it came to no freeze"


def test_only_a_copy_whose_day_is_over_is_ended_as_expired(world: World) -> None:
    world.exit_codes["check"] = 1
    run("drill", "prod", "--at", AT)
    assert "No copy that is past its day" in run("end", "prod", "--expired").stdout
    arn = f"arn:aws:rds:{REGION}:{DEFAULT_ACCOUNT_ID}:db:{COPY}"
    past = [{"Key": copies.EXPIRES, "Value": f"{NOW - timedelta(hours=1):%Y%m%dT%H%M%SZ}"}]
    world.rds.add_tags_to_resource(ResourceName=arn, Tags=past)
    assert "is being deleted" in run("end", "prod", "--expired").stdout
    assert world.copy() is None


def test_the_copy_is_closed_to_the_service_tagged_and_has_a_password_of_its_own(world: World) -> None:
    world.exit_codes["check"] = 1
    assert run("drill", "prod", "--at", AT).exit_code == 3
    found = world.copy()
    assert found is not None
    assert [one["VpcSecurityGroupId"] for one in found["VpcSecurityGroups"]] == [
        world.outputs["restoredSecurityGroupId"]
    ]
    tags = {one["Key"]: one["Value"] for one in found["TagList"]}
    assert (tags["owner"], tags[copies.AT]) == ("platform", NAMED)
    assert tags[copies.EXPIRES] > f"{NOW:%Y%m%dT%H%M%SZ}"
    login = world.login()
    assert login["username"] == "workbuoy_owner"
    assert login["password"] not in ("of-the-source", "")


@pytest.mark.usefixtures("usual_columns")
def test_a_plan_does_nothing_fits_80_columns_and_says_who_does_what(world: World) -> None:
    result = run("tenant", "initech", "--at", AT, "--plan")
    assert result.exit_code == 0, result.stderr
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "freeze initech" in result.stdout
    assert "UTC" in result.stdout
    assert "Nothing was done." in result.stdout
    assert (world.copy(), world.commands()) == (None, [])
    plan = json.loads(run("tenant", "initech", "--at", AT, "--plan", "--json").stdout)
    schema_of("restore").validate(plan)
    assert [one["step"] for one in plan["steps"]][-2:] == ["tenant", "end"]


def test_one_customer_is_brought_back_by_its_task_and_the_copy_goes(world: World) -> None:
    result = run("tenant", "initech", "--at", AT, "--yes-restore", "initech")
    assert result.exit_code == 0, result.stderr
    assert ["restore", "tenant", "initech", "--at", NAMED] in world.commands()
    assert "17 rows, 5 files, frozen for 1.5 s" in result.stdout
    assert f"workbuoy restore undo initech --at {AT}" in result.stdout
    assert world.copy() is None


@pytest.fixture
def held(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Customers of the pool and of a silo under a legal hold."""
    copy_of_project(tmp_path)
    for file in (tmp_path / "tenants").glob("*.yaml"):
        ordered = "dates:\n  hold:\n    since: 2026-11-20\n    reason: Case 26-104522, Oslo tingrett\n"
        file.write_text(file.read_text().replace("dates:\n", ordered))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(running, "_outputs", lambda *_: world.outputs)
    return world


@pytest.mark.parametrize("way", ["tenant", "undo"])
def test_a_held_customer_of_a_pool_is_not_replaced_since_a_pool_does_not_keep_what_was(held: World, way: str) -> None:
    refused = run(way, "initech", "--at", AT, "--yes-restore", "initech")
    assert (refused.exit_code, "tenants/initech.yaml" in refused.stderr, held.commands()) == (1, True, [])
    assert "Case 26-104522" in refused.stderr
    assert run(way, "acme", "--at", AT, "--yes-restore", "acme").exit_code == 0


def test_a_stack_with_a_held_customer_is_brought_back_and_the_customer_named(held: World) -> None:
    for more in ("--plan",), ():
        result = run("stack", "prod", "--at", AT, *more)
        assert (result.exit_code, "initech is held" in result.stderr) == (0, True), result.stderr
        assert "acme is held" not in result.stderr
    assert held.commands()


@pytest.mark.parametrize(
    ("name", "more", "other"),
    [
        ("initech", "move:\n  direction: to\n  base: prod-eu-north-1\n  region: eu-north-1\n", "prod-eu-north-1"),
        ("acme", "promotion: open\n", "prod-acme"),
    ],
)
def test_customers_whom_an_older_copy_would_serve_a_second_time_are_named_before_a_stack_goes_back(
    held: World, tmp_path: Path, name: str, more: str, other: str
) -> None:
    record = tmp_path / "tenants" / f"{name}.yaml"
    record.write_text(record.read_text() + more)
    result = run("stack", "prod", "--at", AT, "--plan")
    told = " ".join(result.stderr.split())
    assert (result.exit_code, f"{name} is between prod and {other}" in told) == (0, True), told
    assert f"workbuoy-app tenant freeze {name}" in told
    assert held.commands() == []


def test_a_record_that_cannot_be_read_is_named_where_it_may_be_of_a_held_customer(held: World, tmp_path: Path) -> None:
    (tmp_path / "tenants/initech.yaml").write_text("name: [")
    result = run("stack", "prod", "--at", AT)
    assert (result.exit_code, "tenants/initech.yaml:2: is not YAML" in result.stderr) == (0, True), result.stderr
    assert held.commands()


@pytest.mark.parametrize("way", ["tenant", "undo"])
@pytest.mark.usefixtures("world")
def test_what_had_ended_before_is_not_told_as_done_now(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    before = {"ended_at": "2026-11-26T10:00:00+00:00", "already": True}
    monkeypatch.setitem(VERDICTS, way, {**VERDICTS[way], **before})
    result = run(way, "initech", "--at", AT, "--yes-restore", "initech")
    told = " ".join(result.stdout.split())
    assert (result.exit_code, "nothing was done now" in told, "2026-11-26T10:00" in told) == (0, True, True), told
    assert ("--again" in told) == (way == "tenant")
    assert "is as it was" not in told


def test_a_copy_that_was_made_of_a_snapshot_is_taken_by_its_tag(world: World) -> None:
    """Of a silo that was destroyed by mistake: docs/runbooks.md."""
    world.rds.create_db_snapshot(DBInstanceIdentifier=SOURCE, DBSnapshotIdentifier="final")
    tags = [{"Key": copies.AT, "Value": NAMED}, {"Key": "from", "Value": "final"}]
    world.rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=COPY, DBSnapshotIdentifier="final", Tags=tags)
    world.exit_codes["tenant"] = 1
    assert run("tenant", "initech", "--at", AT, "--yes-restore", "initech").exit_code == 3
    found = world.copy()
    assert found is not None
    assert {"Key": "from", "Value": "final"} in found["TagList"], "no other copy was made"
    world.forget_tasks()
    world.exit_codes.clear()
    assert run("tenant", "initech", "--at", AT, "--yes-restore", "initech").exit_code == 0
    assert (world.copy(), ["restore", "tenant", "initech", "--at", NAMED] in world.commands()) == (None, True)


def test_nothing_is_replaced_without_the_name_once_more(world: World) -> None:
    result = run("tenant", "initech", "--at", AT)
    assert (result.exit_code, "--yes-restore initech" in result.stderr) == (2, True)
    assert run("tenant", "initech", "--at", AT, "--yes-restore", "globex").exit_code == 2
    assert (world.copy(), world.commands()) == (None, [])


def test_a_restore_is_undone_by_a_task_and_needs_no_copy(world: World) -> None:
    result = run("undo", "initech", "--at", AT, "--yes-restore", "initech")
    assert result.exit_code == 0, result.stderr
    assert world.commands() == [["restore", "undo", "initech", "--at", NAMED]]
    assert world.copy() is None
    world.forget_tasks()
    world.exit_codes["undo"] = 1
    failed = run("undo", "initech", "--at", AT, "--yes-restore", "initech")
    told = " ".join(failed.stderr.split())
    assert (failed.exit_code, "initech may be frozen until the same command again" in told) == (3, True), told
    assert "the copy stands" not in told


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ((NOW + timedelta(days=1)).isoformat(), "is in the future"),
        ((NOW - timedelta(days=31)).isoformat(), "is before the oldest backup"),
        ((NOW - timedelta(minutes=3)).isoformat(), "cannot be restored yet"),
        ("2026-11-26T09:30:00", "says no zone"),
        ("yesterday", "is no time"),
        ("0001-01-01T00:00:00+05:00", "is no time"),
    ],
    ids=[
        "future",
        "before backups",
        "last minutes",
        "no zone",
        "no time",
        "no time in UTC",
    ],  # the clock must not be in a test's name
)
def test_a_moment_that_cannot_be_is_one_line(world: World, at: str, told: str) -> None:
    result = run("tenant", "initech", "--at", at, "--yes-restore", "initech")
    assert (result.exit_code, result.stderr.count("error: "), told in result.stderr) == (1, 1, True), result.stderr
    assert world.copy() is None


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("drill", "prod", "--at", "2999-01-01T00:00:00Z", "--plan"), 1, "is in the future"),
        (("tenant", "initech", "--at", "2999-01-01T00:00:00Z", "--plan"), 1, "is in the future"),
        (("tenant", "initech", "--at", "2026-11-26T09:30:00", "--plan"), 1, "says no zone"),
        (("tenant", "initech", "--at", "2026-11-26T09:30:00Z"), 2, "say --yes-restore initech as well"),
        (("undo", "initech", "--at", "yesterday", "--yes-restore", "initech"), 1, "is no time"),
        (("stack", "prod", "--at", "2999-01-01T00:00:00Z", "--plan"), 1, "is in the future"),
        (("switch", "prod", "--at", "2999-01-01T00:00:00Z", "--plan"), 1, "is in the future"),
        (("files", "prod", "--switched", "yesterday"), 1, "is no time"),
    ],
)
def test_what_the_command_alone_shows_to_be_wrong_is_told_before_engine_or_account_are_asked(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, told: str
) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("PATH", "")
    result = run(*arguments)
    assert (result.exit_code, told in " ".join(result.stderr.split())) == (code, True), result.stderr


def test_another_zone_is_the_same_moment(world: World) -> None:
    there = datetime.fromisoformat(AT).astimezone(tz=datetime.strptime("+0530", "%z").tzinfo).isoformat()
    assert run("tenant", "initech", "--at", there, "--yes-restore", "initech").exit_code == 0
    assert ["restore", "tenant", "initech", "--at", NAMED] in world.commands()


def test_a_copy_that_has_no_disk_left_is_one_line_and_stays_to_be_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = copies.find_instance

    def full(rds: Any, name: str) -> Any:
        found = real(rds, name)
        return {**found, "DBInstanceStatus": "storage-full"} if found and name == COPY else found

    monkeypatch.setattr(copies, "find_instance", full)
    result = run("drill", "prod", "--at", AT)
    assert (result.exit_code, result.stderr.count("error: ")) == (4, 1)
    assert "is storage-full: look at its events, then `workbuoy restore end prod`" in " ".join(result.stderr.split())
    assert world.commands() == []


@pytest.mark.usefixtures("world")
def test_credentials_that_end_in_the_middle_are_told_beside_what_failed_and_lose_no_evidence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real, over = BaseClient._make_api_call, list[str]()

    def expired(self: BaseClient, name: str, parameters: dict[str, object]) -> object:
        over.extend([name] if name == "RunTask" else [])
        if over:
            raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "the token has expired"}}, name)
        return real(self, name, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", expired)
    file = tmp_path / "drill.json"
    result = run("drill", "prod", "--at", AT, "--evidence", str(file))
    told = " ".join(result.stderr.split())
    assert (result.exit_code, result.stderr.count("error: ")) == (4, 2)
    assert "calling the RunTask operation" in told
    assert "the same command again goes on" in told
    assert "its evidence is not kept" in told
    assert json.loads(file.read_text())["by"].startswith("arn:aws:")


def test_credentials_that_had_ended_before_are_one_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def expired(_: BaseClient, name: str, __: dict[str, object]) -> object:
        raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "the token has expired"}}, name)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", expired)
        result = run("drill", "prod", "--at", AT)
    assert (result.exit_code, result.stderr.count("error: ")) == (4, 1)
    assert world.copy() is None


@pytest.mark.usefixtures("world")
def test_a_drill_waits_until_a_copy_that_is_being_deleted_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    left = [{"DBInstanceStatus": "deleting"}] * 3
    real = copies.find_instance
    monkeypatch.setattr(copies, "find_instance", lambda rds, name: left.pop() if left else real(rds, name))
    result = run("drill", "prod")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("waiting for its end") == 1


def test_a_drill_s_copy_that_was_left_is_past_its_day_when_the_next_night_s_drill_begins(world: World) -> None:
    world.exit_codes["check"] = 1
    assert run("drill", "prod", "--at", AT).exit_code == 3
    found = world.copy()
    assert found is not None
    assert copies.lives_until(found, NOW + timedelta(hours=10))
    assert not copies.lives_until(found, NOW + timedelta(hours=22)), "GitHub may begin a schedule later, or earlier"


def test_two_at_once_are_refused_and_the_first_one_s_copy_stays(world: World) -> None:
    world.exit_codes["check"] = 1
    run("drill", "prod", "--at", AT)
    result = run("drill", "prod", "--at", (NOW - timedelta(hours=3)).isoformat())
    assert (result.exit_code, "another copy stands" in result.stderr) == (1, True)
    assert f"--at {NAMED} goes on with it" in " ".join(result.stderr.split())
    assert world.copy() is not None
    world.forget_tasks()
    world.exit_codes.clear()
    assert run("drill", "prod", "--at", NAMED).exit_code == 0


def test_a_copy_that_was_left_is_deleted_and_one_made_by_hand_is_not(world: World) -> None:
    world.exit_codes["check"] = 1
    run("drill", "prod", "--at", AT)
    assert "is being deleted" in run("end", "prod").stdout
    assert world.copy() is None
    assert "No copy stands" in run("end", "prod").stdout
    world.rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier=SOURCE, TargetDBInstanceIdentifier=COPY, UseLatestRestorableTime=True
    )
    result = run("end", "prod")
    assert (result.exit_code, "was not made by" in result.stderr) == (4, True)
    assert world.copy() is not None


def test_a_stack_that_was_not_deployed_since_is_reported_all_at_once(world: World) -> None:
    result = run("drill", "staging")
    assert result.exit_code == 1
    assert result.stderr.count("has no output") == 11
    assert world.copy() is None


class Killed(BaseException):
    """As kill -9."""


def killing(call: str, when: str) -> Callable[..., object]:
    """Every call goes on but the one of this name."""
    real = BaseClient._make_api_call

    def killed(self: BaseClient, name: str, parameters: dict[str, object]) -> object:
        if name == call and when == "before":
            raise Killed
        answer = real(self, name, parameters)
        if name == call:
            raise Killed
        return answer

    return killed


CALLS = (
    "RestoreDBInstanceToPointInTime",
    "ModifyDBInstance",
    "PutSecretValue",
    "RunTask",
    "DescribeTasks",
    "DeleteDBInstance",
)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_whatever_is_killed_the_same_command_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch, call: str, when: str
) -> None:
    arguments = ("tenant", "initech", "--at", AT, "--yes-restore", "initech")
    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", killing(call, when))
        with pytest.raises(Killed):
            run(*arguments)
    result = run(*arguments)
    assert result.exit_code == 0, result.stderr
    assert ["restore", "tenant", "initech", "--at", NAMED] in world.commands()
    assert world.copy() is None


def test_a_task_that_runs_is_watched_and_not_started_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", interrupt)
        result = run("drill", "prod", "--at", AT)
    assert (result.exit_code, "a task goes on by itself" in result.stderr) == (130, True)
    assert run("drill", "prod", "--at", AT).exit_code == 0
    assert world.commands().count(["restore", "prepare"]) == 1


def test_a_task_that_runs_for_something_else_is_not_watched_as_this_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", interrupt)
        assert run("undo", "initech", "--at", AT, "--yes-restore", "initech").exit_code == 130
    other = (NOW - timedelta(hours=5)).isoformat()
    result = run("undo", "initech", "--at", other, "--yes-restore", "initech")
    told = " ".join(result.stderr.split())
    assert (result.exit_code, f"restore undo initech --at {NAMED}" in told, "has ended" in told) == (4, True, True), (
        told
    )
    assert len(world.commands()) == 1


def test_another_stack_s_task_in_the_same_cluster_is_not_watched_as_this_one(world: World) -> None:
    place = {"cluster": world.outputs["clusterArn"], "launchType": "FARGATE", "startedBy": "restore-undo-initech"}
    groups = [world.outputs["restoreSecurityGroupId"]]
    network = {"awsvpcConfiguration": {"subnets": world.outputs["privateSubnetIds"], "securityGroups": groups}}
    words = {"name": "drill", "command": ["restore", "undo", "initech", "--at", NAMED]}
    world.ecs.run_task(
        **place,
        taskDefinition=world.outputs["drillTaskDefinitionArn"],
        networkConfiguration=network,
        overrides={"containerOverrides": [words]},
    )
    assert run("undo", "initech", "--at", AT, "--yes-restore", "initech").exit_code == 0
    assert world.families() == {"workbuoy-prod-drill", "workbuoy-prod-restore"}
