"""EventBridge: rules, and whom each tells."""

from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import (
    IN_PROVIDER,
    JSON,
    Call,
    Change,
    F,
    Kind,
    Name,
    Out,
    Read,
    tags,
    unchecked,
)

_ARN = "arn:aws:events:{region}:{account}:rule/{name}"

RULE = Kind(
    type_=t.EVENT_RULE,
    service="events",
    calls=(Call("put_rule"),),
    fields={
        "name": F("Name"),
        "namePrefix": unchecked("part of the name"),
        "description": F("Description"),
        "eventBusName": F("EventBusName"),
        "eventPattern": F("EventPattern", form=JSON),
        "scheduleExpression": F("ScheduleExpression"),
        "state": F("State"),
        "roleArn": F("RoleArn"),
        "forceDestroy": unchecked(IN_PROVIDER),
        "tags": tags(),
    },
    reads=(
        Read("describe_rule", {"Name": "$name"}),
        Read("list_tags_for_resource", {"ResourceARN": "$outputs.arn"}, pick="Tags", into="Tags", when="tags"),
    ),
    deletes=(Change("delete_rule", params={"Name": "$name"}),),
    id="{name}",
    outputs={"arn": Out("RuleArn", _ARN)},
    name=Name(limit=64),
)


def _one(params: dict[str, Any]) -> dict[str, Any]:
    rule = params.pop("Rule")
    return {"Rule": rule, "Targets": [params]}


TARGET = Kind(
    type_=t.EVENT_TARGET,
    service="events",
    calls=(Call("put_targets", pack=_one),),
    fields={
        "rule": unchecked("part of its address", "Rule"),
        "targetId": F("Id"),
        "arn": F("Arn"),
        "input": F("Input", form=JSON),
        "inputPath": F("InputPath"),
        "roleArn": F("RoleArn"),
        "forceDestroy": unchecked(IN_PROVIDER),
    },
    reads=(Read("list_targets_by_rule", {"Rule": "$rule"}, pick="Targets", index="Id", key="$targetId"),),
    deletes=(Change("remove_targets", params={"Rule": "$rule", "Ids": ["$targetId"]}),),
    id="{rule}-{targetId}",
)

KINDS = (RULE, TARGET)
