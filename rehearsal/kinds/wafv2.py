"""AWS WAF: web ACLs, what they stand before, and their logs."""

from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import NOT_HELD, Call, Change, F, Field, Kind, Name, Out, Read, tags, unchecked

_VISIBILITY = F(
    "VisibilityConfig",
    shape={
        "cloudwatchMetricsEnabled": F("CloudWatchMetricsEnabled"),
        "metricName": F("MetricName"),
        "sampledRequestsEnabled": F("SampledRequestsEnabled"),
    },
)


def _choice(aws: str, **settings: Field) -> Field:
    """One of several objects of which AWS wants exactly one; most have nothing in them."""
    return F(aws, shape=settings, chosen=True)


_DEFAULT = {
    "allow": _choice("Allow"),
    "block": _choice("Block", customResponse=F("CustomResponse", shape={"responseCode": F("ResponseCode")})),
}
_ACTION = {**_DEFAULT, "count": _choice("Count"), "captcha": _choice("Captcha"), "challenge": _choice("Challenge")}
_RULE = {
    "name": F("Name"),
    "priority": F("Priority"),
    "action": F("Action", shape=_ACTION),
    "overrideAction": F("OverrideAction", shape={"none": _choice("None"), "count": _choice("Count")}),
    "statement": F(
        "Statement",
        shape={
            "managedRuleGroupStatement": F(
                "ManagedRuleGroupStatement",
                shape={
                    "vendorName": F("VendorName"),
                    "name": F("Name"),
                    "version": F("Version"),
                    "ruleActionOverrides": F(
                        "RuleActionOverrides",
                        shape={"name": F("Name"), "actionToUse": F("ActionToUse", shape=_ACTION)},
                        unordered=True,
                    ),
                },
            ),
            "rateBasedStatement": F(
                "RateBasedStatement",
                shape={
                    "limit": F("Limit"),
                    "aggregateKeyType": F("AggregateKeyType"),
                    "evaluationWindowSec": F("EvaluationWindowSec"),
                },
            ),
        },
    ),
    "visibilityConfig": _VISIBILITY,
}


def _with_token(response: dict[str, Any]) -> dict[str, Any]:
    return {**response["WebACL"], "LockToken": response["LockToken"]}


_WHICH = {"Name": "$name", "Scope": "$scope", "Id": "$id"}
# AWS takes a change only from who has read what stands, and proves it by this.
_READ_BEFORE = {**_WHICH, "LockToken": "$standing.LockToken"}

WEB_ACL = Kind(
    type_=t.WEB_ACL,
    service="wafv2",
    calls=(Call("create_web_acl"),),
    fields={
        "name": F("Name"),
        "namePrefix": unchecked("part of the name"),
        "scope": unchecked("part of the address", "Scope"),
        "description": F("Description"),
        "defaultAction": F("DefaultAction", shape=_DEFAULT),
        "rules": F("Rules", shape=_RULE, unordered=True),
        "visibilityConfig": _VISIBILITY,
        "dataProtectionConfig": F(
            "DataProtectionConfig",
            unchecked=NOT_HELD,
            shape={
                "dataProtections": F(
                    "DataProtections",
                    shape={
                        "action": F("Action"),
                        "field": F("Field", shape={"fieldType": F("FieldType"), "fieldKeys": F("FieldKeys")}),
                        "excludeRateBasedDetails": F("ExcludeRateBasedDetails"),
                        "excludeRuleMatchDetails": F("ExcludeRuleMatchDetails"),
                    },
                )
            },
        ),
        "tags": tags(),
    },
    reads=(
        Read("get_web_acl", _WHICH, pick=_with_token),
        Read(
            "list_tags_for_resource",
            {"ResourceARN": "$read.ARN"},
            pick="TagInfoForResource.TagList",
            into="Tags",
            when="tags",
        ),
    ),
    updates=(Change("update_web_acl", None, _READ_BEFORE),),
    deletes=(Change("delete_web_acl", params=_READ_BEFORE),),
    document="$made.Summary",
    id="$document.Id",
    made_up_id="{uuid}",
    outputs={"arn": Out("ARN", "arn:aws:wafv2:{region}:{account}:regional/webacl/{name}/{uuid}")},
    name=Name(limit=128),
)

ASSOCIATION = Kind(
    type_=t.WEB_ACL_ASSOCIATION,
    service="wafv2",
    calls=(Call("associate_web_acl"),),
    fields={"resourceArn": F("ResourceArn"), "webAclArn": F("WebACLArn", "ARN")},
    reads=(
        Read(
            "get_web_acl_for_resource",
            {"ResourceArn": "$resourceArn"},
            pick="WebACL",
            proves={"ResourceArn": "$resourceArn"},
        ),
    ),
    deletes=(Change("disassociate_web_acl"),),
    id="{webAclArn},{resourceArn}",
)

_WHOLE = ("LoggingConfiguration",)
LOGGING = Kind(
    type_=t.WEB_ACL_LOGGING,
    service="wafv2",
    calls=(Call("put_logging_configuration"),),
    fields={
        "resourceArn": F((*_WHOLE, "ResourceArn")),
        "logDestinationConfigs": F((*_WHOLE, "LogDestinationConfigs")),
        "redactedFields": F(
            (*_WHOLE, "RedactedFields"),
            shape={
                "singleHeader": F("SingleHeader", shape={"name": F("Name")}),
                "queryString": _choice("QueryString"),
                "uriPath": _choice("UriPath"),
                "method": _choice("Method"),
            },
            unordered=True,
        ),
    },
    reads=(Read("get_logging_configuration", {"ResourceArn": "$resourceArn"}),),
    deletes=(Change("delete_logging_configuration"),),
    id="{resourceArn}",
)

KINDS = (WEB_ACL, ASSOCIATION, LOGGING)
