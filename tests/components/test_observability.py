"""What goes wrong reaches a person who knows what to do."""

import json

import pytest

from tests.conftest import STACKS, Declare, DeclareWith


@pytest.mark.parametrize("stack", STACKS)
def test_every_alarm_reaches_the_topic_and_says_what_to_do(declared: Declare, stack: str) -> None:
    graph = declared(stack)
    (topic,) = graph.of("sns/topic:Topic")
    alarms = graph.of("MetricAlarm")
    assert len(alarms) >= 11
    for alarm in alarms:
        assert alarm.declared.inputs["alarmActions"] == [topic.outputs["arn"]]
        assert alarm.declared.inputs["actionsEnabled"] is True
        assert len(alarm.declared.inputs["alarmDescription"]) > 60


def test_permanent_stacks_tell_somebody(declared: Declare) -> None:
    for stack in ("staging", "prod"):
        assert declared(stack).of("TopicSubscription")


def test_everything_that_the_guide_wants_watched_is_watched(declared: Declare) -> None:
    graph = declared("prod")
    watched = {
        query.get("metric", query).get("metricName")
        for alarm in graph.of("MetricAlarm")
        for query in alarm.declared.inputs.get("metricQueries", [alarm.declared.inputs])
    }
    assert watched >= {
        "CPUUtilization",
        "ReadIOPS",
        "WriteIOPS",
        "FreeStorageSpace",
        "DatabaseConnections",
        "TransactionLogsDiskUsage",
        "MaximumUsedTransactionIDs",
        "HTTPCode_Target_5XX_Count",
        "TargetResponseTime",
        "ErrorLines",
        "Errors",
    }


# From what the example stack prod says, or leaves to the defaults: 100 GiB, 2400 operations a second, 600 connections.
LIMITS = {
    "database-cpu": ("Greater", 80, 10),
    "database-iops": ("Greater", 2400, 10),
    "database-free-storage": ("Less", 10 * 1024**3, 5),
    "database-connections": ("Greater", 600, 5),
    "database-transaction-log": ("Greater", 10 * 1024**3, 5),
    "database-transaction-ids": ("Greater", 1_000_000_000, 5),
    "service-error-lines": ("Greater", 10, 5),
    "service-owed-deletions": ("Greater", 3600, 5),
    "service-standing-freeze": ("Greater", 0, 1),
    "service-errors": ("Greater", 5, 5),
    "service-response-time": ("Greater", 1, 10),
    "service-unhealthy-tasks": ("Greater", 0, 10),
    "service-no-tasks": ("Less", 1, 5),
    "rotation-errors": ("Greater", 0, 1),
}


def test_each_alarm_has_the_limit_and_the_minutes_that_are_promised(declared: Declare) -> None:
    """Written by hand: a limit that changes names its alarm here, and is drawn in Grafana as it is declared."""
    found = {
        one.name.removeprefix("observability-"): (
            one.declared.inputs["comparisonOperator"].removesuffix("ThanThreshold"),
            one.declared.inputs["threshold"],
            one.declared.inputs["evaluationPeriods"],
        )
        for one in declared("prod").of("MetricAlarm")
    }
    assert found == LIMITS


def test_silence_is_no_error(declared: Declare) -> None:
    counted = ("service-errors", "service-error-lines", "service-owed-deletions", "service-standing-freeze")
    for name in (*counted, "rotation-errors"):
        alarm = declared("prod").named(f"observability-{name}")
        assert alarm.declared.inputs["treatMissingData"] == "notBreaching"


@pytest.mark.parametrize("stack", ["prod", "prod-acme"])
def test_a_service_without_a_single_task_wakes_somebody(declared: Declare, stack: str) -> None:
    """Its target group then reports nothing at all, neither requests nor the health of targets."""
    alarm = declared(stack).named("observability-service-no-tasks").declared.inputs
    assert alarm["metricName"] == "HealthyHostCount"
    assert set(alarm["dimensions"]) == {"LoadBalancer", "TargetGroup"}
    assert alarm["treatMissingData"] == "breaching"


def test_a_task_that_never_becomes_healthy_is_missed_among_as_many_as_the_settings_want(declared: Declare) -> None:
    """ECS takes it out of the target group before it counts as unhealthy, or never puts it in."""
    (service,) = declared("prod").of("Service")
    alarm = declared("prod").named("observability-service-unhealthy-tasks").declared.inputs
    (result,) = (one for one in alarm["metricQueries"] if one.get("returnData"))
    wanted = round(service.declared.inputs["desiredCount"])
    assert wanted > 1
    assert result["expression"] == f"IF(healthy < {wanted}, {wanted} - healthy, unhealthy)"


def test_free_storage_alarms_at_a_tenth_of_what_there_is(declared: Declare) -> None:
    alarm = declared("prod").named("observability-database-free-storage")
    assert alarm.declared.inputs["threshold"] == 10 * 1024**3
    assert alarm.declared.inputs["comparisonOperator"] == "LessThanThreshold"


def test_the_database_tells_of_backups_failures_failovers_and_low_storage(declared: Declare) -> None:
    (events,) = declared("prod").of("EventSubscription")
    assert set(events.declared.inputs["eventCategories"]) == {"backup", "failover", "failure", "low storage"}
    assert events.declared.inputs["sourceIds"] == ["workbuoy-prod-database"]


@pytest.mark.parametrize(
    ("counter", "alarm"),
    [
        ("error-lines", "service-error-lines"),
        ("owed-deletions", "service-owed-deletions"),
        ("standing-freezes", "service-standing-freeze"),
    ],
)
def test_log_lines_are_measured_where_the_alarm_looks(declared: Declare, counter: str, alarm: str) -> None:
    graph = declared("prod")
    measured = graph.named(f"observability-{counter}").declared.inputs["metricTransformation"]
    watched = graph.named(f"observability-{alarm}").declared.inputs
    assert (measured["namespace"], measured["name"]) == (watched["namespace"], watched["metricName"])


def test_the_dashboard_draws_every_alarm(declared: Declare) -> None:
    graph = declared("prod")
    (dashboard,) = graph.of("cloudwatch/dashboard:Dashboard")
    widgets = json.loads(dashboard.declared.inputs["dashboardBody"])["widgets"]
    drawn = {one["properties"]["title"] for one in widgets if one["type"] == "metric"}
    names = {one.name.removeprefix("observability-") for one in graph.of("MetricAlarm")}
    assert drawn == names
    (states,) = [one for one in widgets if one["type"] == "alarm"]
    assert len(states["properties"]["alarms"]) == len(names)


def test_errors_can_be_searched_with_one_click(declared: Declare) -> None:
    searches = {one.declared.inputs["name"]: one.declared.inputs for one in declared("prod").of("QueryDefinition")}
    assert "filter level = 'error'" in searches["workbuoy-prod/errors"]["queryString"]
    assert searches["workbuoy-prod/errors"]["logGroupNames"] == ["/workbuoy/workbuoy-prod/service"]


@pytest.mark.parametrize("stack", STACKS)
def test_no_log_group_keeps_for_ever_or_without_a_key(declared: Declare, stack: str) -> None:
    for group in declared(stack).of("LogGroup"):
        assert group.declared.inputs["retentionInDays"] > 0
        assert group.declared.inputs["kmsKeyId"]


def test_only_the_operators_policy_reads_logs(declared: Declare) -> None:
    graph = declared("prod")
    readers = {
        one.name
        for one, statement in graph.documents("RolePolicy", "Policy")
        if {"logs:FilterLogEvents", "logs:StartQuery"} & set(statement["Action"])
    }
    assert readers == {"observability-operators"}


def test_an_alarm_says_when_no_restore_was_tried_lately_and_only_where_that_is_wanted(
    declared: Declare, declared_with: DeclareWith
) -> None:
    names = {one.name for one in declared("prod").of("MetricAlarm")}
    assert "observability-restore-drill" not in names
    graph = declared_with("prod", lambda settings: settings["observability"].update(drillWithinDays=30))
    alarm = graph.named("observability-restore-drill").declared.inputs
    assert (alarm["namespace"], alarm["metricName"]) == ("Workbuoy/workbuoy-prod", "LastGoodDrillAge")
    assert (alarm["threshold"], alarm["period"], alarm["evaluationPeriods"]) == (30, 86_400, 2)
    assert alarm["treatMissingData"] == "breaching", "where nobody measures, nobody knows"
