"""Managed Prometheus: a workspace, its rules, its alert manager and the collectors that fill it."""

from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import (
    NOT_HELD,
    TAG_MAP,
    Call,
    Change,
    DeclaredOnly,
    F,
    Form,
    Kind,
    Out,
    Read,
    unchecked,
)

_ARN = "arn:aws:aps:{region}:{account}:"
_LOGGING = "logging"


def _group(value: Any) -> Any:
    """Pulumi has the log group in a section of its own, AWS in a request of its own."""
    return value.get("logGroupArn") if isinstance(value, dict) else value


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


WORKSPACE = Kind(
    type_=t.METRICS_WORKSPACE,
    service="amp",
    calls=(Call("create_workspace"), Call("create_logging_configuration", {"workspaceId": "$id"}, name=_LOGGING)),
    fields={
        "alias": F("alias"),
        "kmsKeyArn": unchecked(NOT_HELD, "kmsKeyArn"),
        "loggingConfiguration": F(
            "logGroupArn", "logging.logGroupArn", form=Form(send=_group, norm=_group), call=_LOGGING
        ),
        "tags": F("tags", form=TAG_MAP),
    },
    reads=(
        Read("describe_workspace", {"workspaceId": "$id"}, "workspace"),
        Read(
            "describe_logging_configuration",
            {"workspaceId": "$id"},
            "loggingConfiguration",
            into="logging",
            when="loggingConfiguration",
        ),
    ),
    updates=(
        Change("update_workspace_alias", {"alias": ""}, {"workspaceId": "$id"}),
        Change("update_logging_configuration", {"loggingConfiguration": ""}, {"workspaceId": "$id"}),
        Change("delete_logging_configuration", params={"workspaceId": "$id"}, removes=("loggingConfiguration",)),
    ),
    deletes=(Change("delete_workspace", params={"workspaceId": "$id"}),),
    id="$document.workspaceId",
    made_up_id="ws-{uuid}",
    outputs={
        "arn": _ARN + "workspace/{id}",
        "prometheusEndpoint": "https://aps-workspaces.{region}.amazonaws.com/workspaces/{id}/",
    },
)

RULE_GROUP_NAMESPACE = Kind(
    type_=t.METRICS_RULES,
    service="amp",
    calls=(Call("create_rule_groups_namespace"),),
    fields={
        "name": F("name"),
        "workspaceId": unchecked("part of its address", "workspaceId"),
        "data": F("data", form=Form(send=str.encode, norm=_text)),
        "tags": F("tags", form=TAG_MAP),
    },
    reads=(
        Read("describe_rule_groups_namespace", {"workspaceId": "$workspaceId", "name": "$name"}, "ruleGroupsNamespace"),
    ),
    updates=(Change("put_rule_groups_namespace", {"data": ""}, {"workspaceId": "$workspaceId", "name": "$name"}),),
    deletes=(Change("delete_rule_groups_namespace", params={"workspaceId": "$workspaceId", "name": "$name"}),),
    id="$document.arn",
    made_up_id=_ARN + "rulegroupsnamespace/{workspaceId}/{name}",
    outputs={"arn": Out("arn", _ARN + "rulegroupsnamespace/{workspaceId}/{name}")},
)

ALERT_MANAGER = DeclaredOnly(
    type_=t.METRICS_ALERT_MANAGER,
    reason="moto has no CreateAlertManagerDefinition",
    id="{workspaceId}",
)

SCRAPER = DeclaredOnly(
    type_=t.METRICS_SCRAPER,
    reason="moto has no CreateScraper",
    id="s-{uuid}",
    outputs={
        "arn": _ARN + "scraper/s-{uuid}",
        "roleArn": "arn:aws:iam::{account}:role/aws-service-role/scraper.aps.amazonaws.com/"
        "AWSServiceRoleForAmazonPrometheusScraper",
    },
)

KINDS = (WORKSPACE, RULE_GROUP_NAMESPACE)
DECLARED_ONLY = (ALERT_MANAGER, SCRAPER)
