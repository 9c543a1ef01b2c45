"""Dashboards in Grafana's own form, by Grafana's own SDK, and the files from which Grafana provisions itself.

Sources: https://grafana.com/docs/grafana/latest/administration/provisioning/ and the SDK's models.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from grafana_foundation_sdk.builders import cloudwatch, common, dashboard, logs, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import cloudwatch as cloudwatch_models
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as dashboard_models

from components.alarms import Metric
from monitoring.dashboards.panels import AlarmPanel, Board, Panel, SearchPanel
from monitoring.watched import Watched

PROMETHEUS: Final = common_models.DataSourceRef(type_val="prometheus", uid="workbuoy-prometheus")
CLOUDWATCH: Final = common_models.DataSourceRef(type_val="cloudwatch", uid="workbuoy-cloudwatch")
_WIDTH, _HEIGHT = 12, 8
_ALARM_UNITS: Final = {"": "short", "bytes": "bytes", "percent": "percent", "seconds": "s"}
_METRICS = cloudwatch_models.QueryMode.METRICS
_LOGS = cloudwatch_models.QueryMode.LOGS


def render(watched: Watched, board: Board) -> str:
    """A dashboard's file."""
    built = dashboard.Dashboard(f"{watched.name}: {board.title}")
    built.uid(f"{watched.name}-{board.name}").tags(["workbuoy", watched.stack]).editable().refresh("1m").timezone("utc")
    built.time("now-6h", "now").tooltip(dashboard_models.DashboardCursorSync.CROSSHAIR)
    if any(isinstance(one, AlarmPanel) and "$loadbalancer" in str(one.alarm) for one in board.panels):
        for variable in _balancer_variables(watched):
            built.with_variable(variable)
    for number, panel in enumerate(board.panels, 1):
        built.with_panel(_panel(watched, panel).id(number))
    return json.dumps(json.loads(JSONEncoder(sort_keys=True, indent=2).encode(built.build())), indent=2) + "\n"


def _panel(watched: Watched, panel: Panel | AlarmPanel | SearchPanel) -> timeseries.Panel | logs.Panel:
    if isinstance(panel, SearchPanel):
        return _search(watched, panel)
    return _from_prometheus(panel) if isinstance(panel, Panel) else _from_cloudwatch(watched, panel)


def _lines(title: str, unit: str, threshold: float | None, color: str) -> timeseries.Panel:
    built = timeseries.Panel().title(title).unit(unit).height(_HEIGHT).span(_WIDTH).line_width(1).fill_opacity(5)
    built.legend(common.VizLegendOptions().show_legend(True).placement(common_models.LegendPlacement.BOTTOM))
    if threshold is None:
        return built
    line = common.GraphThresholdsStyleConfig().mode(common_models.GraphThresholdsStyleMode.DASHED)
    steps = [dashboard_models.Threshold(None, "green"), dashboard_models.Threshold(threshold, color)]
    limits = dashboard.ThresholdsConfig().mode(dashboard_models.ThresholdsMode.ABSOLUTE).steps(steps)
    return built.thresholds(limits).thresholds_style(line)


def _from_prometheus(panel: Panel) -> timeseries.Panel:
    built = _lines(panel.title, panel.unit, panel.threshold, "red").datasource(PROMETHEUS).description(panel.meaning)
    for letter, query in zip("ABCDEFGH", panel.queries, strict=False):
        dataquery = prometheus.Dataquery().expr(query.expression).legend_format(query.legend).ref_id(letter)
        # Of a bucket the service names its last request, whose id leads to its log lines.
        dataquery.exemplar("_bucket{" in query.expression)
        built.with_target(dataquery.datasource(PROMETHEUS).range())
    return built


def _from_cloudwatch(watched: Watched, panel: AlarmPanel) -> timeseries.Panel:
    alarm = panel.alarm
    built = _lines(alarm.name, _ALARM_UNITS[alarm.unit], alarm.threshold, "red").datasource(CLOUDWATCH)
    built.description(f"{alarm.advice} Runbook: {watched.observability.runbook(alarm.name)}")
    if alarm.metric:
        return built.with_target(_metric(watched, alarm.metric).ref_id("A"))
    result = cloudwatch.MetricsQuery().query_mode(_METRICS).region(watched.region).expression(alarm.expression)
    result.metric_query_type(cloudwatch_models.MetricQueryType.SEARCH).period("60").statistic("Sum").label(alarm.name)
    result.metric_editor_mode(cloudwatch_models.MetricEditorMode.CODE).datasource(CLOUDWATCH)
    built.with_target(result.ref_id("result").id("result"))
    for name, metric in alarm.metrics.items():
        built.with_target(_metric(watched, metric).ref_id(name).id(name).hide(True))
    return built


def _metric(watched: Watched, metric: Metric) -> cloudwatch.MetricsQuery:
    query = cloudwatch.MetricsQuery().query_mode(_METRICS).region(watched.region).namespace(metric.namespace)
    query.metric_query_type(cloudwatch_models.MetricQueryType.SEARCH).period("60").statistic(metric.statistic)
    query.metric_editor_mode(cloudwatch_models.MetricEditorMode.BUILDER).datasource(CLOUDWATCH)
    dimensions: dict[str, str | list[str]] = {name: str(value) for name, value in metric.dimensions.items()}
    return query.metric_name(metric.name).dimensions(dimensions).match_exact(True)


def _search(watched: Watched, panel: SearchPanel) -> logs.Panel:
    arn = f"arn:aws:logs:{watched.region}:{watched.account_id}:log-group:{panel.log_group}:*"
    group = cloudwatch.LogGroup().name(panel.log_group).arn(arn)
    query = cloudwatch.LogsQuery().query_mode(_LOGS).region(watched.region).expression(panel.search.query)
    query.id("A").ref_id("A").log_groups([group]).datasource(CLOUDWATCH)
    built = logs.Panel().title(panel.search.title).height(_HEIGHT).span(_WIDTH).show_time(True).wrap_log_message(True)
    return built.datasource(CLOUDWATCH).with_target(query)


def _balancer_variables(watched: Watched) -> Iterator[dashboard.QueryVariable]:
    """Names that AWS makes: a person chooses, since only the account knows them."""
    for name, dimension in (("loadbalancer", "LoadBalancer"), ("targetgroup", "TargetGroup")):
        values = f"dimension_values({watched.region}, AWS/ApplicationELB, TargetResponseTime, {dimension})"
        yield dashboard.QueryVariable(name).label(dimension).datasource(CLOUDWATCH).query(values).definition(values)


def data_sources(watched: Watched) -> dict[str, Any]:
    """Where Grafana asks: Prometheus, and CloudWatch by the role that Grafana runs under, which needs to read alone."""
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Prometheus",
                "type": PROMETHEUS.type_val,
                "uid": PROMETHEUS.uid,
                "access": "proxy",
                "url": "http://localhost:9090",
                "isDefault": True,
                "jsonData": {"httpMethod": "POST", "timeInterval": "15s"},
            },
            {
                "name": "CloudWatch",
                "type": CLOUDWATCH.type_val,
                "uid": CLOUDWATCH.uid,
                "access": "proxy",
                "jsonData": {"authType": "default", "defaultRegion": watched.region},
            },
        ],
    }


def providers(folder: str) -> dict[str, Any]:
    """Which folder Grafana reads dashboards from; what a person changes there is overwritten by the files."""
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": "workbuoy",
                "folder": "Workbuoy",
                "type": "file",
                "disableDeletion": False,
                "allowUiUpdates": False,
                "options": {"path": folder},
            }
        ],
    }
