"""What EC2 refuses of a network: addresses, ways out, endpoints, rules of security groups."""

import re
from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Network, ip_network
from itertools import combinations
from typing import Any

from components.network_settings import WITHOUT_NETWORKS
from components.settings import REGION
from facts import tokens as t
from graph import Graph, Resource
from graph.values import items
from rehearsal.checks.reading import refuse
from rehearsal.checks.rules import number, one_of
from rehearsal.result import Refusal

_GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide/"
_ENDPOINTS = "https://docs.aws.amazon.com/vpc/latest/privatelink/"
_API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_"
_VPC, _SUBNET = t.VPC, t.SUBNET
_ENDPOINT = t.ENDPOINT
_RULES = (
    t.INGRESS_RULE,
    t.EGRESS_RULE,
)

RULES = (
    one_of(
        "ec2-flow-log-interval",
        t.FLOW_LOG,
        "maxAggregationInterval",
        (60, 600),
        f"{_API}CreateFlowLogs.html",
    ),
    *(
        number("ec2-port", token, path, -1, 65535, "", f"{_API}IpPermission.html")
        for token in _RULES
        for path in ("fromPort", "toPort")
    ),
)


def _network(text: Any) -> IPv4Network | None:
    try:
        found = ip_network(str(text), strict=False)
    except ValueError:
        return None
    return found if isinstance(found, IPv4Network) else None


def blocks(graph: Graph) -> Iterator[Refusal]:
    """Networks and subnets of a size or in a range that AWS has not, outside their network, or over each other."""
    source = f"{_GUIDE}vpc-cidr-blocks.html"
    for one in (*graph.of(_VPC), *graph.of(_SUBNET)):
        block = one.inputs.get("cidrBlock")
        if block is None:
            continue
        whole = _network(block)
        if whole is None or str(block).rpartition("/")[0] != str(whole.network_address):
            yield refuse(one, "ec2-cidr", f"has cidrBlock {block!r}", "write a block such as 10.20.0.0/16", source)
        elif not 16 <= whole.prefixlen <= 28:
            yield refuse(one, "ec2-cidr-size", f"has cidrBlock {block}", "AWS takes /16 to /28", source)
        elif any(whole.overlaps(never) for never in WITHOUT_NETWORKS):
            yield refuse(one, "ec2-cidr-range", f"has cidrBlock {block}", "take a private range: 10.0.0.0/8", source)
    inside: dict[Any, list[tuple[Resource, IPv4Network]]] = defaultdict(list)
    for subnet in graph.of(_SUBNET):
        block = _network(subnet.inputs.get("cidrBlock"))
        if block is not None:
            inside[subnet.inputs.get("vpcId")].append((subnet, block))
    for vpc_id, found in inside.items():
        vpc = graph.find(vpc_id, _VPC)
        whole = _network(vpc.inputs.get("cidrBlock")) if vpc else None
        yield from _subnets(found, whole)


def _subnets(found: list[tuple[Resource, IPv4Network]], whole: IPv4Network | None) -> Iterator[Refusal]:
    source = f"{_GUIDE}subnet-sizing.html"
    for one, block in found:
        if whole is not None and not block.subnet_of(whole):
            yield refuse(one, "ec2-subnet-outside", f"{block} lies outside {whole}", "choose a block inside it", source)
    for (first, upper), (second, lower) in combinations(found, 2):
        if upper.overlaps(lower):
            what = f"{lower} overlaps {first.name} {upper}"
            yield refuse(second, "ec2-subnet-overlap", what, "give each its own addresses", source)


def ways_out(graph: Graph) -> Iterator[Refusal]:
    """A NAT gateway in a network without an internet gateway, or without an address."""
    source = f"{_GUIDE}vpc-nat-gateway.html"
    gateways = {one.inputs.get("vpcId") for one in graph.of(t.INTERNET_GATEWAY)}
    for one in graph.of(t.NAT_GATEWAY):
        values = one.inputs
        subnet = graph.find(values.get("subnetId"), _SUBNET)
        public = values.get("connectivityType", "public") == "public"
        if public and subnet and subnet.inputs.get("vpcId") not in gateways:
            what = "stands in a network without an internet gateway"
            yield refuse(one, "ec2-nat-without-gateway", what, "declare an InternetGateway for its VPC", source)
        if public and not values.get("allocationId"):
            yield refuse(one, "ec2-nat-without-address", "has no address", "give it an Eip as allocationId", source)


def endpoints(graph: Graph) -> Iterator[Refusal]:
    """Endpoint services of another region or form, private names where the network gives none, two in one zone."""
    for one in graph.of(_ENDPOINT):
        values = one.inputs
        name = str(values.get("serviceName") or "")
        form = re.fullmatch(rf"(?:com|cn\.com)\.amazonaws\.(?:(?:vpce|s3-global)\.)?({REGION.pattern})?\.?.*", name)
        other = re.fullmatch(r"(aws\.(api|sagemaker)|com\.(?!amazonaws)|[a-z-]+\.)[A-Za-z0-9.-]+", name)
        if not form and not (other and not name.startswith(("com.amazonaw", "amazonaws"))):
            fix = f"write com.amazonaws.{one.region}.secretsmanager, or the name of a partner's service"
            yield refuse(
                one,
                "ec2-endpoint-name",
                f"has serviceName {name!r}",
                fix,
                f"{_ENDPOINTS}aws-services-privatelink-support.html",
            )
        elif form and form[1] and one.region and form[1] != one.region and not values.get("serviceRegion"):
            what = f"is for {form[1]} and stands in {one.region}"
            yield refuse(
                one,
                "ec2-endpoint-region",
                what,
                f"name the service of {one.region}",
                f"{_ENDPOINTS}create-interface-endpoint.html",
            )
        kind = values.get("vpcEndpointType", "Gateway")
        yield from _private_names(graph, one, kind)
        yield from _endpoint_subnets(graph, one, kind)


def _private_names(graph: Graph, one: Resource, kind: Any) -> Iterator[Refusal]:
    source = f"{_ENDPOINTS}create-interface-endpoint.html"
    vpc = graph.find(one.inputs.get("vpcId"), _VPC)
    if not one.inputs.get("privateDnsEnabled") or vpc is None:
        return
    settings = vpc.inputs
    if not settings.get("enableDnsHostnames") or settings.get("enableDnsSupport") is False:
        what = f"has private names, and {vpc.name} gives no host names"
        fix = "set enableDnsHostnames and enableDnsSupport on the VPC"
        yield refuse(one, "ec2-endpoint-private-dns", what, fix, source)
    if kind == "Gateway":
        yield refuse(one, "ec2-endpoint-kind", "is a gateway with private names", "leave privateDnsEnabled out", source)


def _endpoint_subnets(graph: Graph, one: Resource, kind: Any) -> Iterator[Refusal]:
    values = one.inputs
    source = f"{_ENDPOINTS}create-interface-endpoint.html"
    if kind == "Gateway" and (values.get("subnetIds") or values.get("securityGroupIds")):
        what = "is a gateway with subnets or security groups"
        yield refuse(one, "ec2-endpoint-kind", what, "give it routeTableIds", source)
    if kind == "Interface" and values.get("routeTableIds"):
        what = "is an interface with route tables"
        yield refuse(one, "ec2-endpoint-kind", what, "give it subnetIds", source)
    zones = zones_of(graph, values.get("subnetIds"))
    if kind == "Interface" and len(set(zones)) < len(zones):
        what = f"lies twice in one zone ({', '.join(map(str, zones))})"
        yield refuse(one, "ec2-endpoint-zones", what, "name one subnet a zone", source)


def group_rules(graph: Graph) -> Iterator[Refusal]:
    """Ports out of order or without a protocol that has them, more than one peer, and the same rule twice."""
    source = f"{_API}AuthorizeSecurityGroupIngress.html"
    seen: dict[tuple[Any, ...], Resource] = {}
    for one in graph.of(*_RULES):
        values = one.inputs
        first, last, protocol = values.get("fromPort"), values.get("toPort"), str(values.get("ipProtocol"))
        if isinstance(first, int) and isinstance(last, int) and first > last and protocol in ("tcp", "udp", "6", "17"):
            what = f"goes from port {first} to {last}"
            yield refuse(one, "ec2-port-order", what, "write the lower one as fromPort", source)
        if protocol in ("tcp", "udp", "6", "17") and (first is None or last is None):
            what = f"is for {protocol} and names no ports"
            yield refuse(one, "ec2-port-missing", what, "set fromPort and toPort", source)
        peers = [key for key in _PEERS if values.get(key)]
        if len(peers) != 1:
            what = f"names {' and '.join(peers) or 'no peer'}"
            yield refuse(one, "ec2-rule-peer", what, f"name one of {', '.join(_PEERS)}", source)
        for key in ("cidrIpv4",):
            if values.get(key) and _network(values[key]) is None:
                yield refuse(one, "ec2-rule-cidr", f"has {key} {values[key]!r}", "write 10.20.0.0/16", source)
        same = (one.type, values.get("securityGroupId"), protocol, first, last, *(values.get(key) for key in _PEERS))
        if same in seen:
            what = f"says the same as {seen[same].name}"
            yield refuse(one, "ec2-rule-twice", what, "keep one of them", source)
        seen.setdefault(same, one)


_PEERS = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


def zones_of(graph: Graph, subnet_ids: Any) -> list[str]:
    """The zones that subnets were declared in; none where one is of another stack or leaves its zone to AWS."""
    subnets = [graph.find(each, _SUBNET) for each in subnet_ids or ()]
    zones = [one.inputs.get("availabilityZone") if one else None for one in subnets]
    return [] if None in zones else [str(zone) for zone in zones]


def routes(graph: Graph) -> Iterator[Refusal]:
    """A route without one target, and two to one destination."""
    source = f"{_API}CreateRoute.html"
    seen: set[tuple[Any, ...]] = set()
    for one in graph.of(t.ROUTE):
        values = one.inputs
        targets = [key for key in _TARGETS if values.get(key)]
        if len(targets) != 1:
            what = f"leads to {' and '.join(targets) or 'nothing'}"
            yield refuse(one, "ec2-route-target", what, "name one target", source)
        table = (values.get("routeTableId"), *(values.get(key) for key in _DESTINATIONS))
        if table in seen:
            what = f"leads to {', '.join(map(str, items([each for each in table[1:] if each])))} as another does"
            yield refuse(one, "ec2-route-twice", what, "keep one of them", source)
        seen.add(table)


_DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
_TARGETS = (
    "gatewayId",
    "natGatewayId",
    "egressOnlyGatewayId",
    "transitGatewayId",
    "vpcPeeringConnectionId",
    "vpcEndpointId",
    "networkInterfaceId",
    "localGatewayId",
    "carrierGatewayId",
    "coreNetworkArn",
    "instanceId",
)

CHECKS = (blocks, ways_out, endpoints, group_rules, routes)
