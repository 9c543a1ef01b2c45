"""Who can open a connection to whose database or service: security groups as a graph, addresses, routes, exposure."""

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from facts import tokens as t
from facts.exposure import ExposureKind, Opening, exposed, openings
from facts.ranges import is_world
from facts.ways.model import Path
from facts.ways.parties import OUTSIDE, party_of
from graph import Graph, Mark, Resource
from graph.resource import name_of
from graph.values import maps, number

NETWORK: Final = "a connection"
_POSTGRES: Final = 5432
_DESTINATIONS: Final = ("destination", "routeTableId", "region", "cidrBlock", "ipv6CidrBlock")
_INSIDE: Final = ("", "local")
_SERVED_TO_ALL: Final = (ExposureKind.PUBLIC_LOAD_BALANCER, ExposureKind.INTERNET_ROUTE, ExposureKind.PUBLIC_SUBNET)
"""Ways that face everybody by their nature; what stands behind them has paths of its own."""


@dataclass(frozen=True, kw_only=True)
class _Target:
    """Something that listens on ports, behind security groups (URNs)."""

    resource: Resource
    groups: tuple[str, ...]
    ports: tuple[int, ...]


def network_paths(graph: Graph) -> Iterator[Path]:
    """Every security group, and everybody outside, on every database and service of another party."""
    found = list(openings(graph))
    fronts = {
        group.urn
        for balancer in graph.of(t.LOAD_BALANCER)
        for group in graph.referred(balancer, "securityGroups", t.SECURITY_GROUP)
    }
    for target in _targets(graph):
        party = party_of(target.resource.urn, graph.project)
        yield _unguarded(target, party)
        for group in graph.of(t.SECURITY_GROUP, t.DEFAULT_SECURITY_GROUP):
            # Which requests a load balancer passes on is for host names to say.
            if party_of(group.urn, graph.project) != party and group.urn not in fronts:
                yield _between(graph, group, target, party, found)
        yield from _by_address(target, party, found)
    yield from _routes(graph)
    yield from _exposures(graph)


def _targets(graph: Graph) -> Iterator[_Target]:
    for one in graph.of(t.DATABASE):
        port = number(one.get("port"))
        yield _target(graph, one, "vpcSecurityGroupIds", (int(port or _POSTGRES),))
    for one in graph.of(t.SERVICE):
        ports = [number(each.get("containerPort")) for each in maps(one.inputs.get("loadBalancers"))]
        yield _target(graph, one, "networkConfiguration.securityGroups", tuple(int(each) for each in ports if each))


def _target(graph: Graph, one: Resource, path: str, ports: tuple[int, ...]) -> _Target:
    groups = graph.referred(one, path, t.SECURITY_GROUP, t.DEFAULT_SECURITY_GROUP)
    return _Target(resource=one, groups=tuple(group.urn for group in groups), ports=ports)


def _unguarded(target: _Target, party: str) -> Path:
    known = bool(target.groups)
    why = "behind security groups of this estate" if known else "its security groups are not known"
    return _path((OUTSIDE, "any address"), (party, target.resource.name), False if known else None, why)


def _between(graph: Graph, group: Resource, target: _Target, party: str, found: Sequence[Opening]) -> Path:
    """Whether a group may go out to the target and the target lets it in, on one of its ports."""
    own = party_of(group.urn, graph.project)
    inward = [one for one in found if one.inward and one.group in target.groups and _on(one, target)]
    named = [one for one in inward if one.peer == group.urn]
    by_range = [one for one in inward if _is_range(one.peer)]
    outward = [one for one in found if not one.inward and one.group == group.urn and _on(one, target)]
    leaves = [one for one in outward if one.peer in target.groups or _is_range(one.peer)]
    # A group in another network is reached only by addresses.
    together = _network(group) in {_network(graph.by_urn[urn]) for urn in target.groups}
    lets_in = named if together and named else by_range
    if lets_in and leaves:
        why = f"let in by {name_of(lets_in[0].by)}, let out by {name_of(leaves[0].by)}"
        return _path((own, group.name), (party, target.resource.name), True, why)
    missing = f"{'nothing' if not lets_in else 'no rule of its own'} lets it {'in' if not lets_in else 'out'}"
    return _path((own, group.name), (party, target.resource.name), False, missing)


def _network(group: Resource) -> object:
    value = group.get("vpcId")
    return value if isinstance(value, str) else ""


def _by_address(target: _Target, party: str, found: Sequence[Opening]) -> Iterator[Path]:
    """Whoever has an address that a rule lets in, and groups and lists of which nothing is known."""
    for one in found:
        if not one.inward or one.group not in target.groups or not _on(one, target) or one.peer.__class__ is not str:
            if one.inward and one.group in target.groups and isinstance(one.peer, Mark):
                yield _path((OUTSIDE, "a peer that is not known"), (party, target.resource.name), None, name_of(one.by))
            continue
        if not str(one.peer).startswith("urn:"):
            who = "the internet" if is_world(one.peer) else str(one.peer)
            yield _path((OUTSIDE, who), (party, target.resource.name), True, f"let in by {name_of(one.by)}")


def _on(one: Opening, target: _Target) -> bool:
    """Whether an opening is for one of the target's ports; every port counts where none is known."""
    if one.protocol not in ("-1", "tcp", "6"):
        return False
    return not target.ports or one.protocol == "-1" or any(one.low <= port <= one.high for port in target.ports)


def _is_range(peer: str | Mark) -> bool:
    """Whether a peer is a range of addresses that may be the target's; one that is not known may be."""
    try:
        network = ipaddress.ip_network(str(peer), strict=False)
    except ValueError:
        return isinstance(peer, Mark)
    return network.is_private or is_world(peer) or network.prefixlen == 0


def _routes(graph: Graph) -> Iterator[Path]:
    """A database's subnets have no way to another network: no route but to endpoints of AWS's services."""
    ways: dict[str, str] = {}
    for one in graph.of(t.ROUTE):
        for table in graph.referred(one, "routeTableId", t.ROUTE_TABLE):
            if _leaves(one.inputs):
                ways[table.urn] = one.name
    for table in graph.of(t.ROUTE_TABLE):
        if any(_leaves(route) for route in maps(table.inputs.get("routes"))):
            ways[table.urn] = table.name
    tables = {
        subnet.urn: table.urn
        for one in graph.of(t.ROUTE_TABLE_ASSOCIATION)
        for subnet in graph.referred(one, "subnetId", t.SUBNET)
        for table in graph.referred(one, "routeTableId", t.ROUTE_TABLE)
    }
    for database in graph.of(t.DATABASE):
        groups = graph.referred(database, "dbSubnetGroupName", t.SUBNET_GROUP)
        subnets = [subnet for group in groups for subnet in graph.referred(group, "subnetIds", t.SUBNET)]
        used = [tables.get(subnet.urn) for subnet in subnets]
        out = next((ways[table] for table in used if table in ways), "")
        unknown = not used or None in used
        state = True if out else None if unknown else False
        why = out or ("its subnets' routes are not known" if unknown else "no route leaves its subnets")
        party = party_of(database.urn, graph.project)
        yield _path((OUTSIDE, "another network"), (party, f"subnets of {database.name}"), state, why)


def _leaves(route: object) -> bool:
    properties = route if isinstance(route, dict) else dict(route)  # type: ignore[call-overload]
    targets = {
        key: value
        for key, value in properties.items()
        if value and not key.startswith(_DESTINATIONS) and key != "vpcEndpointId"
    }
    return any(value not in _INSIDE for value in targets.values())


def _exposures(graph: Graph) -> Iterator[Path]:
    found = {(one.subject, one.exposure): one for one in exposed(graph) if one.exposure not in _SERVED_TO_ALL}
    for one in found.values():
        party = party_of(one.subject, graph.project)
        state = True if one.known else None
        yield _path((OUTSIDE, "the internet"), (party, name_of(one.subject)), state, str(one.exposure))


def _path(who: tuple[str, str], whom: tuple[str, str], state: bool | None, why: str) -> Path:
    return Path(party=who[0], caller=who[1], whom=whom[0], thing=whom[1], by=NETWORK, open=state, why=why)
