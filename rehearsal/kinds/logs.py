"""CloudWatch Logs: groups, metric filters, saved queries."""

from facts import tokens as t
from rehearsal.kinds.kind import (
    AT_DELETION,
    NOT_HELD,
    TAG_MAP,
    Call,
    Change,
    DeclaredOnly,
    F,
    Form,
    Kind,
    Name,
    Read,
    unchecked,
)

_ARN = "arn:aws:logs:{region}:{account}:"

LOG_GROUP = Kind(
    type_=t.LOG_GROUP,
    service="logs",
    calls=(
        Call("create_log_group"),
        Call("put_retention_policy", {"logGroupName": "$name"}, name="retention"),
    ),
    fields={
        "name": F("logGroupName"),
        "namePrefix": unchecked("part of the name"),
        "retentionInDays": F("retentionInDays", call="retention"),
        "kmsKeyId": F("kmsKeyId"),
        "logGroupClass": F("logGroupClass"),
        "skipDestroy": unchecked(AT_DELETION),
        "deletionProtectionEnabled": unchecked(NOT_HELD),
        "tags": F("tags", form=TAG_MAP),
    },
    reads=(
        Read("describe_log_groups", pick="logGroups", index="logGroupName", key="$name"),
        Read(
            "list_tags_for_resource", {"resourceArn": _ARN + "log-group:{name}"}, pick="tags", into="tags", when="tags"
        ),
    ),
    updates=(
        Change("associate_kms_key", {"kmsKeyId": ""}),
        Change("disassociate_kms_key", removes=("kmsKeyId",)),
        Change("delete_retention_policy", removes=("retentionInDays",)),
    ),
    id="{name}",
    outputs={"arn": _ARN + "log-group:{name}"},
    name=Name(limit=512),
)

_TRANSFORMATION = {
    "name": F("metricName"),
    "namespace": F("metricNamespace"),
    "value": F("metricValue"),
    "defaultValue": F("defaultValue", form=Form(send=float)),
    "unit": F("unit"),
    "dimensions": F("dimensions", form=TAG_MAP),
}

METRIC_FILTER = Kind(
    type_=t.LOG_METRIC_FILTER,
    service="logs",
    unique=("logGroupName", "name"),
    calls=(Call("put_metric_filter"),),
    fields={
        "name": F("filterName"),
        "logGroupName": F("logGroupName"),
        "pattern": F("filterPattern"),
        "metricTransformation": F("metricTransformations", shape=_TRANSFORMATION, unwrap=True),
        "applyOnTransformedLogs": unchecked(NOT_HELD),
    },
    reads=(
        Read(
            "describe_metric_filters",
            {"logGroupName": "$logGroupName"},
            pick="metricFilters[].merge(@, {key: join('|', [logGroupName, filterName])})",
            index="key",
            key="{logGroupName}|{name}",
        ),
    ),
    id="{name}",
    name=Name(limit=512),
)

QUERY_DEFINITION = DeclaredOnly(
    type_=t.LOG_QUERY,
    reason="moto has no PutQueryDefinition",
    id="{uuid}",
    outputs={"queryDefinitionId": "{uuid}", "arn": _ARN + "query-definition:{uuid}"},
)

KINDS = (LOG_GROUP, METRIC_FILTER)
DECLARED_ONLY = (QUERY_DEFINITION,)
