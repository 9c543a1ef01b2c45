"""What load balancing refuses: zones, listeners, rules, target groups."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from facts import tokens as t
from graph import Graph
from rehearsal.checks.network import zones_of
from rehearsal.checks.reading import refuse
from rehearsal.checks.rules import Rule, number, one_of, only, text
from rehearsal.result import Refusal

_GUIDE = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
_API = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_"
_BALANCER, _TARGETS = t.LOAD_BALANCER, t.TARGET_GROUP
_LISTENER, _RULE = t.LISTENER, t.LISTENER_RULE
_RULES_PAGE = f"{_GUIDE}listener-rules.html"
_MOST_VALUES = 5

# As known on 2025-12-31; a name with a later date is not judged.
_TLS_POLICIES = frozenset(
    f"ELBSecurityPolicy-{name}"
    for name in """
    2015-05 2016-08 TLS-1-0-2015-04 TLS-1-1-2017-01 TLS-1-2-2017-01 TLS-1-2-Ext-2018-06 FS-2018-06 FS-1-1-2019-08
    FS-1-2-2019-08 FS-1-2-Res-2019-08 FS-1-2-Res-2020-10 TLS13-1-0-2021-06 TLS13-1-1-2021-06 TLS13-1-2-2021-06
    TLS13-1-2-Res-2021-06 TLS13-1-2-Ext1-2021-06 TLS13-1-2-Ext2-2021-06 TLS13-1-3-2021-06 TLS13-1-0-FIPS-2023-04
    TLS13-1-1-FIPS-2023-04 TLS13-1-2-FIPS-2023-04 TLS13-1-2-Res-FIPS-2023-04 TLS13-1-2-Ext0-FIPS-2023-04
    TLS13-1-2-Ext1-FIPS-2023-04 TLS13-1-2-Ext2-FIPS-2023-04 TLS13-1-3-FIPS-2023-04 TLS13-1-0-PQ-2025-09
    TLS13-1-2-PQ-2025-09 TLS13-1-2-Res-PQ-2025-09 TLS13-1-2-Ext1-PQ-2025-09 TLS13-1-2-Ext2-PQ-2025-09
    TLS13-1-3-PQ-2025-09 TLS13-1-0-FIPS-PQ-2025-09 TLS13-1-2-FIPS-PQ-2025-09 TLS13-1-2-Res-FIPS-PQ-2025-09
    TLS13-1-2-Ext0-FIPS-PQ-2025-09 TLS13-1-2-Ext1-FIPS-PQ-2025-09 TLS13-1-2-Ext2-FIPS-PQ-2025-09
    TLS13-1-3-FIPS-PQ-2025-09
    """.split()  # noqa: SIM905  a list of words reads better as words
)


def _tls_policy(name: Any) -> bool:
    dated = re.fullmatch(r"ELBSecurityPolicy-[A-Za-z0-9-]*?(20\d\d)-\d\d", str(name))
    return name in _TLS_POLICIES or (dated is not None and int(dated[1]) >= 2026)


RULES = (
    number("lb-idle-timeout", _BALANCER, "idleTimeout", 1, 4000, "s", f"{_GUIDE}edit-load-balancer-attributes.html"),
    number(
        "lb-keep-alive", _BALANCER, "clientKeepAlive", 60, 604800, "s", f"{_GUIDE}edit-load-balancer-attributes.html"
    ),
    one_of(
        "lb-type",
        _BALANCER,
        "loadBalancerType",
        ("application", "network", "gateway"),
        f"{_API}CreateLoadBalancer.html",
    ),
    one_of(
        "lb-desync",
        _BALANCER,
        "desyncMitigationMode",
        ("monitor", "defensive", "strictest"),
        f"{_GUIDE}edit-load-balancer-attributes.html",
    ),
    number("lb-port", _LISTENER, "port", 1, 65535, "", f"{_API}CreateListener.html"),
    number("lb-port", _TARGETS, "port", 1, 65535, "", f"{_API}CreateTargetGroup.html"),
    number("lb-priority", _RULE, "priority", 1, 50000, "", f"{_API}CreateRule.html"),
    Rule(
        "lb-tls-policy",
        _LISTENER,
        "sslPolicy",
        "one such as ELBSecurityPolicy-TLS13-1-2-2021-06",
        f"{_GUIDE}describe-ssl-policies.html",
        _tls_policy,
    ),
    number("lb-health-interval", _TARGETS, "healthCheck.interval", 5, 300, "s", f"{_API}CreateTargetGroup.html"),
    number("lb-health-timeout", _TARGETS, "healthCheck.timeout", 2, 120, "s", f"{_API}CreateTargetGroup.html"),
    number("lb-health-threshold", _TARGETS, "healthCheck.healthyThreshold", 2, 10, "", f"{_API}CreateTargetGroup.html"),
    number(
        "lb-health-threshold", _TARGETS, "healthCheck.unhealthyThreshold", 2, 10, "", f"{_API}CreateTargetGroup.html"
    ),
    text(
        "lb-health-path",
        _TARGETS,
        "healthCheck.path",
        r"(?=.{1,1024}$)/.*",
        "a path of at most 1024 characters that begins with /",
        f"{_API}CreateTargetGroup.html",
    ),
    *only(
        (
            text(
                "lb-matcher",
                _TARGETS,
                "healthCheck.matcher",
                r"[2-4]\d\d([,-][2-4]\d\d)*",
                "200 to 499: 200, 200,202 or 200-299",
                f"{_API}Matcher.html",
            ),
        ),
        "protocolVersion",
        None,
        "HTTP1",
        "HTTP2",
    ),
    number(
        "lb-deregistration", _TARGETS, "deregistrationDelay", 0, 3600, "s", f"{_GUIDE}edit-target-group-attributes.html"
    ),
    Rule(
        "lb-slow-start",
        _TARGETS,
        "slowStart",
        "0, or 30 to 900 s",
        f"{_GUIDE}edit-target-group-attributes.html",
        lambda value: value == 0 or 30 <= value <= 900,
    ),
    number(
        "lb-stickiness",
        _TARGETS,
        "stickiness.cookieDuration",
        1,
        604800,
        "s",
        f"{_GUIDE}edit-target-group-attributes.html",
    ),
    text(
        "lb-host-header",
        _RULE,
        "conditions[].hostHeader.values[]",
        r"[A-Za-z0-9.*?-]{1,128}",
        "a host name without a port or a path, of at most 128 characters",
        _RULES_PAGE,
    ),
    text(
        "lb-path-pattern",
        _RULE,
        "conditions[].pathPattern.values[]",
        r"""[A-Za-z0-9_.$/~"'@:+&*?-]{1,128}""",
        "at most 128 of letters, digits and _-.$/~\"'@:+&*?",
        _RULES_PAGE,
    ),
    text(
        "lb-method",
        _RULE,
        "conditions[].httpRequestMethod.values[]",
        r"[A-Z_-]{1,40}",
        "at most 40 capital letters",
        _RULES_PAGE,
    ),
)


def balancers(graph: Graph) -> Iterator[Refusal]:
    """A load balancer in one zone, or in a subnet too small for its growth."""
    source = f"{_GUIDE}load-balancer-subnets.html"
    for one in graph.of(_BALANCER):
        values = one.inputs
        ids = values.get("subnets") or ()
        subnets = [graph.find(each, t.SUBNET) for each in ids]
        application = values.get("loadBalancerType", "application") == "application"
        zones = zones_of(graph, ids)
        if application and ids and (len(ids) < 2 or (zones and len(set(zones)) < 2)):
            what = f"lies in {len(set(zones)) or len(ids)} zone"
            yield refuse(one, "lb-zones", what, "name subnets of two zones at least", source)
        if len(set(zones)) < len(zones):
            yield refuse(one, "lb-zone-twice", "has two subnets in one zone", "name one a zone", source)
        for subnet in (each for each in subnets if each is not None and application):
            block = str(subnet.inputs.get("cidrBlock") or "")
            if block and ip_network(block, strict=False).prefixlen > 27:
                what = f"lies in {subnet.name}, which is {block}"
                yield refuse(one, "lb-subnet-size", what, "give it subnets of /27 or wider", source)


def listeners(graph: Graph) -> Iterator[Refusal]:
    """TLS without a certificate, a certificate without TLS, no default action, and one port twice."""
    source = f"{_API}CreateListener.html"
    ports: set[tuple[Any, Any]] = set()
    for one in graph.of(_LISTENER):
        values = one.inputs
        secure = values.get("protocol") in ("HTTPS", "TLS")
        if secure and not values.get("certificateArn"):
            what = f"speaks {values.get('protocol')} without a certificate"
            yield refuse(one, "lb-certificate", what, "set certificateArn", source)
        if values.get("protocol") == "HTTP" and (values.get("certificateArn") or values.get("sslPolicy")):
            what = "speaks HTTP and has a certificate or a TLS policy"
            yield refuse(one, "lb-certificate-unused", what, "set protocol HTTPS, or leave them out", source)
        certificate = str(values.get("certificateArn") or "").split(":")
        if len(certificate) > 5 and certificate[2] == "acm" and one.region and certificate[3] != one.region:
            what = f"has a certificate of {certificate[3]}"
            yield refuse(one, "lb-certificate-region", what, f"name one of {one.region}", source)
        port = (values.get("loadBalancerArn"), values.get("port"))
        if None not in port and port in ports:
            what = f"listens on port {values.get('port')} as another does"
            yield refuse(one, "lb-port-twice", what, "give each its own port", source)
        ports.add(port)


def rules(graph: Graph) -> Iterator[Refusal]:
    """More than five values in a rule, none, two rules of one priority, and actions in the wrong order."""
    taken: dict[tuple[Any, Any], list[str]] = defaultdict(list)
    for one in graph.of(_RULE):
        values = one.inputs
        conditions = [each for each in values.get("conditions") or () if isinstance(each, Mapping)]
        found = sum(len((part or {}).get("values") or ()) for each in conditions for part in each.values())
        if found > _MOST_VALUES:
            what = f"has {found} values in its conditions"
            yield refuse(
                one, "lb-rule-values", what, f"AWS takes {_MOST_VALUES} a rule: make another rule", _RULES_PAGE
            )
        if not conditions:
            yield refuse(one, "lb-rule-conditions", "has no condition", "give it one", _RULES_PAGE)
        kinds = [each.get("type") for each in values.get("actions") or () if isinstance(each, Mapping)]
        if not {"forward", "redirect", "fixed-response"} & set(kinds):
            yield refuse(
                one,
                "lb-rule-action",
                f"ends with {kinds[-1] if kinds else 'no action'}",
                "let it end with forward, redirect or fixed-response",
                _RULES_PAGE,
            )
        if values.get("priority") is not None:
            key = (values.get("listenerArn"), values["priority"])
            if taken[key]:
                what = f"has priority {values['priority']} as {taken[key][0]}"
                yield refuse(one, "lb-priority-twice", what, "give each its own", f"{_API}CreateRule.html")
            taken[key].append(one.name)


def target_groups(graph: Graph) -> Iterator[Refusal]:
    """A health check that waits longer than its interval, and a group that lacks what its kind needs."""
    source = f"{_API}CreateTargetGroup.html"
    for one in graph.of(_TARGETS):
        values = one.inputs
        check = values.get("healthCheck") or {}
        interval, timeout = check.get("interval", 30), check.get("timeout", 5)
        if isinstance(interval, int) and isinstance(timeout, int) and timeout >= interval:
            what = f"waits {timeout} s for a health check every {interval} s"
            yield refuse(one, "lb-health-order", what, "let timeout be shorter than interval", source)
        if values.get("targetType", "instance") in ("ip", "instance") and not values.get("vpcId"):
            yield refuse(one, "lb-target-group-network", "names no VPC", "set vpcId", source)
        if values.get("targetType") == "lambda" and (values.get("port") or values.get("protocol")):
            what = "is for functions and has a port or protocol"
            yield refuse(one, "lb-target-group-function", what, "leave them out", source)


CHECKS = (balancers, listeners, rules, target_groups)
