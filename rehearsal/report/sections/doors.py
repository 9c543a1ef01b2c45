"""Doors: who can open a connection to whom, and on which port, both sides of each rule taken together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from facts import tokens as t
from graph.values import items as listed
from rehearsal.report.graph import Graph, maps, number
from rehearsal.report.markup import Html, code, el, join
from rehearsal.report.present import Column, Section, chip, table
from rehearsal.result import Rehearsed

EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
_EVERYWHERE = ("0.0.0.0/0", "::/0")
_COLUMNS = (Column("From"), Column("To"), Column("Port"), Column("Open"))


@dataclass(slots=True)
class Door:
    """One way from somebody to somebody; each side of it has to be open."""

    source: str
    target: str
    port: str
    sides: set[str] = field(default_factory=set)
    group_to_group: bool = False

    @property
    def open(self) -> bool:
        return not self.group_to_group or self.sides == {"out", "in"}


def doors(graph: Graph) -> Section | None:
    """Every door of a stack; None where there are no security groups."""
    if not any(True for _ in graph.of_type(t.SECURITY_GROUP, t.DEFAULT_SECURITY_GROUP)):
        return None
    found = list(doors_of(graph).values())
    rows = [[_peer(graph, one.source), _peer(graph, one.target), one.port, _state(one)] for one in found]
    emptied = [one for one in graph.of_type(t.DEFAULT_SECURITY_GROUP) if not _inline(graph, one)]
    half = sum(not one.open for one in found)
    body = join(
        el(
            "p",
            "Nothing else can connect. A door between two groups of this stack needs a rule on each side, which may "
            "name the other group or a range of addresses; both are looked at. Another stack's side is not seen here.",
        ),
        table("Doors", _COLUMNS, rows),
        el("p", "The network's default security group is empty: ", [graph.link(one) for one in emptied], ".")
        if emptied
        else None,
    )
    return Section("doors", "Doors", body, badge=str(half or ""), tone="warn")


def doors_of(graph: Graph) -> dict[tuple[str, str, str], Door]:
    """Doors by source, target and port, in order of declaration."""
    found: dict[tuple[str, str, str], Door] = {}
    for group, side, rule in _rules(graph):
        for peer in _peers(rule, group):
            source, target = (peer, group) if side == "in" else (group, peer)
            door = found.setdefault((source, target, _port(rule)), Door(source, target, _port(rule)))
            door.sides.add(side)
            door.group_to_group = graph.find(peer, t.SECURITY_GROUP, t.DEFAULT_SECURITY_GROUP) is not None
    for door in found.values():
        _count_ranges(door, found)
    return found


def _count_ranges(door: Door, found: Mapping[tuple[str, str, str], Door]) -> None:
    """A side that names no group is open all the same where it names a range of addresses on that port."""
    for side, keys in {
        "in": ((one.source, door.target, door.port) for one in found.values()),
        "out": ((door.source, one.target, door.port) for one in found.values()),
    }.items():
        ranges = (found[key] for key in keys if key in found and not found[key].group_to_group)
        if door.group_to_group and any(side in one.sides for one in ranges):
            door.sides.add(side)


def _rules(graph: Graph) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Group, side and rule: rules of their own, and those that stand inside a group."""
    for side, token in (("in", t.INGRESS_RULE), ("out", EGRESS_RULE)):
        for rule in graph.of_type(token):
            properties = graph.properties(rule)
            yield str(properties.get("securityGroupId")), side, properties
    for rule in graph.of_type(t.SECURITY_GROUP_RULE):
        properties = graph.properties(rule)
        side = "in" if properties.get("type") == "ingress" else "out"
        yield str(properties.get("securityGroupId")), side, properties
    for group in graph.of_type(t.SECURITY_GROUP, t.DEFAULT_SECURITY_GROUP):
        for side, properties in _inline(graph, group):
            yield group.id, side, properties


def _inline(graph: Graph, group: Rehearsed) -> list[tuple[str, Mapping[str, Any]]]:
    properties = graph.properties(group)
    return [
        (side, rule) for side, key in (("in", "ingress"), ("out", "egress")) for rule in maps(properties.get(key, []))
    ]


_PEERS = (
    "referencedSecurityGroupId",
    "sourceSecurityGroupId",
    "securityGroups",
    "cidrIpv4",
    "cidrIpv6",
    "cidrBlocks",
    "ipv6CidrBlocks",
    "prefixListId",
    "prefixListIds",
)


def _peers(rule: Mapping[str, Any], group: str) -> Iterator[str]:
    for name in _PEERS:
        yield from (str(one) for one in listed(rule.get(name)))
    if rule.get("self"):
        yield group


def _port(rule: Mapping[str, Any]) -> str:
    protocol = str(rule.get("ipProtocol") or rule.get("protocol") or "")
    first, last = number(rule.get("fromPort")), number(rule.get("toPort"))
    if protocol == "-1":
        return "every port and protocol"
    if first is None or first == -1:
        return f"every {protocol}"
    whole = f"{first:.0f}" if first == last or last is None else f"{first:.0f}-{last:.0f}"
    return f"{protocol} {whole}"


def _peer(graph: Graph, peer: str) -> Html:
    if peer in _EVERYWHERE:
        return chip("the internet", "warn")
    found = graph.find(peer, t.SECURITY_GROUP, t.DEFAULT_SECURITY_GROUP)
    if found is not None:
        about = graph.properties(found).get("description")
        return join(graph.link(found), el("span", str(about), class_="about") if about else None)
    for endpoint in graph.of_type(t.ENDPOINT):
        if endpoint.outputs.get("prefixListId") == peer:
            return join(graph.link(endpoint), el("span", "gateway endpoint", class_="about"))
    return code(peer)


def _state(door: Door) -> Html:
    if door.open:
        return el("span", "yes", class_="quiet")
    missing = "the other side lets nobody in" if "out" in door.sides else "the other side lets nobody out"
    return join(chip("shut", "warn"), f" {missing}")
