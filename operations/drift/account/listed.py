"""What AWS lists of a declared resource, where each entry should be declared as well: one row a listing."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from facts import tokens as t
from graph import Resource
from operations.drift.account.undeclared import Look, Stack, Undeclared

SUBSCRIPTION_FILTER: Final = "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter"
EVENT_SOURCE: Final = "aws:lambda/eventSourceMapping:EventSourceMapping"
ACCESS_POINT: Final = "aws:s3/accessPoint:AccessPoint"

Entry = Mapping[str, Any]
Others = Callable[[Stack, Resource, Entry], bool]
"""Whether an entry is AWS's own, or another stack's of this project."""


def _nobody(_stack: Stack, _holder: Resource, _entry: Entry) -> bool:
    return False


def _listing(
    what: str,
    holder: str,
    call: tuple[str, str, str],
    ask: Callable[[Stack, Resource], Mapping[str, Any]],
    *,
    token: str,
    id_: str,
    undo: str,
    shows: Mapping[str, str],
    others: Others = _nobody,
) -> Look:
    """A row.

    Args:
        what: for the message where AWS refuses to say.
        holder: the type whose resources are asked about.
        call: the service, the operation and the part of its answer that lists.
        ask: the operation's parameters.
        token: what an entry would be declared as.
        id_: the entry's field that a declared one has as its id.
        undo: takes an entry away; `{id}` is its id, `{holder}` that of the holder, `{region}` and
            `{account}` where both are.
        shows: property to the entry's field.
        others: entries that are no one's to declare here.
    """
    service, operation, result = call

    def undeclared(stack: Stack, one: Resource) -> Iterator[Undeclared]:
        region, declared = stack.region(one), stack.ids(token)
        for found in stack.account.items(service, region, operation, result, **ask(stack, one)):
            entry: Entry = found if isinstance(found, Mapping) else {id_: found}
            known = str(entry[id_])
            if known in declared or others(stack, one, entry):
                continue
            values = {name: entry.get(field) for name, field in shows.items()}
            command = undo.format(id=known, holder=one.id, region=region, account=stack.account.account)
            yield stack.undeclared(token, f"{known.rpartition(':')[2]} of {one.name}", command, **values)

    return Look(what, (holder,), undeclared)


def _rule_of_others(stack: Stack, listener: Resource, rule: Entry) -> bool:
    """The listener's own default, and the rule that a customer's stack adds to its base's listener by design."""
    if rule.get("IsDefault"):
        return True
    client = stack.account.client("elbv2", stack.region(listener))
    (answer,) = client.describe_tags(ResourceArns=[rule["RuleArn"]])["TagDescriptions"]
    tags = {tag["Key"]: tag["Value"] for tag in answer["Tags"]}
    tenant = tags.get("tenant", "shared")
    return (
        tags.get("application") == "workbuoy"
        and tenant != "shared"
        and not stack.is_mine(f"workbuoy-{stack.graph.stack}-{tenant}")
    )


def _service_of_others(stack: Stack, _cluster: Resource, service: Entry) -> bool:
    return not stack.is_mine(str(service["serviceArn"]).rpartition("/")[2])


LISTED: Final = (
    _listing(
        "listeners",
        t.LOAD_BALANCER,
        ("elbv2", "describe_listeners", "Listeners"),
        lambda _, one: {"LoadBalancerArn": one.id},
        token=t.LISTENER,
        id_="ListenerArn",
        undo="aws elbv2 delete-listener --region {region} --listener-arn {id}",
        shows={
            "loadBalancerArn": "LoadBalancerArn",
            "port": "Port",
            "protocol": "Protocol",
            "defaultActions": "DefaultActions",
        },
    ),
    _listing(
        "rules of the listener",
        t.LISTENER,
        ("elbv2", "describe_rules", "Rules"),
        lambda _, one: {"ListenerArn": one.id},
        token=t.LISTENER_RULE,
        id_="RuleArn",
        undo="aws elbv2 delete-rule --region {region} --rule-arn {id}",
        shows={"priority": "Priority", "conditions": "Conditions", "actions": "Actions"},
        others=_rule_of_others,
    ),
    _listing(
        "services in the cluster",
        t.CLUSTER,
        ("ecs", "list_services", "serviceArns"),
        lambda _, one: {"cluster": one.id},
        token=t.SERVICE,
        id_="serviceArn",
        undo="aws ecs delete-service --force --region {region} --cluster {holder} --service {id}",
        shows={},
        others=_service_of_others,
    ),
    _listing(
        "where its lines are sent",
        t.LOG_GROUP,
        ("logs", "describe_subscription_filters", "subscriptionFilters"),
        lambda _, one: {"logGroupName": one.id},
        token=SUBSCRIPTION_FILTER,
        id_="filterName",
        undo="aws logs delete-subscription-filter --region {region} --log-group-name {holder} --filter-name {id}",
        shows={"logGroup": "logGroupName", "destinationArn": "destinationArn", "filterPattern": "filterPattern"},
    ),
    _listing(
        "queues and streams that call it",
        t.FUNCTION,
        ("lambda", "list_event_source_mappings", "EventSourceMappings"),
        lambda _, one: {"FunctionName": one.id},
        token=EVENT_SOURCE,
        id_="UUID",
        undo="aws lambda delete-event-source-mapping --region {region} --uuid {id}",
        shows={"functionName": "FunctionArn", "eventSourceArn": "EventSourceArn"},
    ),
    _listing(
        "access points",
        t.BUCKET,
        ("s3control", "list_access_points", "AccessPointList"),
        lambda stack, one: {"AccountId": stack.account.account, "Bucket": one.id},
        token=ACCESS_POINT,
        id_="Name",
        undo="aws s3control delete-access-point --region {region} --account-id {account} --name {id}",
        shows={"bucket": "Bucket"},
    ),
)
