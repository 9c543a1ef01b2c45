"""What is asked of CloudWatch, by alarms as the stacks declare them: firing, error budgets, lines of errors."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from graph.values import maps
from operations.fleet.records import Entry, ShardHead
from operations.fleet.watching import ERRORS, LINES, Watching
from tests.conftest import PROJECT, Declare
from tests.quick_moto import quick_moto

HEAD = ShardHead(
    name="share-1",
    wave="share",
    base="prod",
    environment="prod",
    account="1",
    region="eu-west-1",
    backend="s3://b",
    customers=2,
)
TOPIC = "arn:aws:sns:eu-west-1:210000000003:workbuoy-{}-alarms"
ELB = "AWS/ApplicationELB"


def customers(*names: str, state: Any = "done") -> dict[str, Entry]:
    return {name: Entry(stack=f"prod-{name}", digest="d", image="i", state=state) for name in names}


@pytest.fixture
def cloudwatch() -> Iterator[Any]:
    """With the alarms of acme's stack and of one whose name begins alike."""
    with quick_moto():
        client = boto3.client("cloudwatch", region_name="eu-west-1")
        for stack in ("prod-acme", "prod-acme-two"):
            common = {
                "EvaluationPeriods": 5,
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": 1.0,
                "AlarmActions": [TOPIC.format(stack)],
            }
            stats = [_stat(stack, key, name) for key, name in PARTS.items()]
            expression = {"Id": "result", "Expression": "100 * failed / requests", "ReturnData": True}
            client.put_metric_alarm(AlarmName=f"workbuoy-{stack}-{ERRORS}", Metrics=[*stats, expression], **common)
            lines = {"Namespace": f"Workbuoy/{stack}", "MetricName": "ErrorLines", "Period": 60, "Statistic": "Sum"}
            client.put_metric_alarm(AlarmName=f"workbuoy-{stack}-{LINES}", **lines, **common)
        yield client


PARTS = {"failed": "HTTPCode_Target_5XX_Count", "unanswered": "TargetConnectionErrorCount", "requests": "RequestCount"}


def _stat(stack: str, key: str, name: str) -> dict[str, Any]:
    metric = {"Namespace": ELB, "MetricName": name, "Dimensions": [{"Name": "TargetGroup", "Value": stack}]}
    return {"Id": key, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False}


def put(client: Any, stack: str, *, minutes_ago: float = 1, **values: float) -> None:
    """Of a moment well within what is asked of: the window ends before the second in which it is asked."""
    when = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    for part, value in values.items():
        if part == "lines":
            client.put_metric_data(
                Namespace=f"Workbuoy/{stack}",
                MetricData=[{"MetricName": "ErrorLines", "Value": value, "Timestamp": when}],
            )
            continue
        dimensions = [{"Name": "TargetGroup", "Value": stack}]
        datum = {"MetricName": PARTS[part], "Value": value, "Timestamp": when, "Dimensions": dimensions}
        client.put_metric_data(Namespace=ELB, MetricData=[datum])


def test_a_quiet_stack_has_nothing_to_tell(cloudwatch: Any) -> None:
    put(cloudwatch, "prod-acme", requests=1000)
    found = Watching(PROJECT, 10, cloudwatch)(HEAD, customers("acme"))
    assert (found.alarms, found.unknown) == ((), ())
    assert found.burn_rates == {"prod-acme": 0.0}
    assert found.error_lines == {"prod-acme": 0}


def test_errors_are_reported_as_how_fast_the_objectives_budget_goes(cloudwatch: Any) -> None:
    put(cloudwatch, "prod-acme", requests=1000, failed=10, unanswered=5, lines=40)
    put(cloudwatch, "prod-acme-two", requests=1000, failed=900)
    found = Watching(PROJECT, 10, cloudwatch)(HEAD, customers("acme"))
    assert found.burn_rates == {"prod-acme": 15.0}  # 1.5 % failed, and the objective of 99.9 % allows 0.1 %
    assert found.error_lines == {"prod-acme": 40}


def test_what_failed_before_the_deployment_is_not_counted(cloudwatch: Any) -> None:
    put(cloudwatch, "prod-acme", minutes_ago=60, requests=1000, failed=900, lines=40)
    put(cloudwatch, "prod-acme", requests=1000, failed=1, lines=2)
    found = Watching(PROJECT, 10, cloudwatch)(HEAD, customers("acme"))
    assert found.burn_rates == {"prod-acme": 1.0}
    assert found.error_lines == {"prod-acme": 2}


def test_alarms_that_fire_are_named_and_those_of_a_customer_whose_name_begins_alike_are_not(cloudwatch: Any) -> None:
    for stack in ("prod-acme", "prod-acme-two"):
        cloudwatch.set_alarm_state(AlarmName=f"workbuoy-{stack}-{ERRORS}", StateValue="ALARM", StateReason="test")
    found = Watching(PROJECT, 10, cloudwatch)(HEAD, customers("acme"))
    assert found.alarms == (f"workbuoy-prod-acme-{ERRORS}",)


def test_a_stack_without_its_alarms_is_not_taken_for_a_quiet_one(cloudwatch: Any) -> None:
    found = Watching(PROJECT, 10, cloudwatch)(HEAD, customers("globex"))
    assert found.unknown == (f"prod-globex has no alarm {ERRORS}", f"prod-globex has no alarm {LINES}")


def test_cloudwatch_that_refuses_is_reported_as_unknown() -> None:
    class Refusing:
        def get_paginator(self, _: str) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeAlarms")

    found = Watching(PROJECT, 10, Refusing())(HEAD, customers("acme"))
    assert len(found.unknown) == 1
    assert "AccessDenied" in found.unknown[0]


def test_who_was_not_deployed_is_not_asked_about() -> None:
    assert Watching(Path(), 10, None)(HEAD, customers("acme", state="failed")).unknown == ()


def test_every_silo_declares_the_alarms_that_are_read(declared: Declare) -> None:
    alarms = {one.declared.inputs["name"]: one.declared.inputs for one in declared("prod-acme").of("MetricAlarm")}
    errors, lines = alarms[f"workbuoy-prod-acme-{ERRORS}"], alarms[f"workbuoy-prod-acme-{LINES}"]
    assert {"failed", "unanswered", "requests"} <= {one["id"] for one in maps(errors["metricQueries"])}
    assert lines["metricName"] == "ErrorLines"
    for one in (errors, lines):
        assert any(str(arn).endswith(":workbuoy-prod-acme-alarms") for arn in one["alarmActions"])
