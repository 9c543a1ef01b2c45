"""Openings, routes and foreign things in a stack's network."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from facts import tokens as t
from graph import Resource
from graph.values import maps
from operations.drift.account.undeclared import Look, Stack, Undeclared, tag_name

_GROUPS: Final = (t.SECURITY_GROUP, t.DEFAULT_SECURITY_GROUP)
_RULES: Final = (t.INGRESS_RULE, t.EGRESS_RULE, t.SECURITY_GROUP_RULE)


def _rules(stack: Stack, group: Resource) -> Iterator[Undeclared]:
    if next(maps(group.inputs.get("ingress")), None) or next(maps(group.inputs.get("egress")), None):
        return  # rules that stand inside the group are the engine's to compare
    region, declared = stack.region(group), stack.ids(*_RULES)
    filters = [{"Name": "group-id", "Values": [group.id]}]
    found = stack.account.items("ec2", region, "describe_security_group_rules", "SecurityGroupRules", Filters=filters)
    for one in found:
        rule = one["SecurityGroupRuleId"]
        if rule not in declared:
            direction = "egress" if one.get("IsEgress") else "ingress"
            undo = (
                f"aws ec2 revoke-security-group-{direction} --region {region} --group-id {group.id} "
                f"--security-group-rule-ids {rule}"
            )
            yield stack.undeclared(
                t.EGRESS_RULE if one.get("IsEgress") else t.INGRESS_RULE,
                f"{rule} of {group.name}",
                undo,
                securityGroupId=group.id,
                ipProtocol=one.get("IpProtocol"),
                fromPort=one.get("FromPort"),
                toPort=one.get("ToPort"),
                cidrIpv4=one.get("CidrIpv4"),
                cidrIpv6=one.get("CidrIpv6"),
                prefixListId=one.get("PrefixListId"),
                referencedSecurityGroupId=(one.get("ReferencedGroupInfo") or {}).get("GroupId"),
            )


def _routes(stack: Stack, table: Resource) -> Iterator[Undeclared]:
    """Routes but the network's own and those that its gateway endpoints bring."""
    region, endpoints = stack.region(table), stack.ids(t.ENDPOINT)
    (found,) = stack.account.client("ec2", region).describe_route_tables(RouteTableIds=[table.id])["RouteTables"]
    declared = {_to(one.inputs) for one in stack.graph.referring(table, t.ROUTE, "routeTableId")}
    declared |= {str(one.get("cidrBlock") or one.get("ipv6CidrBlock")) for one in maps(table.inputs.get("routes"))}
    for one in maps(found.get("Routes")):
        to = str(one.get("DestinationCidrBlock") or one.get("DestinationIpv6CidrBlock") or "")
        to = to or str(one.get("DestinationPrefixListId"))
        if one.get("GatewayId") == "local" or one.get("GatewayId") in endpoints or to in declared:
            continue
        flag = "ipv6-cidr-block" if ":" in to else "prefix-list-id" if to.startswith("pl-") else "cidr-block"
        undo = f"aws ec2 delete-route --region {region} --route-table-id {table.id} --destination-{flag} {to}"
        through = next((str(value) for key, value in one.items() if key.endswith("Id") and value != to), "")
        yield stack.undeclared(
            t.ROUTE,
            f"{to} of {table.name}",
            undo,
            routeTableId=table.id,
            destinationCidrBlock=to,
            gatewayId=through,
        )


def _to(inputs: Mapping[str, Any]) -> str:
    names = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
    return next((str(inputs[name]) for name in names if inputs.get(name)), "")


# ---- foreign things


@dataclass(frozen=True)
class _Thing:
    """What stands in a network, how EC2 lists it, and by which field it is known."""

    type: str
    operation: str
    result: str
    id: str
    filter: str = "vpc-id"
    own: str = ""
    """A field that is true of what AWS makes along with a network."""


_THINGS: Final = (
    _Thing(t.SECURITY_GROUP, "describe_security_groups", "SecurityGroups", "GroupId"),
    _Thing(t.SUBNET, "describe_subnets", "Subnets", "SubnetId"),
    _Thing(t.ROUTE_TABLE, "describe_route_tables", "RouteTables", "RouteTableId"),
    _Thing(t.ENDPOINT, "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    _Thing(t.NAT_GATEWAY, "describe_nat_gateways", "NatGateways", "NatGatewayId"),
    _Thing(
        t.INTERNET_GATEWAY, "describe_internet_gateways", "InternetGateways", "InternetGatewayId", "attachment.vpc-id"
    ),
    _Thing("aws:ec2/networkAcl:NetworkAcl", "describe_network_acls", "NetworkAcls", "NetworkAclId", own="IsDefault"),
    *(
        _Thing(
            "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
            "describe_vpc_peering_connections",
            "VpcPeeringConnections",
            "VpcPeeringConnectionId",
            f"{side}-vpc-info.vpc-id",
        )
        for side in ("requester", "accepter")
    ),
)


def _foreign(thing: _Thing) -> Look:
    def undeclared(stack: Stack, vpc: Resource) -> Iterator[Undeclared]:
        region = stack.region(vpc)
        filters = [{"Name": thing.filter, "Values": [vpc.id]}]
        declared = stack.ids(thing.type, *(_GROUPS if thing.type in _GROUPS else ()))
        for one in stack.account.items("ec2", region, thing.operation, thing.result, Filters=filters):
            name = str(one.get("GroupName") or tag_name(one.get("Tags")))
            given = (thing.own and one.get(thing.own)) or _is_given(thing, one)
            if one[thing.id] not in declared and not given and stack.is_mine(name) and not _is_over(one):
                yield stack.undeclared(thing.type, one[thing.id], vpcId=vpc.id, name_=name)

    return Look(f"foreign {thing.result}", (t.VPC,), undeclared)


def _is_given(thing: _Thing, one: Mapping[str, Any]) -> bool:
    """The main route table and the default group come with a network; nothing runs on the first by itself."""
    if thing.type == t.ROUTE_TABLE:
        main = any(association.get("Main") for association in maps(one.get("Associations")))
        return main and all(route.get("GatewayId") == "local" for route in maps(one.get("Routes")))
    return False


def _is_over(one: Mapping[str, Any]) -> bool:
    status = one.get("Status")
    code = status.get("Code") if isinstance(status, Mapping) else one.get("State")
    return str(code).lower() in ("deleted", "deleting", "rejected", "expired", "failed")


def _interfaces(stack: Stack, vpc: Resource) -> Iterator[Undeclared]:
    """Whatever runs in a network has an interface there: a machine, a database, a function, a task."""
    region, groups = stack.region(vpc), stack.ids(*_GROUPS)
    filters = [{"Name": "vpc-id", "Values": [vpc.id]}]
    for one in stack.account.items("ec2", region, "describe_network_interfaces", "NetworkInterfaces", Filters=filters):
        named = {str(group.get("GroupId")): str(group.get("GroupName")) for group in maps(one.get("Groups"))}
        foreign_groups = [name for id_, name in named.items() if id_ not in groups and stack.is_mine(name)]
        if foreign_groups:
            what = str(one.get("Description") or (one.get("Attachment") or {}).get("InstanceId") or "")
            yield stack.undeclared(
                "aws:ec2/networkInterface:NetworkInterface",
                one["NetworkInterfaceId"],
                subnetId=one.get("SubnetId"),
                securityGroups=list(named),
                description=what,
            )


NETWORK: Final = (
    Look("rules of the group", _GROUPS, _rules),
    Look("routes", (t.ROUTE_TABLE,), _routes),
    *(_foreign(thing) for thing in _THINGS),
    Look("foreign network interfaces", (t.VPC,), _interfaces),
)
