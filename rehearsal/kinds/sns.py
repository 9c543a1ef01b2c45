"""SNS topics, their policies, their subscriptions."""

from typing import Any

from rehearsal.kinds.kind import IN_PROVIDER, JSON, TEXT, Call, F, Field, Form, Kind, Name, Out, Read, tags, unchecked

_ATTRIBUTES = Read("get_topic_attributes", {"TopicArn": "$id"}, pick="Attributes")


def _attribute(name: str, form: Form = TEXT) -> Field:
    return F(("Attributes", name), name, form=form)


def _policy(params: dict[str, Any]) -> dict[str, Any]:
    return {"AttributeName": "Policy", **params}


TOPIC = Kind(
    type_="aws:sns/topic:Topic",
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
    document="$made",
    id="$document.TopicArn",
    made_up_id="arn:aws:sns:{region}:{account}:{name}",
    outputs={"arn": "{id}", "owner": "{account}"},
    name=Name(limit=256),
)

TOPIC_POLICY = Kind(
    type_="aws:sns/topicPolicy:TopicPolicy",
    service="sns",
    calls=(Call("set_topic_attributes", pack=_policy),),
    fields={"arn": F("TopicArn"), "policy": F("AttributeValue", "Policy", form=JSON)},
    reads=(_ATTRIBUTES,),
    document="$made",
    id="{arn}",
    outputs={"owner": "{account}"},
)

SUBSCRIPTION = Kind(
    type_="aws:sns/topicSubscription:TopicSubscription",
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
    document="$made",
    id="$document.SubscriptionArn",
    made_up_id="{topic}:{uuid}",
    outputs={"arn": "{id}", "ownerId": "{account}", "pendingConfirmation": Out("PendingConfirmation", False)},
)

KINDS = (TOPIC, TOPIC_POLICY, SUBSCRIPTION)
