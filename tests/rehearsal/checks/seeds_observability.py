"""Seeds of CloudWatch and EventBridge."""

import json
from typing import Any

from rehearsal.result import Rehearsed
from tests.rehearsal.checks.case import Case, alarm, each, field, part

TOPIC = "arn:aws:sns:eu-north-1:210000000001:t"
EVENT_RULE = "cloudwatch/eventRule:EventRule"


def dashboard(*widgets: Any) -> Rehearsed:
    return part("cloudwatch/dashboard:Dashboard", dashboardBody=json.dumps({"widgets": list(widgets)}))


def widget(**changes: Any) -> Rehearsed:
    return dashboard({"type": "metric", "x": 0, "y": 0, "width": 24, "height": 6, **changes})


def transformed(**changes: Any) -> Rehearsed:
    return part("cloudwatch/logMetricFilter:LogMetricFilter", metricTransformation={"value": "1", **changes})


def math(*ids: str) -> Rehearsed:
    queries = [{"id": one, "returnData": number == 0} for number, one in enumerate(ids)]
    return alarm(metricName=None, statistic=None, metricQueries=queries)


def targets(count: int) -> list[Rehearsed]:
    made = [part("cloudwatch/eventTarget:EventTarget", f"t{n}", rule="it") for n in range(count)]
    return [part(EVENT_RULE, scheduleExpression="rate(1 day)"), *made]


CASES: list[Case] = [
    *each("logs-retention", field("cloudwatch/logGroup:LogGroup", "retentionInDays"), [10, 100, 3652], 3653),
    *each(
        "logs-filter-dimensions",
        lambda v: transformed(dimensions=v),
        [dict.fromkeys("abcd", "$.x")],
        dict.fromkeys("abc", "$.x"),
    ),
    *each("logs-filter-value", lambda v: transformed(value=v), ["one", "", "$"], "$.latency"),
    *each("logs-filter-default", lambda v: transformed(dimensions={"a": "$.x"}, defaultValue=v), ["0"], None),
    *each("alarm-statistic", lambda v: alarm(statistic=v), ["average", "p95", "Median"], "Maximum"),
    *each(
        "alarm-extended-statistic",
        lambda v: alarm(extendedStatistic=v, statistic=None),
        ["95", "p101", "P95", "pct95"],
        "p99.9",
    ),
    *each("alarm-statistics", lambda v: alarm(statistic="Sum", extendedStatistic=v), ["p95"], None),
    *each("alarm-comparison", lambda v: alarm(comparisonOperator=v), [">", "GreaterThan"], "GreaterThanThreshold"),
    *each("alarm-missing-data", lambda v: alarm(treatMissingData=v), ["ok", "notbreaching"], "notBreaching"),
    *each("alarm-dimensions", lambda v: alarm(dimensions={f"d{n}": "x" for n in range(v)}), [31], 30),
    *each("alarm-actions", lambda v: alarm(alarmActions=[TOPIC] * v), [6], 5),
    *each("alarm-actions", lambda v: alarm(okActions=[TOPIC] * v), [6], 5),
    *each("alarm-action-form", lambda v: alarm(alarmActions=[v]), ["oncall", "topic:t"], TOPIC),
    *each("alarm-action-region", lambda v: alarm(alarmActions=[v]), [TOPIC.replace("eu-north-1", "us-east-1")], TOPIC),
    *each("alarm-namespace", lambda v: alarm(namespace=v), [":a", "a" * 256], "AWS/RDS"),
    *each("alarm-data-points", lambda v: alarm(datapointsToAlarm=v), [6, 10], 5),
    *each("alarm-period", lambda v: alarm(period=v), [0, 45, 90], 30),
    *each("alarm-window", lambda v: alarm(period=v[0], evaluationPeriods=v[1]), [(1800, 49), (3600, 169)], (3600, 168)),
    *each("alarm-query-id", lambda v: math(*v), [("a", "a"), ("A", "b"), ("1", "b")], ("a", "b")),
    *each(
        "dashboard-body",
        field("cloudwatch/dashboard:Dashboard", "dashboardBody"),
        ["{", "[]", '{"widgets": 1}'],
        '{"widgets": []}',
    ),
    *each("dashboard-width", lambda v: widget(**v), [{"width": 25}, {"x": 1}, {"x": 24, "width": 1}, {"width": 0}], {}),
    *each("dashboard-height", lambda v: widget(**v), [{"height": 1001}, {"height": 0}, {"y": -1}], {"height": 1000}),
    *each("dashboard-type", lambda v: widget(type=v), ["graph", None], "text"),
    *each("dashboard-widgets", lambda v: dashboard(*([{"type": "text"}] * v)), [501], 500),
    *each("dashboard-metrics", lambda v: widget(properties={"metrics": [["a", "b"]] * v}), [501], 500),
    *each(
        "event-schedule",
        field(EVENT_RULE, "scheduleExpression"),
        ["rate(1 days)", "rate(5 minute)", "rate(0 days)", "cron(0 3 * * *)", "cron(0 3 * * * *)", "daily"],
        "cron(0 3 * * ? *)",
    ),
    *each("event-rule-empty", field(EVENT_RULE, "scheduleExpression"), [None, ""], "rate(1 day)"),
    *each(
        "event-pattern",
        field(EVENT_RULE, "eventPattern"),
        ["{", '{"source": "aws.rds"}', '{"source": []}', "[]"],
        '{"source": ["aws.rds"], "detail": {"state": ["failed"]}}',
    ),
    *each("event-targets", targets, [6], 5),
]
