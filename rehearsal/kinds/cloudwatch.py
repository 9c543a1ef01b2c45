"""CloudWatch alarms and dashboards."""

from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import JSON, Call, Change, F, Form, Kind, Name, Read, tags

_ARN = "arn:aws:cloudwatch:{region}:{account}:alarm:{name}"


def _by_name(value: Any) -> Any:
    """Dimensions are a list of names and values to AWS, in no order."""
    return {one["Name"]: one["Value"] for one in value} if isinstance(value, list) else value or {}


_DIMENSIONS = Form(send=lambda value: [{"Name": k, "Value": v} for k, v in value.items()], norm=_by_name, by_leaf=True)
_METRIC = {
    "namespace": F("Metric.Namespace"),
    "metricName": F("Metric.MetricName"),
    "dimensions": F("Metric.Dimensions", form=_DIMENSIONS),
    "period": F("Period"),
    "stat": F("Stat"),
    "unit": F("Unit"),
}
_QUERY = {
    "id": F("Id"),
    "expression": F("Expression"),
    "label": F("Label"),
    "returnData": F("ReturnData"),
    "period": F("Period"),
    "accountId": F("AccountId"),
    "metric": F("MetricStat", shape=_METRIC),
}

METRIC_ALARM = Kind(
    type_=t.METRIC_ALARM,
    service="cloudwatch",
    calls=(Call("put_metric_alarm"),),
    fields={
        "name": F("AlarmName"),
        "alarmDescription": F("AlarmDescription"),
        "actionsEnabled": F("ActionsEnabled"),
        "alarmActions": F("AlarmActions", unordered=True),
        "okActions": F("OKActions", unordered=True),
        "insufficientDataActions": F("InsufficientDataActions", unordered=True),
        "namespace": F("Namespace"),
        "metricName": F("MetricName"),
        "dimensions": F("Dimensions", form=_DIMENSIONS),
        "statistic": F("Statistic"),
        "extendedStatistic": F("ExtendedStatistic"),
        "period": F("Period"),
        "unit": F("Unit"),
        "evaluationPeriods": F("EvaluationPeriods"),
        "datapointsToAlarm": F("DatapointsToAlarm"),
        "threshold": F("Threshold"),
        "thresholdMetricId": F("ThresholdMetricId"),
        "comparisonOperator": F("ComparisonOperator"),
        "treatMissingData": F("TreatMissingData"),
        "evaluateLowSampleCountPercentiles": F("EvaluateLowSampleCountPercentile"),
        "metricQueries": F("Metrics", shape=_QUERY, unordered=True),
        "tags": tags(),
    },
    defaults={"actionsEnabled": True},
    reads=(
        Read("describe_alarms", pick="MetricAlarms", index="AlarmName", among=lambda names: {"AlarmNames": names}),
        Read("list_tags_for_resource", {"ResourceARN": _ARN}, pick="Tags", into="Tags", when="tags"),
    ),
    deletes=(Change("delete_alarms", params={"AlarmNames": ["$name"]}),),
    id="{name}",
    outputs={"arn": _ARN},
    name=Name(),
)

DASHBOARD = Kind(
    type_=t.DASHBOARD,
    service="cloudwatch",
    calls=(Call("put_dashboard"),),
    fields={"dashboardName": F("DashboardName"), "dashboardBody": F("DashboardBody", form=JSON)},
    reads=(Read("get_dashboard", {"DashboardName": "$dashboardName"}),),
    deletes=(Change("delete_dashboards", params={"DashboardNames": ["$dashboardName"]}),),
    id="{dashboardName}",
    outputs={"dashboardArn": "arn:aws:cloudwatch::{account}:dashboard/{dashboardName}"},
    name=Name("dashboardName", ""),
)

KINDS = (METRIC_ALARM, DASHBOARD)
