"""What is reachable from where: openings of security groups, public addresses, public access lists, plain protocols."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from facts import tokens as t
from facts.ranges import is_within, is_world
from facts.subjects import subjects
from graph import Graph, Mark, Resource
from graph.values import at, flag, items, maps, number

WEB_PORTS: Final = (80, 443)
EVERY_PORT: Final = (0, 65535)
_GROUPS: Final = (t.SECURITY_GROUP, t.DEFAULT_SECURITY_GROUP)
_RANGES: Final = ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks")
_LISTS: Final = ("prefixListId", "prefixListIds")
_GUARDED: Final = {
    t.DATABASE: "vpcSecurityGroupIds",
    t.DATABASE_CLUSTER: "vpcSecurityGroupIds",
    t.SERVICE: "networkConfiguration.securityGroups",
    t.FUNCTION: "vpcConfig.securityGroupIds",
    t.LOAD_BALANCER: "securityGroups",
    t.ENDPOINT: "securityGroupIds",
}
"""Which property names the security groups before a thing."""
_OTHER_PEERS: Final = ("referencedSecurityGroupId", "sourceSecurityGroupId", "securityGroups", *_LISTS)


@dataclass(frozen=True, slots=True)
class Opening:
    """Ports of a security group that one peer may reach (`inward`), or that the group may reach at the peer.

    `peer` is a range of addresses, the URN of a group of this stack, or the id of another group or prefix list; a mark
    where it is not known. A list of ranges that is declared here is each of its ranges, once `by` the rule and once by
    what puts the range into the list, which `listed` names. A list that is not may hold any range: it is `undeclared`.
    """

    group: str
    inward: bool
    protocol: str
    low: int
    high: int
    peer: str | Mark
    by: str
    listed: str = ""
    undeclared: bool = False

    @property
    def to_the_world(self) -> bool:
        return is_world(self.peer)

    @property
    def web(self) -> bool:
        """Whether it is one port that everybody may reach by its nature."""
        return self.low == self.high and self.low in WEB_PORTS

    def covers(self, other: "Opening") -> bool:
        """Whether all that the other lets through passes here too."""
        return (
            self.group == other.group
            and self.inward == other.inward
            and self.protocol in ("-1", other.protocol)
            and self.low <= other.low
            and other.high <= self.high
            and _within(other.peer, self.peer)
        )

    def meets(self, other: "Opening") -> bool:
        """Whether one connection to the same group may pass by either."""
        return (
            self.group == other.group
            and self.inward == other.inward
            and ("-1" in (self.protocol, other.protocol) or self.protocol == other.protocol)
            and self.low <= other.high
            and other.low <= self.high
        )

    @property
    def ports(self) -> str:
        """`port 443`, `ports 0-1023`, or every one."""
        if self.protocol == "-1" or (self.low, self.high) == EVERY_PORT:
            return "every port"
        return f"port {self.low}" if self.low == self.high else f"ports {self.low}-{self.high}"


class ExposureKind(StrEnum):
    """How something is reachable apart from security groups."""

    PUBLIC_DATABASE = "the database gets a public address"
    PUBLIC_TASKS = "tasks get public addresses"
    PUBLIC_MACHINE = "it gets a public address"
    PUBLIC_SUBNET = "whatever starts in the subnet gets a public address"
    PUBLIC_LOAD_BALANCER = "the load balancer faces the internet"
    PLAIN = "the listener no longer speaks TLS"
    ANYBODY_INVOKES = "everybody may call the function's address"
    PUBLIC_OBJECTS = "its access list lets everybody in"
    GRANTED_OBJECTS = "its access list lets in an account by its canonical id or a person's address"
    NAMED_LIST = "its access list lets in others than this account and S3's log delivery"
    INTERNET_ROUTE = "a route to an internet gateway"
    WEBSITE = "the bucket is served as a website"


_NEVER_NEW: Final = frozenset(
    {
        ExposureKind.PUBLIC_DATABASE,
        ExposureKind.ANYBODY_INVOKES,
        ExposureKind.PUBLIC_OBJECTS,
        ExposureKind.GRANTED_OBJECTS,
        ExposureKind.NAMED_LIST,
        ExposureKind.PUBLIC_MACHINE,
    }
)


@dataclass(frozen=True, slots=True)
class Exposed:
    """One thing that is reachable in a way; `known` is False where a value that decides it is not."""

    subject: str
    exposure: ExposureKind
    by: str
    known: bool = True

    @property
    def never_new(self) -> bool:
        """Whether even a new resource must not come like this without a second look."""
        return self.exposure in _NEVER_NEW


def _within(inner: str | Mark, outer: str | Mark) -> bool:
    if isinstance(inner, Mark) or isinstance(outer, Mark):
        return False
    return inner == outer or is_within(inner, [outer])


# ---- security groups


def openings(graph: Graph) -> Iterator[Opening]:
    """Every opening of every security group: rules of their own, and those that stand inside a group."""
    for inward, token in ((True, t.INGRESS_RULE), (False, t.EGRESS_RULE)):
        for rule in graph.of(token):
            yield from _of_rule(graph, rule, rule.inputs, inward=inward)
    for rule in graph.of(t.SECURITY_GROUP_RULE):
        yield from _of_rule(graph, rule, rule.inputs, inward=rule.inputs.get("type") != "egress")
    for group in graph.of(*_GROUPS):
        for inward, key in ((True, "ingress"), (False, "egress")):
            if isinstance(group.inputs.get(key), Mark):
                yield Opening(group.urn, inward, "-1", *EVERY_PORT, group.inputs[key], group.urn)
            for one in maps(group.inputs.get(key)):
                lists = [graph.find(peer, t.MANAGED_PREFIX_LIST) for key in _LISTS for peer in items(one.get(key))]
                yield from _peers(graph, one, inward, group.urn, group.urn)
                unpeered = Opening(group.urn, inward, *_ports(one), "", group.urn)
                yield from _listed(graph, unpeered, [each for each in lists if each])


def openings_of_things(graph: Graph, of_groups: Iterable[Opening]) -> Iterator[Opening]:
    """The inward openings of a graph's groups as those of each thing behind them, which says itself who guards it."""
    of_group: dict[str, list[Opening]] = defaultdict(list)
    for opening in of_groups:
        if opening.inward:
            of_group[opening.group].append(opening)
    for one in graph.of(*_GUARDED):
        path = _GUARDED[one.type]
        for group in graph.referred(one, path, *_GROUPS):
            yield from (replace(opening, group=one.urn, by=one.urn) for opening in of_group[group.urn])
        for named in items(at(one.inputs, path)):
            if isinstance(named, str) and graph.find(named, *_GROUPS) is None:
                yield Opening(one.urn, True, "-1", *EVERY_PORT, named, one.urn, undeclared=True)


def _of_rule(graph: Graph, rule: Resource, inputs: Mapping[str, Any], *, inward: bool) -> Iterator[Opening]:
    for group in subjects(graph, rule, "securityGroupId", t.SECURITY_GROUP):
        yield from _peers(graph, inputs, inward, group, rule.urn)
        lists = [each for key in _LISTS for each in graph.referred(rule, key, t.MANAGED_PREFIX_LIST)]
        yield from _listed(graph, Opening(group, inward, *_ports(inputs), "", rule.urn), lists)


def _peers(graph: Graph, rule: Mapping[str, Any], inward: bool, group: str, by: str) -> Iterator[Opening]:
    protocol, low, high = _ports(rule)
    peers = [(name, one) for name in (*_RANGES, *_OTHER_PEERS) for one in items(rule.get(name))]
    for name, peer in peers:
        found = graph.find(peer, *_GROUPS) if isinstance(peer, str) else None
        named = peer if isinstance(peer, Mark) else found.urn if found is not None else str(peer)
        undeclared = name in _LISTS and not isinstance(peer, Mark) and not _shows_ranges(graph, peer)
        yield Opening(group, inward, protocol, low, high, named, by, undeclared=undeclared)
    if flag(rule.get("self")):
        yield Opening(group, inward, protocol, low, high, group, by)


def _shows_ranges(graph: Graph, reference: object) -> bool:
    """Whether a list is declared here, or at least what it holds was looked up."""
    found = graph.find(reference, t.MANAGED_PREFIX_LIST)
    return found is not None and (not found.read or found.get("entries") is not None)


def _listed(graph: Graph, rule: Opening, lists: Iterable[Resource]) -> Iterator[Opening]:
    """Each range of the lists that a rule names, by the rule and by the resource that puts it into the list."""
    for cidr, entry in (found for listed in lists for found in _ranges_of(graph, listed)):
        for by in (rule.by, entry):
            yield replace(rule, peer=cidr, by=by, listed=entry)


def _ranges_of(graph: Graph, listed: Resource) -> Iterator[tuple[str | Mark, str]]:
    entries = listed.get("entries")
    if isinstance(entries, Mark):
        yield entries, listed.urn
    for entry in maps(entries):
        yield _range_in(entry), listed.urn
    for one in graph.referring(listed, t.MANAGED_PREFIX_LIST_ENTRY, "prefixListId"):
        yield _range_in(one.inputs), one.urn


def _range_in(entry: Mapping[str, Any]) -> str | Mark:
    cidr = entry.get("cidr")
    return cidr if isinstance(cidr, Mark) else str(cidr)


def _ports(rule: Mapping[str, Any]) -> tuple[str, int, int]:
    """Protocol and range of ports. An end that is not known, or not said, may be any."""
    protocol = str(rule.get("ipProtocol") or rule.get("protocol") or "-1")
    low, high = number(rule.get("fromPort")), number(rule.get("toPort"))
    if protocol in ("-1", "all") or low is None or high is None or low < 0:
        return "-1" if protocol in ("-1", "all") else protocol, *EVERY_PORT
    return protocol, int(low), int(high)


@dataclass(slots=True)
class Connection:
    """A way from somebody to somebody, on some ports. Between two groups of this stack each side needs a rule.

    `source` and `target` are URNs of groups, ranges of addresses, or ids of what is of another stack.
    """

    source: str
    target: str
    protocol: str
    low: int
    high: int
    inward: bool = False
    outward: bool = False
    between_groups: bool = False

    @property
    def open(self) -> bool:
        return not self.between_groups or (self.inward and self.outward)


def connections(graph: Graph) -> list[Connection]:
    """Who can open a connection to whom, both sides of each rule taken together, in order of declaration.

    A side that names no group is open all the same where it names a range of addresses on those ports.
    """
    groups = {one.urn for one in graph.of(*_GROUPS)}
    found: dict[tuple[str, str, str, int, int], Connection] = {}
    for one in openings(graph):
        source, target = (str(one.peer), one.group) if one.inward else (one.group, str(one.peer))
        key = (source, target, one.protocol, one.low, one.high)
        connection = found.setdefault(key, Connection(*key))
        connection.inward |= one.inward
        connection.outward |= not one.inward
        connection.between_groups = source in groups and target in groups
    for connection in found.values():
        if connection.between_groups:
            _count_ranges(connection, found.values())
    return list(found.values())


def _count_ranges(connection: Connection, others: Iterable[Connection]) -> None:
    ports = (connection.protocol, connection.low, connection.high)
    for other in others:
        if not other.between_groups and (other.protocol, other.low, other.high) == ports:
            connection.inward |= other.inward and other.target == connection.target
            connection.outward |= other.outward and other.source == connection.source


# ---- everything else


def exposed(graph: Graph) -> Iterator[Exposed]:
    """Everything that is reachable without a security group's say, or before it."""
    for one in graph.resources:
        if one.custom:
            yield from _flags(one)
    for one in graph.of(t.LOAD_BALANCER):
        yield from _if(
            one.inputs.get("internal"), one, ExposureKind.PUBLIC_LOAD_BALANCER, lambda value: not flag(value)
        )
    for one in graph.of(t.BUCKET_ACL, t.BUCKET):
        if any(_names_somebody(one)):
            yield Exposed(one.urn, ExposureKind.GRANTED_OBJECTS, one.urn)
    for one in graph.of(t.LISTENER):
        yield from _if(one.inputs.get("protocol"), one, ExposureKind.PLAIN, _serves_plainly(one))
    for one in graph.of(t.FUNCTION_URL):
        yield from _if(
            one.inputs.get("authorizationType"), one, ExposureKind.ANYBODY_INVOKES, lambda value: value != "AWS_IAM"
        )
    for one in graph.of(t.ROUTE):
        if str(one.inputs.get("gatewayId") or "").startswith("igw-") or graph.referred(
            one, "gatewayId", t.INTERNET_GATEWAY
        ):
            yield Exposed(one.urn, ExposureKind.INTERNET_ROUTE, one.urn)


_FLAGS: Final = {
    "publiclyAccessible": ExposureKind.PUBLIC_DATABASE,
    "assignPublicIp": ExposureKind.PUBLIC_TASKS,
    "associatePublicIpAddress": ExposureKind.PUBLIC_MACHINE,
    "mapPublicIpOnLaunch": ExposureKind.PUBLIC_SUBNET,
}
_PUBLIC_ACLS: Final = ("public-read", "public-read-write", "authenticated-read")
PRIVATE_ACLS: Final = ("private", "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write")
"""Access lists by name that let nobody in but the account's own, and S3 where it delivers logs."""


def _flags(one: Resource) -> Iterator[Exposed]:
    """By what a property is called, whatever the type: services call the same thing by the same name."""
    for name, value in _named(one.inputs):
        way = _FLAGS.get(name)
        if way is not None:
            yield from _if(value, one, way, flag)
        elif name == "acl" and value in _PUBLIC_ACLS:
            yield Exposed(one.urn, ExposureKind.PUBLIC_OBJECTS, one.urn)
        elif name == "acl" and isinstance(value, Mark):
            yield Exposed(one.urn, ExposureKind.PUBLIC_OBJECTS, one.urn, known=False)
        elif name == "acl" and value and value not in PRIVATE_ACLS and one.type.startswith("aws:s3/"):
            yield Exposed(one.urn, ExposureKind.NAMED_LIST, one.urn)
        elif name == "uri" and str(value).rpartition("/")[2] in ("AllUsers", "AuthenticatedUsers"):
            yield Exposed(one.urn, ExposureKind.PUBLIC_OBJECTS, one.urn)
        elif name in ("website", "websites", "indexDocument") and value and one.type.startswith("aws:s3/"):
            yield Exposed(one.urn, ExposureKind.WEBSITE, one.urn)


def _names_somebody(one: Resource) -> Iterator[bool]:
    """Of each grant of an access list, whether it is for somebody else than a group of AWS's or the list's owner."""
    owner = at(one.inputs, "accessControlPolicy.owner.id")
    for grant in maps(at(one.inputs, "accessControlPolicy.grants") or one.inputs.get("grants")):
        grantee = grant.get("grantee") or grant
        yield bool(grantee.get("emailAddress") or (grantee.get("id") and grantee["id"] != owner))


def _named(value: Any) -> Iterator[tuple[str, Any]]:
    """Every property with its name, however deep."""
    if isinstance(value, str):
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key), item
            yield from _named(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item)


def _serves_plainly(one: Resource) -> Any:
    """A plain listener that only sends people on to TLS serves nothing."""
    actions = [action.get("type") for action in maps(one.inputs.get("defaultActions"))]
    redirects = bool(actions) and all(action == "redirect" for action in actions)
    return lambda value: value not in ("HTTPS", "TLS") and not redirects


def _if(value: Any, one: Resource, exposure: ExposureKind, test: Any) -> Iterator[Exposed]:
    if isinstance(value, Mark):
        yield Exposed(one.urn, exposure, one.urn, known=False)
    elif test(value):
        yield Exposed(one.urn, exposure, one.urn)
