"""Seeds of networks and load balancers."""

from typing import Any

from rehearsal.result import Rehearsed
from tests.rehearsal.checks.case import Case, each, field, part

INGRESS = "vpc/securityGroupIngressRule:SecurityGroupIngressRule"
BALANCER, TARGETS = "lb/loadBalancer:LoadBalancer", "lb/targetGroup:TargetGroup"
LISTENER, RULE = "lb/listener:Listener", "lb/listenerRule:ListenerRule"


def subnets(blocks: tuple[str, ...]) -> list[Rehearsed]:
    made = [part("ec2/subnet:Subnet", f"s{n}", vpcId="vpc", cidrBlock=block) for n, block in enumerate(blocks)]
    return [part("ec2/vpc:Vpc", "vpc", cidrBlock="10.0.0.0/16"), *made]


def nat(*gateways: str) -> list[Rehearsed]:
    found = [part("ec2/internetGateway:InternetGateway", vpc, vpcId=vpc) for vpc in gateways]
    subnet = part("ec2/subnet:Subnet", "s", vpcId="vpc")
    return [*found, subnet, part("ec2/natGateway:NatGateway", subnetId="s", allocationId="a")]


def endpoint(**changes: Any) -> list[Rehearsed]:
    zones = changes.pop("zones", ())
    made = [part("ec2/subnet:Subnet", f"s{n}", availabilityZone=zone) for n, zone in enumerate(zones)]
    good = {"vpcId": "vpc", "serviceName": "com.amazonaws.eu-north-1.logs", "vpcEndpointType": "Interface"}
    ids = {"subnetIds": [one.id for one in made]} if made else {}
    network = {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True, **changes.pop("network", {})}
    return [
        part("ec2/vpc:Vpc", "vpc", **network),
        *made,
        part("ec2/vpcEndpoint:VpcEndpoint", **{**good, **ids, **changes}),
    ]


def rule(**changes: Any) -> Rehearsed:
    good = {"securityGroupId": "g", "ipProtocol": "tcp", "fromPort": 1, "toPort": 2, "cidrIpv4": "10.0.0.0/8"}
    return part(INGRESS, **{**good, **changes})


def twice(block: str) -> list[Rehearsed]:
    good: dict[str, Any] = {"securityGroupId": "g", "ipProtocol": "tcp", "fromPort": 1, "toPort": 2}
    return [part(INGRESS, "other", **good, cidrIpv4="10.0.0.0/8"), part(INGRESS, **good, cidrIpv4=block)]


def route(**changes: Any) -> Rehearsed:
    return part("ec2/route:Route", routeTableId="t", destinationCidrBlock="0.0.0.0/0", **changes)


def routes(destination: str) -> list[Rehearsed]:
    first = part("ec2/route:Route", "other", routeTableId="t", destinationCidrBlock="0.0.0.0/0", gatewayId="i")
    return [first, part("ec2/route:Route", routeTableId="t", destinationCidrBlock=destination, gatewayId="i")]


def balancer(*zones: str, block: str = "10.0.0.0/24") -> list[Rehearsed]:
    made = [part("ec2/subnet:Subnet", f"s{n}", availabilityZone=z, cidrBlock=block) for n, z in enumerate(zones)]
    return [*made, part(BALANCER, subnets=[one.id for one in made])]


def listener(**changes: Any) -> Rehearsed:
    good = {"port": 443, "protocol": "HTTPS", "certificateArn": "arn:aws:acm:eu-north-1:210000000001:certificate/c"}
    return part(LISTENER, **{**good, **changes})


def listeners(port: int) -> list[Rehearsed]:
    return [
        part(LISTENER, "other", loadBalancerArn="lb", port=80, protocol="HTTP"),
        part(LISTENER, loadBalancerArn="lb", port=port, protocol="HTTP"),
    ]


def takes(**conditions: list[str]) -> Rehearsed:
    listed = [{key: {"values": values}} for key, values in conditions.items()]
    return part(RULE, conditions=listed, actions=[{"type": "forward"}])


def rules(priority: int) -> list[Rehearsed]:
    return [part(RULE, "other", listenerArn="l", priority=1), part(RULE, listenerArn="l", priority=priority)]


def targets(**changes: Any) -> Rehearsed:
    return part(TARGETS, **{"port": 8080, "protocol": "HTTP", "vpcId": "vpc", "targetType": "ip", **changes})


def checked(**changes: Any) -> Rehearsed:
    return targets(healthCheck=changes)


HOSTS = [f"h{number}.example" for number in range(6)]

CASES: list[Case] = [
    *each("ec2-cidr", field("ec2/vpc:Vpc", "cidrBlock"), ["10.0.0.0/33", "10.0.0.1/16", "ten"], "10.0.0.0/16"),
    *each("ec2-cidr-size", field("ec2/vpc:Vpc", "cidrBlock"), ["10.0.0.0/15", "10.0.0.0/29"], "10.0.0.0/28"),
    *each(
        "ec2-cidr-range",
        field("ec2/vpc:Vpc", "cidrBlock"),
        ["127.0.0.0/16", "169.254.0.0/16", "224.0.0.0/16", "0.0.0.0/16"],
        "100.64.0.0/16",
    ),
    *each("ec2-subnet-outside", subnets, [("10.1.0.0/24",)], ("10.0.0.0/24",), "s0"),
    *each(
        "ec2-subnet-overlap",
        subnets,
        [("10.0.0.0/24", "10.0.0.128/25"), ("10.0.0.0/20", "10.0.8.0/24")],
        ("10.0.0.0/24", "10.0.1.0/24"),
        "s1",
    ),
    *each("ec2-nat-without-gateway", lambda v: nat(*v), [(), ("other",)], ("vpc",)),
    *each("ec2-nat-without-address", field("ec2/natGateway:NatGateway", "allocationId", subnetId="s"), [None], "a"),
    *each(
        "ec2-endpoint-name",
        lambda v: endpoint(serviceName=v),
        ["logs", "com.amazonaws", "amazonaws.logs"],
        "com.amazonaws.eu-north-1.logs",
    ),
    *each(
        "ec2-endpoint-region",
        lambda v: endpoint(serviceName=v),
        ["com.amazonaws.eu-west-1.logs"],
        "com.amazonaws.eu-north-1.ecr.api",
    ),
    *each(
        "ec2-endpoint-private-dns",
        lambda v: endpoint(privateDnsEnabled=True, network=v),
        [{"enableDnsHostnames": False}, {"enableDnsSupport": False}],
        {"enableDnsSupport": True},
    ),
    *each(
        "ec2-endpoint-kind",
        lambda v: endpoint(**v),
        [
            {"vpcEndpointType": "Gateway", "subnetIds": ["s"]},
            {"routeTableIds": ["t"]},
            {"vpcEndpointType": "Gateway", "privateDnsEnabled": True},
        ],
        {"vpcEndpointType": "Gateway"},
    ),
    *each("ec2-endpoint-zones", lambda v: endpoint(zones=v), [("a", "a"), ("a", "b", "a")], ("a", "b")),
    *each("ec2-flow-log-interval", field("ec2/flowLog:FlowLog", "maxAggregationInterval"), [30, 300], 60),
    *each("ec2-port", lambda v: rule(toPort=v), [65536], 65535),
    *each("ec2-port-order", lambda v: rule(fromPort=v), [3, 443], 2),
    *each("ec2-port-missing", lambda v: rule(**v), [{"toPort": None}, {"fromPort": None}], {}),
    *each("ec2-rule-peer", lambda v: rule(**v), [{"cidrIpv4": None}, {"referencedSecurityGroupId": "g"}], {}),
    *each("ec2-rule-cidr", lambda v: rule(cidrIpv4=v), ["10.0.0.0/33", "everyone"], "0.0.0.0/0"),
    *each("ec2-rule-twice", twice, ["10.0.0.0/8"], "11.0.0.0/8"),
    *each("ec2-route-target", lambda v: route(**v), [{}, {"gatewayId": "i", "natGatewayId": "n"}], {"gatewayId": "i"}),
    *each("ec2-route-twice", routes, ["0.0.0.0/0"], "10.0.0.0/8"),
    *each("lb-idle-timeout", field(BALANCER, "idleTimeout"), [0, 4001], 4000),
    *each("lb-keep-alive", field(BALANCER, "clientKeepAlive"), [59, 604801], 60),
    *each("lb-type", field(BALANCER, "loadBalancerType"), ["classic", "ALB"], "application"),
    *each("lb-desync", field(BALANCER, "desyncMitigationMode"), ["strict"], "strictest"),
    *each("lb-zones", lambda v: balancer(*v), [("a",), ("a", "a")], ("a", "b")),
    *each("lb-zone-twice", lambda v: balancer(*v), [("a", "a", "b")], ("a", "b")),
    *each("lb-subnet-size", lambda v: balancer("a", "b", block=v), ["10.0.0.0/28"], "10.0.0.0/27"),
    *each("lb-port", lambda v: listener(port=v), [0, 65536], 65535),
    *each("lb-port-twice", listeners, [80], 81),
    *each(
        "lb-certificate",
        lambda v: listener(**v),
        [{"certificateArn": None}, {"protocol": "TLS", "certificateArn": ""}],
        {},
    ),
    *each("lb-certificate-unused", lambda v: listener(**v), [{"protocol": "HTTP"}], {}),
    *each(
        "lb-certificate-region",
        lambda v: listener(certificateArn=f"arn:aws:acm:{v}:210000000001:certificate/c"),
        ["us-east-1"],
        "eu-north-1",
    ),
    *each(
        "lb-tls-policy",
        lambda v: listener(sslPolicy=v),
        ["TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-2-2021-6", "ELBSecurityPolicy-TLS13-1-2-2021-07"],
        "ELBSecurityPolicy-TLS13-1-2-2021-06",
    ),
    *each(
        "lb-tls-policy",
        lambda v: listener(sslPolicy=v),
        ["ELBSecurityPolicy-2015-01"],
        "ELBSecurityPolicy-TLS13-1-3-PQ-2027-01",
    ),
    *each("lb-priority", field(RULE, "priority"), [0, 50001], 50000),
    *each("lb-priority-twice", rules, [1], 2),
    *each("lb-rule-values", lambda v: takes(hostHeader=v), [HOSTS], HOSTS[:5]),
    *each("lb-rule-values", lambda v: takes(hostHeader=HOSTS[:3], pathPattern=v), [["/a", "/b", "/c"]], ["/a", "/b"]),
    *each("lb-rule-conditions", field(RULE, "conditions"), [[], None], [{"hostHeader": {"values": ["a.example"]}}]),
    *each("lb-rule-action", field(RULE, "actions"), [[], [{"type": "authenticate-oidc"}]], [{"type": "redirect"}]),
    *each(
        "lb-host-header",
        lambda v: takes(hostHeader=[v]),
        ["a.example:8080", "https://a.example", "a" * 129, "a_b.example"],
        "*.a.example",
    ),
    *each("lb-path-pattern", lambda v: takes(pathPattern=[v]), ["/a b", "/" + "a" * 128, "/å"], "/api/*"),
    *each("lb-method", lambda v: takes(httpRequestMethod=[v]), ["get", "A" * 41], "GET"),
    *each("lb-health-interval", lambda v: checked(interval=v), [4, 301], 300),
    *each("lb-health-timeout", lambda v: checked(timeout=v, interval=300), [1, 121], 120),
    *each("lb-health-threshold", lambda v: checked(healthyThreshold=v), [1, 11], 10),
    *each("lb-health-path", lambda v: checked(path=v), ["healthz", "/" + "a" * 1024], "/healthz"),
    *each("lb-health-order", lambda v: checked(interval=10, timeout=v), [10, 11], 9),
    *each("lb-matcher", lambda v: checked(matcher=v), ["OK", "200-", "600", "200, 202"], "200-299"),
    *each("lb-deregistration", field(TARGETS, "deregistrationDelay"), [-1, 3601], 3600),
    *each("lb-slow-start", field(TARGETS, "slowStart"), [29, 901], 30),
    *each("lb-stickiness", lambda v: targets(stickiness={"cookieDuration": v}), [0, 604801], 604800),
    *each("lb-target-group-network", lambda v: targets(vpcId=v), [None], "vpc"),
    *each("lb-target-group-function", lambda v: targets(targetType="lambda", protocol=v, port=None), ["HTTP"], None),
]
