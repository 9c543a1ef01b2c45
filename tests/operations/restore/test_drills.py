"""`workbuoy drills`: the trend, and how old the last good drill may be."""

import json
from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from operations.restore import drills as told
from operations.restore.evidence import RESTORES, Evidence
from tests.conftest import schema_of
from tests.operations.restore.world import BUCKET, NOW, REGION, World


def run(*arguments: str) -> Result:
    return CliRunner().invoke(told.drills, arguments, catch_exceptions=False)


@pytest.fixture
def within_thirty_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "within_days", lambda _: 30)


@pytest.mark.usefixtures("usual_columns", "within_thirty_days")
def test_the_trend_shows_each_drill_the_newest_first_within_80_columns(world: World) -> None:
    world.keep_drill(NOW - timedelta(days=2), good=False)
    world.keep_drill(NOW - timedelta(days=9), good=True)
    result = run("prod")
    assert result.exit_code == 0, result.stdout
    head, _, table = result.stdout.partition("\n\n")
    assert head.startswith("prod: the last good drill was 9 days ago")
    _, bad, problem, good = table.splitlines()
    assert ("BAD" in bad, "no file" in problem) == (True, True)
    assert good.split()[2:5] == ["good", "300", "1500"]
    assert "12,000" in good
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.usefixtures("within_thirty_days")
@pytest.mark.parametrize("good_days_ago", [31, None])
def test_a_last_good_drill_that_is_too_old_or_none_fails(world: World, good_days_ago: int | None) -> None:
    world.keep_drill(NOW - timedelta(days=1), good=False)
    if good_days_ago:
        world.keep_drill(NOW - timedelta(days=good_days_ago), good=True)
    result = run("prod", "--json")
    document = json.loads(result.stdout)
    schema_of("drills").validate(document)
    assert (result.exit_code, document["overdue"], len(document["drills"])) == (3, True, 1 + bool(good_days_ago))


def test_where_no_setting_asks_for_drills_none_is_overdue(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "within_days", lambda _: None)
    result = run("prod")
    assert (result.exit_code, world.evidence("drills")) == (0, [])
    assert "no drill has ended well; no setting says how old it may be" in result.stdout


@pytest.mark.usefixtures("within_thirty_days")
def test_the_age_is_given_to_the_alarm_s_metric_in_days(world: World) -> None:
    world.keep_drill(NOW - timedelta(days=4), good=True)
    assert run("prod", "--measure").exit_code == 0
    (point,) = boto3.client("cloudwatch", region_name=REGION).get_metric_statistics(
        Namespace="Workbuoy/workbuoy-prod",
        MetricName="LastGoodDrillAge",
        StartTime=NOW - timedelta(hours=1),
        EndTime=NOW + timedelta(hours=1),
        Period=86_400,
        Statistics=["Minimum"],
    )["Datapoints"]
    assert 4 <= point["Minimum"] < 4.1


@pytest.mark.usefixtures("within_thirty_days")
def test_evidence_that_cannot_be_read_is_named_and_never_taken_for_good(world: World) -> None:
    world.s3.put_object(Bucket=BUCKET, Key="evidence/drills/20260101T000000Z.json", Body=b"{}")
    result = run("prod")
    assert (result.exit_code, "20260101T000000Z.json is no evidence" in result.stderr) == (4, True)


def _alarm(state: str) -> None:
    cloudwatch = boto3.client("cloudwatch", region_name=REGION)
    cloudwatch.put_metric_alarm(
        AlarmName="workbuoy-prod-restore-drill",
        Namespace="Workbuoy/workbuoy-prod",
        MetricName="LastGoodDrillAge",
        Statistic="Minimum",
        Period=86_400,
        EvaluationPeriods=2,
        Threshold=30,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName="workbuoy-prod-restore-drill", StateValue=state, StateReason="a test")


@pytest.mark.usefixtures("world", "within_thirty_days")
@pytest.mark.parametrize(("state", "said"), [("", 1), ("OK", 0), ("ALARM", 1), ("INSUFFICIENT_DATA", 1)])
def test_a_review_says_when_no_restore_was_tried_lately_or_nobody_knows(state: str, said: int) -> None:
    if state:
        _alarm(state)
    found = told.warnings("prod")
    assert len(found) == said
    assert all("no restore was tried with success within 30 days" in one for one in found)


@pytest.mark.usefixtures("world")
def test_a_review_asks_nothing_where_no_drills_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "within_days", lambda _: None)
    assert told.warnings("prod") == []


@pytest.mark.usefixtures("world")
def test_two_documents_of_one_second_are_both_kept_and_none_is_written_over() -> None:
    kept = Evidence(session=boto3.Session(region_name=REGION), region=REGION, bucket=BUCKET)
    moments = [NOW + timedelta(microseconds=n) for n in (0, 1)]
    for at in moments:
        kept.write(RESTORES, {"writtenAt": at.isoformat(), "good": True})
    assert [one["writtenAt"] for one in kept.read(RESTORES)] == [at.isoformat() for at in reversed(moments)]
    with pytest.raises(ClientError, match="PreconditionFailed"):
        kept.write(RESTORES, {"writtenAt": NOW.isoformat(), "good": False})
