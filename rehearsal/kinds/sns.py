"""SNS topics, their policies, their subscriptions."""

import json
from collections.abc import Mapping
from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import (
    IN_PROVIDER,
    JSON,
    TEXT,
    Call,
    Change,
    F,
    Field,
    Form,
    Kind,
    Name,
    Out,
    Read,
    tags,
    unchecked,
)

_ATTRIBUTES = Read("get_topic_attributes", {"TopicArn": "$id"}, pick="Attributes")


def _attribute(name: str, form: Form = TEXT) -> Field:
    return F(("Attributes", name), name, form=form)


def _policy(params: dict[str, Any]) -> dict[str, Any]:
    return {"AttributeName": "Policy", **params}


def _each(params: dict[str, Any]) -> list[dict[str, Any]]:
    """One request an attribute."""
    return [{"AttributeName": key, "AttributeValue": value} for key, value in params["Attributes"].items()]


_TOPIC_ATTRIBUTES = (
    "displayName",
    "kmsMasterKeyId",
    "contentBasedDeduplication",
    "deliveryPolicy",
    "policy",
    "signatureVersion",
    "tracingConfig",
)
_SUBSCRIPTION_ATTRIBUTES = (
    "rawMessageDelivery",
    "filterPolicy",
    "filterPolicyScope",
    "redrivePolicy",
    "subscriptionRoleArn",
)
_DEFAULT_SID = "__default_statement_ID"


def _default_policy(values: Mapping[str, Any]) -> str:
    """What AWS puts on a new topic, and the provider back where a policy goes."""
    statement = {
        "Sid": _DEFAULT_SID,
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:Subscribe", "SNS:Publish"],
        "Resource": values["arn"],
        "Condition": {"StringEquals": {"AWS:SourceOwner": values["account"]}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


def _is_default(attributes: Mapping[str, Any]) -> bool:
    return _DEFAULT_SID in str(attributes.get("Policy"))


TOPIC = Kind(
    type_=t.TOPIC,
    service="sns",
    calls=(Call("create_topic"),),
    fields={
        "name": F("Name", "TopicArn", form=Form(norm=lambda value: str(value).rsplit(":", 1)[-1])),
        "namePrefix": unchecked("part of the name"),
        "displayName": _attribute("DisplayName"),
        "kmsMasterKeyId": _attribute("KmsMasterKeyId"),
        "fifoTopic": _attribute("FifoTopic"),
        "contentBasedDeduplication": _attribute("ContentBasedDeduplication"),
        "deliveryPolicy": _attribute("DeliveryPolicy", JSON),
        "policy": _attribute("Policy", JSON),
        "signatureVersion": _attribute("SignatureVersion"),
        "tracingConfig": _attribute("TracingConfig"),
        "tags": tags(),
    },
    reads=(_ATTRIBUTES, Read("list_tags_for_resource", {"ResourceArn": "$id"}, pick="Tags", into="Tags", when="tags")),
    updates=(Change("set_topic_attributes", dict.fromkeys(_TOPIC_ATTRIBUTES, ""), pack=_each),),
    id="$document.TopicArn",
    made_up_id="arn:aws:sns:{region}:{account}:{name}",
    outputs={"arn": "{id}", "owner": "{account}"},
    name=Name(limit=256),
)

TOPIC_POLICY = Kind(
    type_=t.TOPIC_POLICY,
    service="sns",
    calls=(Call("set_topic_attributes", pack=_policy),),
    deletes=(Change("set_topic_attributes", params={"AttributeName": "Policy", "AttributeValue": _default_policy}),),
    reset=_is_default,
    fields={"arn": F("TopicArn"), "policy": F("AttributeValue", "Policy", form=JSON)},
    reads=(_ATTRIBUTES,),
    id="{arn}",
    outputs={"owner": "{account}"},
)

SUBSCRIPTION = Kind(
    type_=t.TOPIC_SUBSCRIPTION,
    service="sns",
    calls=(Call("subscribe", {"ReturnSubscriptionArn": True}),),
    fields={
        "topic": F("TopicArn"),
        "protocol": F("Protocol"),
        "endpoint": F("Endpoint"),
        "rawMessageDelivery": _attribute("RawMessageDelivery"),
        "filterPolicy": _attribute("FilterPolicy", JSON),
        "filterPolicyScope": _attribute("FilterPolicyScope"),
        "redrivePolicy": _attribute("RedrivePolicy", JSON),
        "subscriptionRoleArn": _attribute("SubscriptionRoleArn"),
        "confirmationTimeoutInMinutes": unchecked(IN_PROVIDER),
        "endpointAutoConfirms": unchecked(IN_PROVIDER),
    },
    reads=(Read("get_subscription_attributes", {"SubscriptionArn": "$id"}, pick="Attributes"),),
    updates=(Change("set_subscription_attributes", dict.fromkeys(_SUBSCRIPTION_ATTRIBUTES, ""), pack=_each),),
    deletes=(Change("unsubscribe"),),
    id="$document.SubscriptionArn",
    made_up_id="{topic}:{uuid}",
    outputs={"arn": "{id}", "ownerId": "{account}", "pendingConfirmation": Out("PendingConfirmation", False)},
)

KINDS = (TOPIC, TOPIC_POLICY, SUBSCRIPTION)
