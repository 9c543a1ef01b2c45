"""What CloudWatch and EventBridge refuse."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from components.settings import LOG_RETENTION_DAYS
from facts import tokens as t
from graph import Graph, Resource
from graph.values import items
from rehearsal.checks.reading import refuse
from rehearsal.checks.rules import Rule, count, one_of, text
from rehearsal.result import Refusal
from rehearsal.shapes import shown

_ALARM_PAGE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
_RETENTION = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"
_FILTER = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html"
_DASHBOARD = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html"
_EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"
_SCHEDULES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html"
_ALARM, _METRIC_FILTER = t.METRIC_ALARM, t.LOG_METRIC_FILTER
_DAY = 86400
_GRID, _MOST_WIDGETS, _TALLEST, _MOST_METRICS = 24, 500, 1000, 500
_ACTIONS = ("alarmActions", "okActions", "insufficientDataActions")
_COMPARISONS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)
_RATE = re.compile(r"rate\((1 (minute|hour|day)|([2-9]|[1-9]\d+) (minutes|hours|days))\)")
_CRON = re.compile(r"cron\(\S+ \S+ (\S+) \S+ (\S+) \S+\)")


def schedule_holds(expression: Any) -> bool:
    """Whether EventBridge takes a schedule: a rate in words that agree, or a cron of six fields with a `?`."""
    cron = _CRON.fullmatch(str(expression))
    return _RATE.fullmatch(str(expression)) is not None or (cron is not None and "?" in (cron[1], cron[2]))


RULES = (
    one_of(
        "alarm-statistic",
        _ALARM,
        "statistic",
        ("SampleCount", "Average", "Sum", "Minimum", "Maximum"),
        _ALARM_PAGE,
    ),
    text(
        "alarm-extended-statistic",
        _ALARM,
        "extendedStatistic",
        r"p(\d{1,2}(\.\d{0,10})?|100)|(tm|tc|ts|wm)(\d{1,2}(\.\d+)?|100)|(TM|TC|TS|WM|PR)\([^()]*\)|IQM",
        "a percentile such as p95, or tm90, TM(2%:98%), IQM",
        _ALARM_PAGE,
    ),
    one_of("alarm-comparison", _ALARM, "comparisonOperator", _COMPARISONS, _ALARM_PAGE),
    one_of(
        "alarm-missing-data",
        _ALARM,
        "treatMissingData",
        ("breaching", "notBreaching", "ignore", "missing"),
        _ALARM_PAGE,
    ),
    count("alarm-dimensions", _ALARM, "dimensions", 0, 30, "dimensions", _ALARM_PAGE),
    *(count("alarm-actions", _ALARM, key, 0, 5, "actions", _ALARM_PAGE) for key in _ACTIONS),
    *(
        text("alarm-action-form", _ALARM, f"{key}[]", r"arn:aws[a-z-]*:[a-z0-9-]+:.+", "an ARN", _ALARM_PAGE)
        for key in _ACTIONS
    ),
    text(
        "alarm-namespace", _ALARM, "namespace", r"(?s)[^:].{0,254}", "1 to 255 characters, no colon first", _ALARM_PAGE
    ),
    count("logs-filter-dimensions", _METRIC_FILTER, "metricTransformation.dimensions", 0, 3, "dimensions", _FILTER),
    text(
        "logs-filter-value",
        _METRIC_FILTER,
        "metricTransformation.value",
        r"-?\d+(\.\d+)?|\$.{1,99}",
        "a number, or a field such as $.latency",
        _FILTER,
    ),
    text("event-rule-name", t.EVENT_RULE, "name", r"[\w.-]{1,64}", "at most 64 letters, digits and . _ -", _EVENTS),
    Rule(
        "event-schedule",
        t.EVENT_RULE,
        "scheduleExpression",
        "rate(5 minutes), rate(1 day), or cron(0 3 * * ? *)",
        _SCHEDULES,
        schedule_holds,
    ),
)


def retention(graph: Graph) -> Iterator[Refusal]:
    """A retention that CloudWatch Logs does not offer; 0 means for ever."""
    for one in graph.of(t.LOG_GROUP):
        days = one.inputs.get("retentionInDays", 0)
        if days and days not in LOG_RETENTION_DAYS:
            nearest = min(LOG_RETENTION_DAYS, key=lambda each: (abs(each - days), -each))
            yield refuse(one, "logs-retention", f"keeps logs for {days} days", f"the nearest is {nearest}", _RETENTION)


def filters(graph: Graph) -> Iterator[Refusal]:
    """A metric filter with a default value beside dimensions."""
    for one in graph.of(_METRIC_FILTER):
        metric = one.inputs.get("metricTransformation") or {}
        if metric.get("dimensions") and metric.get("defaultValue") not in (None, ""):
            what = "has a default value and dimensions"
            yield refuse(one, "logs-filter-default", what, "leave one of them out", _FILTER)


def alarms(graph: Graph) -> Iterator[Refusal]:
    """Periods, data points, statistics, actions and metric math of an alarm."""
    for one in graph.of(_ALARM):
        values = one.inputs
        for check, what, fix in (*_metric(values), *_periods(values), *_actions(one)):
            yield refuse(one, check, what, fix, _ALARM_PAGE)


_Found = tuple[str, str, str]  # check, what, fix


def _metric(values: Mapping[str, Any]) -> Iterator[_Found]:
    queries = _queries(values)
    if bool(values.get("metricName")) == bool(queries):
        yield "alarm-metric", "needs either a metricName or metricQueries", "declare one of the two"
    if queries and sum(bool(query.get("returnData")) for query in queries) != 1:
        yield "alarm-return-data", "has not exactly one query with returnData", "set it on one query"
    ids = [str(query.get("id")) for query in queries]
    if len(set(ids)) < len(ids) or any(not re.fullmatch(r"[a-z][A-Za-z0-9_]{0,254}", each) for each in ids):
        yield "alarm-query-id", f"has queries {', '.join(ids)}", "give each an id of its own, a small letter first"
    if values.get("metricName") and bool(values.get("statistic")) == bool(values.get("extendedStatistic")):
        yield "alarm-statistics", "needs one of statistic and extendedStatistic", "declare one of the two"


def _periods(values: Mapping[str, Any]) -> Iterator[_Found]:
    periods = values.get("evaluationPeriods", 1)
    points = values.get("datapointsToAlarm", periods)
    if points > periods:
        fix = "make datapointsToAlarm at most evaluationPeriods"
        yield "alarm-data-points", f"needs {points} of {periods} data points", fix
    lengths = [values.get("period"), *((query.get("metric") or {}).get("period") for query in _queries(values))]
    for length in (each for each in lengths if each is not None):
        if length not in (10, 20, 30) and (length <= 0 or length % 60):
            yield "alarm-period", f"has a period of {length} s", "take 10, 20, 30 or minutes of 60"
        elif length * periods > (_DAY if length < 3600 else 7 * _DAY):
            fix = "a day is the most, seven days with periods of an hour or more"
            yield "alarm-window", f"looks back {length * periods} s", fix


def _actions(one: Resource) -> Iterator[_Found]:
    for key in _ACTIONS:
        for action in items(one.inputs.get(key)):
            parts = str(action).split(":")
            if len(parts) > 4 and parts[2] in ("sns", "lambda") and one.region and parts[3] != one.region:
                yield "alarm-action-region", f"{key} names {action}", f"name one in {one.region}"


def _queries(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(values.get("metricQueries") or ())


def dashboards(graph: Graph) -> Iterator[Refusal]:
    """A body that is no JSON, too many widgets, and widgets beyond the grid."""
    for one in graph.of(t.DASHBOARD):
        try:
            body = json.loads(str(one.inputs.get("dashboardBody") or ""))
            widgets = [dict(widget) for widget in body["widgets"]]
        except (ValueError, TypeError, KeyError):
            yield refuse(one, "dashboard-body", "has no widgets in JSON", 'write {"widgets": [...]}', _DASHBOARD)
            continue
        if len(widgets) > _MOST_WIDGETS:
            what = f"has {len(widgets)} widgets"
            yield refuse(one, "dashboard-widgets", what, f"AWS takes {_MOST_WIDGETS}", _DASHBOARD)
        for number, widget in enumerate(widgets):
            for check, what, fix in _widget(widget):
                yield refuse(one, check, f"widget {number} {what}", fix, _DASHBOARD)


def _widget(widget: Mapping[str, Any]) -> Iterator[_Found]:
    x, y = widget.get("x", 0), widget.get("y", 0)
    width, height = widget.get("width", 6), widget.get("height", 6)
    if not 0 <= x < _GRID or not width >= 1 or x + width > _GRID:
        yield "dashboard-width", f"goes from column {x} to {x + width}", f"the grid has {_GRID} columns"
    if y < 0 or not 1 <= height <= _TALLEST:
        yield "dashboard-height", f"has row {y} and height {height}", f"take 1 to {_TALLEST}"
    if widget.get("type") not in ("metric", "text", "log", "alarm", "explorer", "custom"):
        yield "dashboard-type", f"is of type {widget.get('type')}", "take metric, text, log, alarm, explorer or custom"
    metrics = len((widget.get("properties") or {}).get("metrics") or ())
    if metrics > _MOST_METRICS:
        yield "dashboard-metrics", f"shows {metrics} metrics", f"AWS takes {_MOST_METRICS}"


def event_rules(graph: Graph) -> Iterator[Refusal]:
    """A rule without a pattern or schedule, a pattern that is no JSON of lists, and more than five targets."""
    for one in graph.of(t.EVENT_RULE):
        values = one.inputs
        pattern = values.get("eventPattern")
        if not pattern and not values.get("scheduleExpression"):
            what = "has neither eventPattern nor scheduleExpression"
            yield refuse(one, "event-rule-empty", what, "declare one of them", _EVENTS)
        if pattern and not _pattern_holds(pattern):
            what = f"has the pattern {shown(str(pattern))}"
            source = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html"
            yield refuse(
                one, "event-pattern", what, 'write JSON whose leaves are lists: {"source": ["aws.rds"]}', source
            )
        targets = [each for each in graph.of(t.EVENT_TARGET) if each.inputs.get("rule") in (values.get("name"), one.id)]
        if len(targets) > 5:
            what = f"has {len(targets)} targets"
            source = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"
            yield refuse(one, "event-targets", what, "AWS takes 5 a rule", source)


def _pattern_holds(pattern: Any) -> bool:
    try:
        content = json.loads(pattern) if isinstance(pattern, str) else pattern
    except ValueError:
        return False

    def holds(part: Any) -> bool:
        if isinstance(part, dict):
            return bool(part) and all(key == "$or" or holds(value) for key, value in part.items())
        return isinstance(part, list) and bool(part)

    return isinstance(content, dict) and holds(content)


CHECKS = (retention, filters, alarms, dashboards, event_rules)
