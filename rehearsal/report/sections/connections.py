"""Connections: who can open one to whom, and on which port, both sides of each rule taken together."""

from facts import tokens as t
from facts.exposure import EVERY_PORT, Connection, connections
from facts.ranges import is_world
from rehearsal.report.markup import Html, code, el, join
from rehearsal.report.picture import gateway_endpoint, picture
from rehearsal.report.present import Column, Section, chip, table
from rehearsal.report.view import View

_COLUMNS = (Column("From"), Column("To"), Column("Port"), Column("Open"))


def connections_section(view: View) -> Section | None:
    """Every connection of a stack; None where there are no security groups."""
    groups = list(view.graph.of(t.SECURITY_GROUP, t.DEFAULT_SECURITY_GROUP))
    if not groups:
        return None
    found = connections(view.graph)
    rows = [[_peer(view, one.source), _peer(view, one.target), ports(one), _state(one)] for one in found]
    emptied = [one for one in view.graph.of(t.DEFAULT_SECURITY_GROUP) if not _has_rules(found, one.urn)]
    half = sum(not one.open for one in found)
    body = join(
        el(
            "p",
            "Nothing else can connect. Between two groups of this stack each needs a rule, which may name the other "
            "group or a range of addresses; both are looked at. Another stack's side is not seen here.",
        ),
        picture(view.graph, found) if found else None,
        table("Every connection", _COLUMNS, rows, class_="cards"),
        el("p", "The network's default security group is empty: ", [view.link(one) for one in emptied], ".")
        if emptied
        else None,
    )
    return Section("connections", "Connections", body, badge=str(half or ""), tone="warn")


def _has_rules(found: list[Connection], group: str) -> bool:
    return any(group in (one.source, one.target) for one in found)


def ports(one: Connection) -> str:
    """`tcp 5432`, `tcp 1024-2048`, or every one."""
    if one.protocol == "-1":
        return "every port and protocol"
    if (one.low, one.high) == EVERY_PORT:
        return f"every {one.protocol}"
    return f"{one.protocol} {one.low}" if one.low == one.high else f"{one.protocol} {one.low}-{one.high}"


def _peer(view: View, peer: str) -> Html:
    if is_world(peer):
        return chip("the internet", "warn")
    found = view.graph.by_urn.get(peer)
    if found is not None:
        about = found.inputs.get("description")
        return join(view.link(found), el("span", str(about), class_="about") if about else None)
    endpoint = gateway_endpoint(view.graph, peer)
    if endpoint is not None:
        return join(view.link(endpoint), el("span", "gateway endpoint", class_="about"))
    return code(peer)


def _state(one: Connection) -> Html:
    if one.open:
        return el("span", "yes", class_="quiet")
    missing = "the other side lets nobody in" if one.outward else "the other side lets nobody out"
    return join(chip("shut", "warn"), f" {missing}")
