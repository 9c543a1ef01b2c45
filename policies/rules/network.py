"""VPC and load balancer: what is reachable, and what is recorded."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from facts import tokens as t
from facts.exposure import Opening
from facts.ranges import is_world
from graph import Mark
from graph.values import at, flag, items, maps, number
from policies.rule import Args, NotEvaluated, Report, rule, stack_rule

RULES_OF_GROUPS = (t.INGRESS_RULE, t.EGRESS_RULE, t.SECURITY_GROUP_RULE)


@stack_rule("listener-redirect-http", t.LISTENER)
def redirect_http(args: Args, report: Report) -> None:
    """By its default and by every rule, each of which comes before the default."""
    if args.props.get("protocol") not in (None, "HTTP"):
        return
    if _answers(args.props.get("defaultActions")):
        report("plain HTTP is answered instead of redirected")
    for one in args.stack.linked(t.LISTENER_RULE, "listenerArn", args.resource):
        if _answers(one.props.get("actions")):
            report(f"{one.name} answers plain HTTP instead of redirecting it")


def _answers(actions: Any) -> bool:
    return any(
        action.get("type") != "redirect" or at(action.get("redirect"), "protocol") != "HTTPS"
        for action in maps(actions)
    )


@rule("listener-require-tls", t.LISTENER)
def require_tls(args: Args, report: Report) -> None:
    protocol = args.props.get("protocol")
    if protocol in ("HTTPS", "TLS") and args.props.get("sslPolicy") not in args.settings["policies"]:
        report(f"sslPolicy is {args.props.get('sslPolicy') or 'left to AWS'}")
    if protocol in ("TCP", "UDP", "TCP_UDP"):
        report(f"it speaks {protocol} without TLS")


@rule("load-balancer-drop-headers", t.LOAD_BALANCER)
def drop_headers(args: Args, report: Report) -> None:
    if not flag(args.props.get("dropInvalidHeaderFields")):
        report("dropInvalidHeaderFields is not true")


@rule("load-balancer-protect", t.LOAD_BALANCER)
def protect(args: Args, report: Report) -> None:
    if not flag(args.props.get("enableDeletionProtection")):
        report("enableDeletionProtection is not true")


@rule("load-balancer-log-access", t.LOAD_BALANCER)
def log_access(args: Args, report: Report) -> None:
    if not flag(at(args.props.get("accessLogs"), "enabled")):
        report("accessLogs is not enabled")


@rule("load-balancer-defend-desync", t.LOAD_BALANCER)
def defend_desync(args: Args, report: Report) -> None:
    if args.props.get("desyncMitigationMode") == "monitor":  # AWS's default is defensive
        report("desyncMitigationMode is monitor")


@stack_rule("load-balancer-use-firewall", t.LOAD_BALANCER)
def use_firewall(args: Args, report: Report) -> None:
    if not args.stack.linked(t.WEB_ACL_ASSOCIATION, "resourceArn", args.resource):
        report("no WebAclAssociation names it")


@rule("target-group-use-tls", t.TARGET_GROUP)
def use_tls(args: Args, report: Report) -> None:
    if args.props.get("protocol") not in (None, "HTTPS", "TLS"):
        report(f"protocol is {args.props['protocol']}")


@stack_rule("network-empty-default-group", t.VPC)
def empty_default_group(args: Args, report: Report) -> None:
    groups = args.stack.linked(t.DEFAULT_SECURITY_GROUP, "vpcId", args.resource)
    if not groups:
        report("its default security group is not managed, so that it allows everything inside")
    for group in groups:
        beside = [one for kind in RULES_OF_GROUPS for one in args.stack.linked(kind, "securityGroupId", group)]
        if items(group.props.get("ingress")) or items(group.props.get("egress")) or beside:
            report("its default security group has rules")


@rule("network-close-ports", t.INGRESS_RULE)
def close_ports(args: Args, report: Report) -> None:
    _judge_rule(args, "is open to the world", report)


@rule("network-close-ports", t.SECURITY_GROUP, t.SECURITY_GROUP_RULE)
def close_inline_ports(args: Args, report: Report) -> None:
    _judge_openings(args, "ingress", "is open to the world", report)


@rule("network-limit-ways-out", t.EGRESS_RULE)
def limit_ways_out(args: Args, report: Report) -> None:
    _judge_rule(args, "of the whole world can be reached", report)


@rule("network-limit-ways-out", t.SECURITY_GROUP, t.SECURITY_GROUP_RULE)
def limit_inline_ways_out(args: Args, report: Report) -> None:
    _judge_openings(args, "egress", "of the whole world can be reached", report)


@stack_rule("network-close-ports", t.SECURITY_GROUP, t.SECURITY_GROUP_RULE, t.INGRESS_RULE)
def close_ports_together(args: Args, report: Report) -> None:
    _judge_together(args, "is open to the world", report, inward=True)


@stack_rule("network-limit-ways-out", t.SECURITY_GROUP, t.SECURITY_GROUP_RULE, t.EGRESS_RULE)
def limit_ways_out_together(args: Args, report: Report) -> None:
    _judge_together(args, "of the whole world can be reached", report, inward=False)


@stack_rule("network-close-ports", t.MANAGED_PREFIX_LIST, t.MANAGED_PREFIX_LIST_ENTRY)
def close_lists(args: Args, report: Report) -> None:
    """Rules of this stack that name a list are judged for each range in it; whoever else names it is not seen."""
    if any(one.listed == args.urn for one in args.stack.openings):
        return
    written = [args.props.get("cidr"), *(entry.get("cidr") for entry in maps(args.props.get("entries")))]
    if args.type == t.MANAGED_PREFIX_LIST:
        if args.stack.linked(t.ROUTE, "destinationPrefixListId", args.resource):
            return
        entries = args.stack.linked(t.MANAGED_PREFIX_LIST_ENTRY, "prefixListId", args.resource)
        written += [entry.props.get("cidr") for entry in entries]
    if is_world(*written):
        report("the ranges in the list are the world, for whatever rule names it: none of this stack does")


def _judge_together(args: Args, how: str, report: Report, *, inward: bool) -> None:
    """Ranges that are the world by a list, or together though each is a part of it; one in a rule is judged there.

    A list of elsewhere may hold any range.
    """
    found = [one for one in args.stack.openings if one.inward is inward]
    reported = set()
    for one in (one for one in found if one.by == args.urn and not _is_allowed(args, one)):
        if one.listed and isinstance(one.peer, Mark):
            raise NotEvaluated("a range of the list that it names is not known yet")
        if one.undeclared:
            reported.add(f"whether {one.ports} {how} is not known: nothing here declares the list of ranges {one.peer}")
        through = "by a list of ranges" if one.listed else "by several ranges together"
        beside = (other.peer for other in found if other.meets(one) and not _is_allowed(args, other))
        if (one.listed or not one.to_the_world) and is_world(*beside):
            reported.add(f"{one.ports} {how} {through}")
    for problem in sorted(reported):
        report(problem)


def _is_allowed(args: Args, one: Opening) -> bool:
    return one.low == one.high and one.low in args.settings["openPorts"]


def _judge_rule(args: Args, how: str, report: Report) -> None:
    blocks = [args.props.get("cidrIpv4"), args.props.get("cidrIpv6")]
    _judge_opening(args, _Written("ipProtocol", blocks, args.props, how), report)


def _judge_openings(args: Args, direction: str, how: str, report: Report) -> None:
    for opening in _openings(args, direction):
        blocks = [*items(opening.get("cidrBlocks")), *items(opening.get("ipv6CidrBlocks"))]
        _judge_opening(args, _Written("protocol", blocks, opening, how), report)


def _openings(args: Args, direction: str) -> Iterator[Mapping[str, Any]]:
    if args.type == t.SECURITY_GROUP:
        yield from maps(args.props.get(direction))
    elif args.props.get("type") == direction:
        yield args.props


class _Written(NamedTuple):
    """Blocks and ports; `protocol` is the name of the property, `how` says what comes of it."""

    protocol: str
    blocks: list[Any]
    props: Mapping[str, Any]
    how: str


def _judge_opening(args: Args, opening: _Written, report: Report) -> None:
    if not any(is_world(block) for block in opening.blocks):
        return
    low, high = number(opening.props.get("fromPort")), number(opening.props.get("toPort"))
    every = str(opening.props.get(opening.protocol)) == "-1" or low is None or high is None
    allowed = args.settings["openPorts"]
    if every or not any(low == high == port for port in allowed):
        ports = "every port" if every else f"port {low:g}" if low == high else f"ports {low:g} to {high:g}"
        report(f"{ports} {opening.how}")


@rule("subnet-refuse-public-ip", t.SUBNET)
def refuse_public_ip(args: Args, report: Report) -> None:
    if flag(args.props.get("mapPublicIpOnLaunch")):
        report("mapPublicIpOnLaunch is true")


@stack_rule("network-record-flows", t.VPC)
def record_flows(args: Args, report: Report) -> None:
    logs = args.stack.linked(t.FLOW_LOG, "vpcId", args.resource)
    if not logs:
        report("it has no FlowLog")
    elif not any(log.props.get("trafficType") in ("ALL", "REJECT") for log in logs):
        report("its FlowLog records accepted traffic only")


@stack_rule("network-use-private-endpoints", t.VPC)
def use_private_endpoints(args: Args, report: Report) -> None:
    endpoints = args.stack.linked(t.ENDPOINT, "vpcId", args.resource)
    names = [str(endpoint.props.get("serviceName")) for endpoint in endpoints]
    for service in (".ec2", ".ecr.api", ".ecr.dkr"):
        if not any(name.endswith(service) for name in names):
            report(f"it has no interface endpoint for {service.lstrip('.')}")


@rule("security-group-describe", t.SECURITY_GROUP, t.INGRESS_RULE)
def describe(args: Args, report: Report) -> None:
    if args.props.get("description") in (None, "", "Managed by Pulumi", "Managed by Terraform"):
        report("description is missing")
