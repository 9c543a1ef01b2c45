"""The stack's CloudWatch dashboard, drawn from the same list as the alarms."""

from collections.abc import Sequence
from typing import Any

from pulumi import Output

from components.alarms import GIB, Alarm, Metric
from components.json_text import json_text

_COLUMNS, _WIDTH, _HEIGHT = 3, 8, 6


def dashboard_body(region: str, alarms: Sequence[Alarm], alarm_arns: Sequence[Output[str]]) -> Output[str]:
    """A dashboard with the alarms' states on top and one graph an alarm, its threshold drawn in.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    states = {
        "type": "alarm",
        **_place(0, 0, width=24, height=3),
        "properties": {"title": "Alarms", "alarms": list(alarm_arns)},
    }
    graphs = [
        {
            "type": "metric",
            **_place(_WIDTH * (index % _COLUMNS), 3 + _HEIGHT * (index // _COLUMNS)),
            "properties": _graph(region, alarm),
        }
        for index, alarm in enumerate(alarms)
    ]
    return json_text({"widgets": [states, *graphs]})


def _place(x: int, y: int, width: int = _WIDTH, height: int = _HEIGHT) -> dict[str, int]:
    return {"x": x, "y": y, "width": width, "height": height}


def _graph(region: str, alarm: Alarm) -> dict[str, Any]:
    if alarm.metric:
        lines: list[list[Any]] = [_line(alarm.metric)]
    else:
        lines = [[{"expression": alarm.expression, "id": "result", "label": alarm.name}]]
        lines += [_line(metric, {"id": key, "visible": False}) for key, metric in alarm.metrics.items()]
    label = f"{alarm.threshold / GIB:g} GiB" if alarm.unit == "bytes" else f"{alarm.threshold:g} {alarm.unit}"
    return {
        "title": alarm.name,
        "region": region,
        "period": alarm.period_seconds,
        "view": "timeSeries",
        "metrics": lines,
        "annotations": {"horizontal": [{"label": f"alarm at {label}".rstrip(), "value": alarm.threshold}]},
    }


def _line(metric: Metric, options: dict[str, Any] | None = None) -> list[Any]:
    dimensions = [part for name_and_value in metric.dimensions.items() for part in name_and_value]
    return [metric.namespace, metric.name, *dimensions, {"stat": metric.statistic, **(options or {})}]
