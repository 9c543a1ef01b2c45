"""Application load balancers, target groups, listeners and their rules."""

from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import (
    NOT_HELD,
    TEXT,
    Call,
    Change,
    F,
    Field,
    Form,
    Kind,
    Name,
    Out,
    Read,
    attribute,
    pack_attributes,
    tags,
    unchecked,
)

_PART_OF_NAME = "part of the name"
_TAGS = Read("describe_tags", {"ResourceArns": ["$id"]}, pick="TagDescriptions[0].Tags", into="Tags", when="tags")


def _as_map(response: dict[str, Any]) -> dict[str, Any]:
    return {one["Key"]: one["Value"] for one in response["Attributes"]}


def _logs(prefix: str) -> Field:
    """Where a load balancer writes a kind of logs: three of its attributes."""

    def place(name: str) -> Field:
        return F((f"{prefix}.{name}",), form=TEXT)

    return F(
        "Attributes",
        shape={"enabled": place("enabled"), "bucket": place("bucket"), "prefix": place("prefix")},
        call="attributes",
    )


LOAD_BALANCER = Kind(
    type_=t.LOAD_BALANCER,
    service="elbv2",
    calls=(
        Call("create_load_balancer"),
        Call("modify_load_balancer_attributes", {"LoadBalancerArn": "$id"}, name="attributes", pack=pack_attributes),
    ),
    fields={
        "name": F("Name", "LoadBalancerName"),
        "namePrefix": unchecked(_PART_OF_NAME),
        "loadBalancerType": F("Type"),
        "internal": F(
            "Scheme", form=Form(send=lambda on: on if isinstance(on, str) else "internal" if on else "internet-facing")
        ),
        "ipAddressType": F("IpAddressType"),
        "securityGroups": F("SecurityGroups", unordered=True),
        "subnets": F("Subnets", "AvailabilityZones[].SubnetId", unordered=True),
        "accessLogs": _logs("access_logs.s3"),
        "connectionLogs": _logs("connection_logs.s3"),
        "enableDeletionProtection": attribute("deletion_protection.enabled"),
        "dropInvalidHeaderFields": attribute("routing.http.drop_invalid_header_fields.enabled"),
        "desyncMitigationMode": attribute("routing.http.desync_mitigation_mode"),
        "enableHttp2": attribute("routing.http2.enabled"),
        "enableCrossZoneLoadBalancing": attribute("load_balancing.cross_zone.enabled"),
        "enableTlsVersionAndCipherSuiteHeaders": attribute("routing.http.x_amzn_tls_version_and_cipher_suite.enabled"),
        "enableXffClientPort": attribute("routing.http.xff_client_port.enabled"),
        "enableWafFailOpen": attribute("waf.fail_open.enabled"),
        "preserveHostHeader": attribute("routing.http.preserve_host_header.enabled"),
        "xffHeaderProcessingMode": attribute("routing.http.xff_header_processing.mode"),
        "idleTimeout": attribute("idle_timeout.timeout_seconds"),
        "clientKeepAlive": attribute("client_keep_alive.seconds"),
        "enableZonalShift": attribute("zonal_shift.config.enabled"),
        "tags": tags(),
    },
    defaults={"loadBalancerType": "application"},
    reads=(
        Read("describe_load_balancers", {"LoadBalancerArns": ["$id"]}, "LoadBalancers[0]"),
        Read("describe_load_balancer_attributes", {"LoadBalancerArn": "$id"}, pick=_as_map, into="Attributes"),
        _TAGS,
    ),
    updates=(
        Change("set_security_groups", {"securityGroups": ""}),
        Change("set_subnets", {"subnets": ""}),
        Change("set_ip_address_type", {"ipAddressType": ""}),
    ),
    document="$made.LoadBalancers[0]",
    id="$document.LoadBalancerArn",
    made_up_id="arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{hex16}",
    outputs={
        "arn": "{id}",
        "arnSuffix": lambda values: values["id"].split(":loadbalancer/", 1)[1],
        "dnsName": Out("DNSName", "{name}-1.{region}.elb.amazonaws.com"),
        "zoneId": Out("CanonicalHostedZoneId", "Z2ABCDEFGHIJKL"),
        "vpcId": Out("VpcId", "vpc-{hex}"),
    },
    name=Name(limit=32),
)

_HEALTH_CHECK = {
    "enabled": F("HealthCheckEnabled"),
    "path": F("HealthCheckPath"),
    "port": F("HealthCheckPort"),
    "protocol": F("HealthCheckProtocol"),
    "interval": F("HealthCheckIntervalSeconds"),
    "timeout": F("HealthCheckTimeoutSeconds"),
    "healthyThreshold": F("HealthyThresholdCount"),
    "unhealthyThreshold": F("UnhealthyThresholdCount"),
    "matcher": F("Matcher.HttpCode"),
}


def _flat(params: dict[str, Any]) -> dict[str, Any]:
    check = params.pop("HealthCheck", {})
    return {**params, **check}


TARGET_GROUP = Kind(
    type_=t.TARGET_GROUP,
    service="elbv2",
    calls=(
        Call("create_target_group", pack=_flat),
        Call("modify_target_group_attributes", {"TargetGroupArn": "$id"}, name="attributes", pack=pack_attributes),
    ),
    fields={
        "name": F("Name", "TargetGroupName"),
        "namePrefix": unchecked(_PART_OF_NAME),
        "port": F("Port"),
        "protocol": F("Protocol"),
        "protocolVersion": F("ProtocolVersion"),
        "vpcId": F("VpcId"),
        "targetType": F("TargetType"),
        "ipAddressType": F("IpAddressType"),
        "healthCheck": F("HealthCheck", "@", shape=_HEALTH_CHECK),
        "deregistrationDelay": attribute("deregistration_delay.timeout_seconds"),
        "slowStart": attribute("slow_start.duration_seconds"),
        "loadBalancingAlgorithmType": attribute("load_balancing.algorithm.type"),
        "stickiness": F(
            "Attributes",
            shape={
                "enabled": F(("stickiness.enabled",), form=TEXT),
                "type": F(("stickiness.type",), form=TEXT),
                "cookieDuration": F(("stickiness.lb_cookie.duration_seconds",), form=TEXT),
            },
            call="attributes",
        ),
        "tags": tags(),
    },
    reads=(
        Read("describe_target_groups", {"TargetGroupArns": ["$id"]}, "TargetGroups[0]"),
        Read("describe_target_group_attributes", {"TargetGroupArn": "$id"}, pick=_as_map, into="Attributes"),
        _TAGS,
    ),
    updates=(Change("modify_target_group", {"healthCheck": ""}, {"TargetGroupArn": "$id"}, pack=_flat),),
    document="$made.TargetGroups[0]",
    id="$document.TargetGroupArn",
    made_up_id="arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{hex16}",
    outputs={"arn": "{id}", "arnSuffix": lambda values: values["id"].rsplit(":", 1)[1]},
    name=Name(limit=32),
)

_ACTION = {
    "type": F("Type"),
    "order": F("Order"),
    "targetGroupArn": F("TargetGroupArn"),
    "forward": F(
        "ForwardConfig",
        shape={"targetGroups": F("TargetGroups", shape={"arn": F("TargetGroupArn"), "weight": F("Weight")})},
    ),
    "redirect": F(
        "RedirectConfig",
        shape={
            "host": F("Host"),
            "path": F("Path"),
            "port": F("Port"),
            "protocol": F("Protocol"),
            "query": F("Query"),
            "statusCode": F("StatusCode"),
        },
    ),
    "fixedResponse": F(
        "FixedResponseConfig",
        shape={"contentType": F("ContentType"), "messageBody": F("MessageBody"), "statusCode": F("StatusCode")},
    ),
}


def _first_certificate(found: Any) -> Any:
    """moto lists all of a listener's certificates; the first is the one that it was made with."""
    return found[0]["CertificateArn"] if isinstance(found, list) and found else found


_CERTIFICATE = Form(send=lambda arn: [{"CertificateArn": arn}], norm=_first_certificate)

LISTENER = Kind(
    type_=t.LISTENER,
    service="elbv2",
    certificate="certificateArn",
    calls=(Call("create_listener"),),
    fields={
        "loadBalancerArn": F("LoadBalancerArn"),
        "port": F("Port"),
        "protocol": F("Protocol"),
        "sslPolicy": F("SslPolicy"),
        "certificateArn": F("Certificates", form=_CERTIFICATE),
        "alpnPolicy": F("AlpnPolicy"),
        "defaultActions": F("DefaultActions", shape=_ACTION),
        "routingHttpResponseStrictTransportSecurityHeaderValue": unchecked(NOT_HELD),
        "routingHttpResponseServerEnabled": unchecked(NOT_HELD),
        "tcpIdleTimeoutSeconds": unchecked(NOT_HELD),
        "tags": tags(),
    },
    reads=(Read("describe_listeners", {"ListenerArns": ["$id"]}, "Listeners[0]"), _TAGS),
    document="$made.Listeners[0]",
    id="$document.ListenerArn",
    made_up_id="arn:aws:elasticloadbalancing:{region}:{account}:listener/app/{logical}/{hex16}/{hex16}",
    outputs={"arn": "{id}"},
)

_VALUES = {"values": F("Values", unordered=True)}
_CONDITION = {
    "hostHeader": F("HostHeaderConfig", shape=_VALUES),
    "pathPattern": F("PathPatternConfig", shape=_VALUES),
    "httpRequestMethod": F("HttpRequestMethodConfig", shape=_VALUES),
    "sourceIp": F("SourceIpConfig", shape=_VALUES),
    "httpHeader": F("HttpHeaderConfig", shape={"httpHeaderName": F("HttpHeaderName"), **_VALUES}),
}
_CONDITION_NAMES = {
    "HostHeaderConfig": "host-header",
    "PathPatternConfig": "path-pattern",
    "HttpRequestMethodConfig": "http-request-method",
    "SourceIpConfig": "source-ip",
    "HttpHeaderConfig": "http-header",
}


def _name_conditions(params: dict[str, Any]) -> dict[str, Any]:
    """AWS wants each condition's field named beside its values."""
    for condition in params.get("Conditions", ()):
        condition["Field"] = next(_CONDITION_NAMES[key] for key in condition)
    return params


def _priority(params: dict[str, Any]) -> dict[str, Any]:
    return {"RulePriorities": [params]}


LISTENER_RULE = Kind(
    type_=t.LISTENER_RULE,
    service="elbv2",
    unique=("listenerArn", "priority"),
    calls=(Call("create_rule", pack=_name_conditions),),
    fields={
        "listenerArn": F(
            "ListenerArn", lambda rule: rule["RuleArn"].replace(":listener-rule/", ":listener/").rsplit("/", 1)[0]
        ),
        "priority": F("Priority", form=Form(norm=lambda value: int(value) if value is not None else None)),
        "actions": F("Actions", shape=_ACTION),
        "conditions": F("Conditions", shape=_CONDITION, unordered=True),
        "transforms": unchecked(NOT_HELD),
        "tags": tags(),
    },
    reads=(Read("describe_rules", {"RuleArns": ["$id"]}, "Rules[0]"), _TAGS),
    updates=(Change("set_rule_priorities", {"priority": "Priority"}, pack=_priority, params={"RuleArn": "$id"}),),
    document="$made.Rules[0]",
    id="$document.RuleArn",
    made_up_id="arn:aws:elasticloadbalancing:{region}:{account}:listener-rule/app/{logical}/{hex16}/{hex16}/{hex16}",
    outputs={"arn": "{id}"},
)

LISTENER_CERTIFICATE = Kind(
    type_=t.LISTENER_CERTIFICATE,
    service="elbv2",
    certificate="certificateArn",
    calls=(Call("add_listener_certificates"),),
    deletes=(
        Change(
            "remove_listener_certificates",
            params={"ListenerArn": "$listenerArn", "Certificates": [{"CertificateArn": "$certificateArn"}]},
        ),
    ),
    fields={
        "listenerArn": F("ListenerArn"),
        "certificateArn": F("Certificates", "CertificateArn", form=_CERTIFICATE),
    },
    reads=(
        Read(
            "describe_listener_certificates",
            {"ListenerArn": "$listenerArn"},
            pick="Certificates",
            index="CertificateArn",
            key="$certificateArn",
            proves={"ListenerArn": "$listenerArn"},
        ),
    ),
    id="{listenerArn}_{certificateArn}",
)

KINDS = (LOAD_BALANCER, TARGET_GROUP, LISTENER, LISTENER_RULE, LISTENER_CERTIFICATE)
