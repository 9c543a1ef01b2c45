"""What CloudWatch refuses."""

from collections.abc import Iterator
from typing import Any

from components.settings import LOG_RETENTION_DAYS
from rehearsal.checks.graph import Graph, refuse
from rehearsal.result import Refusal, Rehearsed

_ALARM = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
_RETENTION = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"
_DAY = 86400


def retention(graph: Graph) -> Iterator[Refusal]:
    """A retention that CloudWatch Logs does not offer; 0 means for ever."""
    for one in graph.of("cloudwatch/logGroup:LogGroup"):
        days = one.declared.properties.get("retentionInDays", 0)
        if days and days not in LOG_RETENTION_DAYS:
            nearest = min(LOG_RETENTION_DAYS, key=lambda each: (abs(each - days), -each))
            yield refuse(one, "logs-retention", f"keeps logs for {days} days", f"the nearest is {nearest}", _RETENTION)


def alarms(graph: Graph) -> Iterator[Refusal]:
    """Periods, data points and metric math of an alarm."""
    for one in graph.of("cloudwatch/metricAlarm:MetricAlarm"):
        values = one.declared.properties
        periods = values.get("evaluationPeriods", 1)
        points = values.get("datapointsToAlarm", periods)
        if points > periods:
            yield refuse(
                one,
                "alarm-data-points",
                f"needs {points} of {periods} data points",
                "make datapointsToAlarm at most evaluationPeriods",
                _ALARM,
            )
        lengths = [values.get("period"), *((q.get("metric") or {}).get("period") for q in _queries(values))]
        for length in (each for each in lengths if each is not None):
            yield from _period(one, length, periods)
        if _queries(values) and sum(bool(q.get("returnData")) for q in _queries(values)) != 1:
            yield refuse(
                one, "alarm-return-data", "has not exactly one query with returnData", "set it on one query", _ALARM
            )
        if bool(values.get("metricName")) == bool(_queries(values)):
            yield refuse(
                one, "alarm-metric", "needs either a metricName or metricQueries", "declare one of the two", _ALARM
            )


def _queries(values: Any) -> list[dict[str, Any]]:
    return list(values.get("metricQueries") or ())


def _period(one: Rehearsed, length: int, periods: int) -> Iterator[Refusal]:
    if length not in (10, 20, 30) and (length <= 0 or length % 60):
        yield refuse(one, "alarm-period", f"has a period of {length} s", "take 10, 20, 30 or minutes of 60", _ALARM)
    elif length * periods > (_DAY if length < 3600 else 7 * _DAY):
        yield refuse(
            one,
            "alarm-window",
            f"looks back {length * periods} s",
            "a day is the most, seven days with periods of an hour or more",
            _ALARM,
        )


CHECKS = (retention, alarms)
