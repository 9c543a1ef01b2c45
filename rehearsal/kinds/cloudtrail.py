"""CloudTrail: the record of what was done in an account."""

from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import Call, Change, F, Kind, Name, Out, Read, only_when, tags, unchecked

_ARN = "arn:aws:cloudtrail:{region}:{account}:trail/{name}"


def _logging(params: dict[str, Any]) -> dict[str, Any] | None:
    """AWS starts a trail by an operation of its own; the provider does unless told otherwise."""
    return params if params.pop("Enabled", True) else None


_SELECTOR = {
    "name": F("Name"),
    "fieldSelectors": F(
        "FieldSelectors",
        shape={
            "field": F("Field"),
            "equals": F("Equals"),
            "notEquals": F("NotEquals"),
            "startsWiths": F("StartsWith"),
            "notStartsWiths": F("NotStartsWith"),
            "endsWiths": F("EndsWith"),
            "notEndsWiths": F("NotEndsWith"),
        },
        unordered=True,
    ),
}

TRAIL = Kind(
    type_=t.TRAIL,
    service="cloudtrail",
    calls=(
        Call("create_trail"),
        Call("put_event_selectors", {"TrailName": "$name"}, name="selectors"),
        Call("start_logging", {"Name": "$name"}, name="logging", pack=_logging),
    ),
    fields={
        "name": F("Name"),
        "s3BucketName": F("S3BucketName"),
        "s3KeyPrefix": F("S3KeyPrefix"),
        "kmsKeyId": F("KmsKeyId"),
        "isMultiRegionTrail": F("IsMultiRegionTrail"),
        "includeGlobalServiceEvents": F("IncludeGlobalServiceEvents"),
        "enableLogFileValidation": F("EnableLogFileValidation", "LogFileValidationEnabled"),
        "enableLogging": F("Enabled", "Status.IsLogging", call="logging"),
        "advancedEventSelectors": F(
            "AdvancedEventSelectors",
            "Selectors.AdvancedEventSelectors",
            shape=_SELECTOR,
            unordered=True,
            call="selectors",
        ),
        "snsTopicName": F("SnsTopicName"),
        "cloudWatchLogsGroupArn": F("CloudWatchLogsLogGroupArn"),
        "cloudWatchLogsRoleArn": F("CloudWatchLogsRoleArn"),
        "isOrganizationTrail": unchecked("a rehearsal has no organization", "IsOrganizationTrail"),
        "tags": tags("TagsList", "Tags"),
    },
    defaults={"enableLogging": True},
    reads=(
        Read("get_trail", {"Name": "$name"}, pick="Trail"),
        Read("get_trail_status", {"Name": "$name"}, into="Status"),
        Read("get_event_selectors", {"TrailName": "$name"}, into="Selectors", when="advancedEventSelectors"),
        Read("list_tags", {"ResourceIdList": [_ARN]}, pick="ResourceTagList[0].TagsList", into="Tags", when="tags"),
    ),
    updates=(
        Change("start_logging", {"enableLogging": "Enabled"}, pack=only_when(True)),
        Change("stop_logging", {"enableLogging": "Enabled"}, pack=only_when(False)),
    ),
    id="{name}",
    outputs={"arn": Out("TrailARN", _ARN), "homeRegion": "{region}"},
    name=Name(limit=128),
)

KINDS = (TRAIL,)
