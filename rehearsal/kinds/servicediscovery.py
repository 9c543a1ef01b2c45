"""Cloud Map: a private domain, and the names in it under which ECS keeps the addresses of tasks."""

from collections.abc import Mapping
from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import NOT_HELD, TAG_LIST, Call, Change, F, Kind, Out, Read, tags, unchecked

_ARN = "arn:aws:servicediscovery:{region}:{account}:"
_MAKE = "make"
_TAGS = Read("list_tags_for_resource", {"ResourceARN": "$outputs.arn"}, pick="Tags", into="Tags", when="tags")


def _nothing(_: dict[str, Any]) -> dict[str, Any]:
    return {}


def _own(values: Mapping[str, Any]) -> Any:
    """The namespace among all: making one answers with an operation, and names no id."""
    return next((one for one in values["made"]["Namespaces"] if one["Name"] == values["name"]), None)


NAMESPACE = Kind(
    type_=t.DISCOVERY_NAMESPACE,
    service="servicediscovery",
    calls=(
        Call("create_private_dns_namespace", name=_MAKE),
        Call("list_namespaces", pack=_nothing),
    ),
    fields={
        "name": F("Name", call=_MAKE),
        "description": F("Description", call=_MAKE),
        "vpc": unchecked(NOT_HELD, "Vpc", call=_MAKE),
        "tags": F("Tags", form=TAG_LIST, call=_MAKE),
    },
    reads=(Read("get_namespace", {"Id": "$id"}, "Namespace"), _TAGS),
    updates=(Change("update_private_dns_namespace", {"description": "Namespace.Description"}, {"Id": "$id"}),),
    deletes=(Change("delete_namespace", params={"Id": "$id"}),),
    document=_own,
    id="$document.Id",
    made_up_id="ns-{hex16}",
    outputs={"arn": Out("Arn", _ARN + "namespace/{id}"), "hostedZone": "Z{hex16}"},
)

_DNS = {
    "namespaceId": F("NamespaceId"),
    "routingPolicy": F("RoutingPolicy"),
    "dnsRecords": F("DnsRecords", shape={"type": F("Type"), "ttl": F("TTL")}),
}


def _with_what_stays(params: dict[str, Any]) -> dict[str, Any]:
    """DNS records and a health check that UpdateService is not told again, it deletes.

    Source: https://docs.aws.amazon.com/cloud-map/latest/api/API_UpdateService.html
    """
    standing, change = params.pop("standing"), params["Service"]
    if standing.get("DnsConfig"):
        change["DnsConfig"] = {"DnsRecords": standing["DnsConfig"]["DnsRecords"]}
    if standing.get("HealthCheckConfig"):
        change["HealthCheckConfig"] = standing["HealthCheckConfig"]
    return params


SERVICE = Kind(
    type_=t.DISCOVERY_SERVICE,
    service="servicediscovery",
    calls=(Call("create_service"),),
    fields={
        "name": F("Name"),
        "description": F("Description"),
        "namespaceId": F("NamespaceId"),
        "type": F("Type"),
        "dnsConfig": F("DnsConfig", shape=_DNS),
        "healthCheckConfig": F(
            "HealthCheckConfig",
            shape={
                "type": F("Type"),
                "resourcePath": F("ResourcePath"),
                "failureThreshold": F("FailureThreshold"),
            },
        ),
        "healthCheckCustomConfig": F("HealthCheckCustomConfig", shape={"failureThreshold": F("FailureThreshold")}),
        "forceDestroy": unchecked("acts at deletion only"),
        "tags": tags(),
    },
    reads=(Read("get_service", {"Id": "$id"}, "Service"), _TAGS),
    updates=(
        Change(
            "update_service",
            {"description": "Service.Description"},
            {"Id": "$id", "standing": "$standing"},
            pack=_with_what_stays,
        ),
    ),
    deletes=(Change("delete_service", params={"Id": "$id"}),),
    document="$made.Service",
    id="$document.Id",
    made_up_id="srv-{hex16}",
    outputs={"arn": Out("Arn", _ARN + "service/{id}")},
)

KINDS = (NAMESPACE, SERVICE)
