"""`workbuoy restore stack` and `files`: a whole database's copy made fit to serve, and its files once it does."""

import json
from datetime import timedelta

import pytest
from botocore.client import BaseClient

from operations.restore import copy as copies
from tests.conftest import schema_of
from tests.operations.restore.test_command import AT, CALLS, NAMED, Killed, killing, run
from tests.operations.restore.world import BEFORE, NOW, SOURCE, World


def fit(world: World) -> str:
    """Since when the copy may serve."""
    found = world.copy()
    assert found is not None
    return copies.tags_of(found).get(copies.FIT, "")


def test_a_whole_stack_s_copy_is_made_fit_and_stays_and_the_next_command_is_named(world: World) -> None:
    result = run("stack", "prod", "--at", AT, "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    schema_of("restore").validate(document)
    assert (document["good"], document["before"], document["verdict"]["again"]) == (True, None, 2)
    assert document["cameSince"] == ["initech"], "a customer of the pool whom the copy does not know"
    assert fit(world) != ""
    assert sorted(world.commands()) == [["restore", "check"], ["restore", "files"], ["restore", "prepare"]]
    assert world.families() == {"workbuoy-prod-restore"}
    (kept,) = world.evidence("restores")
    assert kept["cameSince"] == ["initech"]


def test_what_a_whole_stack_s_copy_lacks_is_reported_in_words(world: World) -> None:
    told = run("stack", "prod", "--at", AT).stdout
    assert "1 customers, 17 rows, 5 files, 2 of them brought again" in told
    assert "Not in it, as they came later: initech." in told
    assert f"workbuoy restore switch prod --at {NAMED} --plan" in told
    assert world.instances()[SOURCE]["DBInstanceStatus"] == "available"


@pytest.mark.usefixtures("usual_columns")
def test_a_plan_for_a_whole_stack_says_what_archives_take_and_does_nothing(world: World) -> None:
    result = run("stack", "prod", "--at", AT, "--plan")
    assert result.exit_code == 0, result.stderr
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "GLACIER takes 3 to 5 hours" in " ".join(result.stdout.split())
    assert (world.copy(), world.commands()) == (None, [])
    plan = json.loads(run("stack", "prod", "--at", AT, "--plan", "--json").stdout)
    assert [one["step"] for one in plan["steps"]][-2:] == ["files", "fit"], "the copy is not deleted: it will serve"


def test_once_the_copy_serves_the_same_command_puts_the_files_in_order(world: World) -> None:
    tags = {copies.AT: NAMED, "workbuoy-restore-switched": "20261126T120000Z", copies.KEPT: "20261203T120000Z"}
    world.rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier=SOURCE,
        TargetDBInstanceIdentifier=BEFORE,
        UseLatestRestorableTime=True,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    result = run("stack", "prod", "--at", AT)
    assert result.exit_code == 0, result.stderr
    assert world.commands() == [["restore", "files", "--switched", "20261126T120000Z"]]
    assert "1 marked as deleted" in result.stdout
    assert f"{BEFORE} is what served before, protected" in result.stdout
    (kept,) = world.evidence("restores")
    assert kept["before"] == {"name": BEFORE, "switched": "20261126T120000Z", "keptUntil": "20261203T120000Z"}


def test_files_are_put_in_order_after_a_switch_back(world: World) -> None:
    result = run("files", "prod", "--switched", "20261126T120000Z")
    assert result.exit_code == 0, result.stderr
    assert world.commands() == [["restore", "files", "--switched", "20261126T120000Z"]]
    assert "prod: 5 files, 2 brought again, 1 marked as deleted." in result.stdout


def test_a_copy_that_somebody_works_on_again_may_not_serve_until_it_is_found_good_again(world: World) -> None:
    assert run("stack", "prod", "--at", AT).exit_code == 0
    world.forget_tasks()
    world.exit_codes["check"] = 1
    assert run("stack", "prod", "--at", AT).exit_code == 3
    assert fit(world) == ""


def test_files_that_wait_in_an_archive_stop_it_with_the_task_s_own_words_and_the_copy_stays(world: World) -> None:
    world.exit_codes["files"] = 1
    result = run("stack", "prod", "--at", AT)
    assert (result.exit_code, "restore files ended with 1" in result.stderr) == (3, True)
    assert fit(world) == ""
    (kept,) = world.evidence("restores")
    assert kept["good"] is False


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ((NOW + timedelta(days=1)).isoformat(), "is in the future"),
        ((NOW - timedelta(days=31)).isoformat(), "is before the oldest backup"),
        ((NOW - timedelta(minutes=3)).isoformat(), "cannot be restored yet"),
        ("2026-11-26T09:30:00", "says no zone"),
    ],
    ids=["future", "before backups", "last minutes", "no zone"],
)
def test_a_moment_that_cannot_be_is_one_line_for_a_whole_stack_too(world: World, at: str, told: str) -> None:
    result = run("stack", "prod", "--at", at)
    assert (result.exit_code, result.stderr.count("error: "), told in result.stderr) == (1, 1, True), result.stderr
    assert world.copy() is None


@pytest.mark.usefixtures("world")
def test_a_whole_stack_s_copy_of_another_moment_is_refused_while_one_stands() -> None:
    run("stack", "prod", "--at", AT)
    result = run("stack", "prod", "--at", (NOW - timedelta(hours=3)).isoformat())
    assert (result.exit_code, "another copy stands" in result.stderr) == (1, True)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", [one for one in CALLS if one != "DeleteDBInstance"])
def test_whatever_is_killed_the_whole_stack_s_copy_is_gone_on_with(
    world: World, monkeypatch: pytest.MonkeyPatch, call: str, when: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", killing(call, when))
        with pytest.raises(Killed):
            run("stack", "prod", "--at", AT)
    result = run("stack", "prod", "--at", AT)
    assert result.exit_code == 0, result.stderr
    assert fit(world) != ""
    assert ["restore", "files"] in world.commands()
