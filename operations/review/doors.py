"""Doors that a plan opens: ports, public access, and roles that may do more than before."""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from facts import tokens as t
from facts.permissions.documents import DOCUMENTS
from graph import Mark, Resource
from graph.marks import marks_in
from graph.plan import Plan, PlanStep
from graph.values import at, items, maps, number
from operations.review.grants import Widening, trust_widenings, widenings
from operations.review.losses import Danger
from policies.rules.access import ADMINISTRATOR
from policies.rules.network import is_world

WEB_PORTS: Final = (80, 443)
BLOCKS: Final = ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks")


@dataclass(slots=True)
class Doors:
    """`open` stops the review; `noted` is shown; `unknown` could not be judged."""

    open: list[Danger] = field(default_factory=list)
    noted: list[Danger] = field(default_factory=list)
    unknown: list[tuple[str, str]] = field(default_factory=list)


def doors(plan: Plan) -> Doors:
    """Everything that a plan newly allows."""
    found = Doors()
    gone = {step.old.parent for step in plan.steps if step.op == "delete" and step.type == t.BUCKET and step.old}
    for step in plan.steps:
        if step.op in ("create", "update", "replace", "import"):
            _judge_ports(step, found)
            _judge_flags(step, found)
            _judge_documents(step, found)
            _judge_attachments(step, found)
        elif step.op in ("delete", "forget"):
            _judge_lost_guard(step, gone, found)
    return found


def _inputs(state: Resource | None) -> Mapping[str, Any]:
    return state.inputs if state else {}


def _judge_ports(step: PlanStep, found: Doors) -> None:
    for opening, before in _openings(step):
        blocks = [block for key in BLOCKS for block in items(opening.get(key))]
        known = [block for key in BLOCKS for block in items(before.get(key))]
        same_ports = _ports(opening) == _ports(before)
        for block in blocks:
            if isinstance(block, Mark):
                found.unknown.append((step.urn, "the address range is not known before the update"))
            elif not (same_ports and any(_inside(block, other) for other in known)):
                what = f"{_ports(opening)} open to {'the whole internet' if is_world(block) else block}"
                what += f", before to {', '.join(map(str, known))}" if known and same_ports else ""
                web = number(opening.get("fromPort")) == number(opening.get("toPort")) in WEB_PORTS
                danger = Danger("door-opened", step.urn, what)
                (found.open if is_world(block) and not web else found.noted).append(danger)


def _openings(step: PlanStep) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    old, new = _inputs(step.old), _inputs(step.new)
    if step.type == t.INGRESS_RULE or (step.type == t.SECURITY_GROUP_RULE and new.get("type") == "ingress"):
        yield new, old
    elif step.type in (t.SECURITY_GROUP, t.DEFAULT_SECURITY_GROUP):
        known = list(maps(old.get("ingress")))
        for opening in maps(new.get("ingress")):
            if opening not in known:
                yield opening, {}


def _ports(opening: Mapping[str, Any]) -> str:
    low, high = number(opening.get("fromPort")), number(opening.get("toPort"))
    if str(opening.get("ipProtocol") or opening.get("protocol")) == "-1" or low is None or high is None:
        return "every port"
    return f"port {low:g}" if low == high else f"ports {low:g}-{high:g}"


def _inside(block: Any, other: Any) -> bool:
    try:
        return bool(ipaddress.ip_network(str(block)).subnet_of(ipaddress.ip_network(str(other))))  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return False


def _judge_flags(step: PlanStep, found: Doors) -> None:
    old, new = _inputs(step.old), _inputs(step.new)
    for flag in FLAGS:
        if flag.type == step.type and flag.opens(at(old, flag.path), at(new, flag.path)):
            found.open.append(Danger("door-opened", step.urn, flag.what))
    if step.type == t.ROUTE and str(new.get("gatewayId", "")).startswith("igw-") and step.op == "create":
        found.noted.append(Danger("door-opened", step.urn, "a route to an internet gateway is added"))


@dataclass(frozen=True, slots=True)
class Flag:
    """A property whose new value opens something; `opens(old, new)`."""

    type: str
    path: str
    opens: Callable[[Any, Any], bool]
    what: str


def _on(old: Any, new: Any) -> bool:
    return old is not True and new is True


def _off(old: Any, new: Any) -> bool:
    return old is True and new is not True


def _plain(old: Any, new: Any) -> bool:
    return bool(old == "HTTPS" and new == "HTTP")


def _anybody(old: Any, new: Any) -> bool:
    return bool(old != "*" and new == "*")


FLAGS: Final = (
    Flag(t.DATABASE, "publiclyAccessible", _on, "the database gets a public address"),
    Flag(t.SERVICE, "networkConfiguration.assignPublicIp", _on, "tasks get public addresses"),
    Flag(t.LISTENER, "protocol", _plain, "the listener no longer speaks TLS"),
    Flag("aws:lambda/permission:Permission", "principal", _anybody, "everybody may invoke the function"),
    *(
        Flag(t.BUCKET_PUBLIC_ACCESS, name, _off, f"{name} is switched off")
        for name in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    ),
)


# An endpoint's policy only narrows what may pass; without one AWS lets everything through.
# https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
DEFAULT_ENDPOINT_POLICY = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}'


def _judge_documents(step: PlanStep, found: Doors) -> None:
    for name, way in DOCUMENTS.get(step.type, ()):
        old, new = _inputs(step.old).get(name), _inputs(step.new).get(name)
        if new is None or (step.old is not None and old == new):
            continue
        if list(marks_in(new)):
            found.unknown.append((step.urn, f"{name} is not known before the update"))
            continue
        old = None if list(marks_in(old)) else old
        if step.type == t.ENDPOINT and old is None:
            old = DEFAULT_ENDPOINT_POLICY
        try:
            compared = trust_widenings(old, new) if way == "trust" else widenings(old, new, identity=way == "identity")
            for widening in compared:
                _add(step, widening, found, created=step.old is None)
        except (ValueError, TypeError, AttributeError):
            found.unknown.append((step.urn, f"{name} is no policy document"))


def _add(step: PlanStep, widening: Widening, found: Doors, *, created: bool) -> None:
    danger = Danger("role-widened", step.urn, widening.what)
    if widening.wide:
        found.open.append(danger)
    elif not created:  # what a new resource brings along is what the change is about
        found.noted.append(danger)


def _judge_attachments(step: PlanStep, found: Doors) -> None:
    if step.type not in (t.ROLE_ATTACHMENT, t.USER_ATTACHMENT, t.GROUP_ATTACHMENT):
        return
    old, new = _inputs(step.old).get("policyArn"), _inputs(step.new).get("policyArn")
    if new and old != new and not isinstance(new, Mark):
        name = str(new).rsplit("/", 1)[-1]
        danger = Danger("role-widened", step.urn, f"{name} is attached")
        (found.open if name in ADMINISTRATOR else found.noted).append(danger)


def _judge_lost_guard(step: PlanStep, gone: set[str], found: Doors) -> None:
    """A guard that goes while the bucket it guards stays; a bucket stands in the same component as its guards."""
    if step.type not in (t.BUCKET_PUBLIC_ACCESS, t.BUCKET_POLICY) or (step.old and step.old.parent in gone):
        return
    what = "public access is no longer blocked" if step.type == t.BUCKET_PUBLIC_ACCESS else "the bucket's policy goes"
    found.open.append(Danger("door-opened", step.urn, what))
