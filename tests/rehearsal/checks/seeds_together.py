"""Seeds of what several resources together tell."""

import json
from typing import Any

from rehearsal.result import Rehearsed
from tests.rehearsal.checks.case import (
    ACCOUNT,
    BALANCER,
    BUCKET,
    CRYPT,
    DELIVERY,
    INJECTED,
    LOGIN,
    LOGS,
    LOGS_ALLOWED,
    OTHER,
    PERMISSION,
    REPLICATION,
    WATCHED,
    Case,
    alarm,
    context,
    encrypted,
    function,
    group,
    instance,
    key,
    part,
    policy,
    rotation,
    topic,
    versioned,
)

_APP = part("iam/role:Role", f"aws:iam::{ACCOUNT}:role/app")  # its ARN begins with arn:
_APP_ONLY = json.dumps(
    {
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:root", f"arn:{_APP.name}"]},
            "Action": "*",
        }
    }
)


def _reads(kind: str, *needs: str, **properties: Any) -> Rehearsed:
    return part(kind, "reads", needs=needs, **properties)


def _acl(*rules: dict[str, Any]) -> Rehearsed:
    return part("wafv2/webAcl:WebAcl", scope="REGIONAL", rules=list(rules))


def _waf_log(name: str) -> Rehearsed:
    log = f"arn:aws:logs:eu-north-1:210000000001:log-group:{name}"
    kind = "wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
    return part(kind, resourceArn="arn:it", logDestinationConfigs=[log])


def _placed(name: str, place: str) -> Rehearsed:
    return part("wafv2/webAclAssociation:WebAclAssociation", name, resourceArn=place, webAclArn="arn:it")


_EVENTS = "events.amazonaws.com"
_ENCRYPTED = topic(kmsMasterKeyId="arn:key")
_TOLD = part("cloudwatch/eventTarget:EventTarget", "told", rule="failures", arn="arn:topic")
_RATE = {"name": "rate", "priority": 0, "action": {"block": {}}, "statement": {"rateBasedStatement": {"limit": 100}}}
_MANAGED = {
    "name": "managed",
    "priority": 1,
    "overrideAction": {"none": {}},
    "statement": {"managedRuleGroupStatement": {"vendorName": "AWS", "name": "AWSManagedRulesSQLiRuleSet"}},
}


def _served(protocol: str, **environment: str) -> list[Rehearsed]:
    """A service behind a target group of a protocol, whose container is given this."""
    given = [{"name": name, "value": value} for name, value in environment.items()]
    return [
        part("lb/targetGroup:TargetGroup", "targets", protocol=protocol),
        part("lb/listener:Listener", defaultActions=[{"type": "forward", "targetGroupArn": "arn:targets"}]),
        part(
            "ecs/taskDefinition:TaskDefinition",
            "task",
            containerDefinitions=json.dumps([{"name": "service", "environment": given}]),
        ),
        part(
            "ecs/service:Service",
            taskDefinition="arn:task",
            loadBalancers=[{"targetGroupArn": "arn:targets", "containerName": "service", "containerPort": 8080}],
        ),
    ]


CASES = (
    Case("waf-log-name", [_acl(_RATE), _waf_log("/workbuoy/waf")], [_acl(_RATE), _waf_log("aws-waf-logs-it")]),
    Case("waf-priority-twice", [_acl(_RATE, _MANAGED | {"priority": 0})], [_acl(_RATE, _MANAGED)]),
    Case("waf-name-twice", [_acl(_RATE, _MANAGED | {"name": "rate"})], [_acl(_RATE, _MANAGED)]),
    Case("waf-rule-action", [_acl(_MANAGED | {"action": {"count": {}}})], [_acl(_MANAGED)]),
    Case("waf-rule-action", [_acl({**_RATE, "action": None})], [_acl(_RATE)]),
    Case("waf-place-twice", [_placed("a", "arn:x"), _placed("b", "arn:x")], [_placed("a", "arn:x")], "b"),
    Case("ecs-target-protocol", _served("HTTPS", DATABASE_URL="x"), _served("HTTP", DATABASE_URL="x")),
    Case(
        "ecs-target-protocol",
        _served("HTTP", DATABASE_URL="x", TLS_ENABLED="true"),
        _served("HTTPS", DATABASE_URL="x", TLS_ENABLED="true"),
    ),
    Case("ecs-target-protocol", _served("HTTPS", DATABASE_URL="x", TLS_ENABLED="false"), _served("HTTPS")),
    Case(
        "rds-recovery-needs-backups",
        [
            part("rds/instance:Instance", "origin", identifier="origin", instanceClass="db.t4g.small"),
            instance(restoreToPointInTime={"sourceDbInstanceIdentifier": "origin"}),
        ],
        [
            part("rds/instance:Instance", "origin", identifier="origin", backupRetentionPeriod=1),
            instance(restoreToPointInTime={"sourceDbInstanceIdentifier": "origin"}),
        ],
    ),
    Case(
        "s3-replication-versioning",
        [BUCKET, OTHER, versioned("b"), versioned("c", "Suspended"), REPLICATION],
        [BUCKET, OTHER, versioned("b"), versioned("c"), REPLICATION],
    ),
    Case(
        "s3-logging-itself",
        [OTHER, LOGS_ALLOWED, part("s3/bucketLogging:BucketLogging", bucket="c", targetBucket="c")],
        [OTHER, LOGS_ALLOWED, part("s3/bucketLogging:BucketLogging", bucket="b", targetBucket="c")],
    ),
    Case(
        "s3-logging-policy",
        [OTHER, part("s3/bucketLogging:BucketLogging", bucket="b", targetBucket="c")],
        [OTHER, LOGS_ALLOWED, part("s3/bucketLogging:BucketLogging", bucket="b", targetBucket="c")],
    ),
    Case(
        "lb-logs-encryption",
        [OTHER, DELIVERY, encrypted("c", "aws:kms"), BALANCER],
        [OTHER, DELIVERY, encrypted("c"), BALANCER],
        "lb",
    ),
    Case("lb-logs-policy", [OTHER, LOGS_ALLOWED, BALANCER], [OTHER, DELIVERY, BALANCER], "lb"),
    Case(
        "logs-key-policy",
        [key(policy("sns.amazonaws.com", CRYPT)), group()],
        [key(policy(LOGS, CRYPT)), group()],
        "logs",
    ),
    Case(
        "logs-key-policy",
        [key(policy(LOGS, "kms:GenerateDataKey*")), group()],
        [key(policy(LOGS, "kms:*")), group()],
        "logs",
    ),
    Case(
        "logs-key-context",
        [key(policy(LOGS, CRYPT, **context("arn:others"))), group()],
        [key(policy(LOGS, CRYPT, **context("arn:log*"))), group()],
        "logs",
    ),
    Case(
        "sns-key-policy",
        [key(policy(LOGS, CRYPT)), topic(kmsMasterKeyId="arn:key"), WATCHED],
        [key(policy("cloudwatch.amazonaws.com", CRYPT)), topic(kmsMasterKeyId="arn:key"), WATCHED],
        "topic",
    ),
    Case(
        "sns-key-source",
        [key(policy(_EVENTS, CRYPT, StringEquals={"aws:SourceAccount": ACCOUNT})), _ENCRYPTED, _TOLD],
        [key(policy(_EVENTS, CRYPT, ArnLike={"kms:EncryptionContext:aws:sns:topicArn": "arn:*"})), _ENCRYPTED, _TOLD],
        "topic",
    ),
    Case(
        "sns-default-key",
        [topic(kmsMasterKeyId="alias/aws/sns"), WATCHED],
        [topic(kmsMasterKeyId="alias/aws/sns"), alarm()],
        "topic",
    ),
    Case(
        "sns-topic-policy",
        [
            topic(),
            part(
                "sns/topicPolicy:TopicPolicy", arn="arn:topic", policy=policy("cloudwatch.amazonaws.com", "sns:Publish")
            ),
            part("rds/eventSubscription:EventSubscription", "events", snsTopic="arn:topic"),
        ],
        [
            topic(),
            part(
                "sns/topicPolicy:TopicPolicy", arn="arn:topic", policy=policy("events.rds.amazonaws.com", "sns:Publish")
            ),
            part("rds/eventSubscription:EventSubscription", "events", snsTopic="arn:topic"),
        ],
    ),
    Case("ecs-secret-without-value", [LOGIN, INJECTED], [LOGIN, INJECTED, rotation()]),
    Case(
        "ecs-grace-without-load-balancer",
        [part("ecs/service:Service", healthCheckGracePeriodSeconds=60)],
        [part("ecs/service:Service", healthCheckGracePeriodSeconds=60, loadBalancers=[{"targetGroupArn": "arn:x"}])],
    ),
    Case(
        "ecs-target-group-unused",
        [
            part("lb/targetGroup:TargetGroup", "targets"),
            part("ecs/service:Service", loadBalancers=[{"targetGroupArn": "arn:targets"}]),
        ],
        [
            part("lb/targetGroup:TargetGroup", "targets"),
            part("lb/listener:Listener", defaultActions=[{"targetGroupArn": "arn:targets"}]),
            part("ecs/service:Service", loadBalancers=[{"targetGroupArn": "arn:targets"}]),
        ],
    ),
    Case(
        "secret-rotation-permission",
        [function(), PERMISSION, rotation()],
        [function(), PERMISSION, rotation(PERMISSION.urn)],
        "rota",
    ),
    Case(
        "secret-rotation-permission",
        [function(), rotation()],
        [function(), PERMISSION, rotation(PERMISSION.urn)],
        "rota",
    ),
    Case(
        "role-trust",
        [
            part("iam/role:Role", "r", assumeRolePolicy=policy("ec2.amazonaws.com", "sts:AssumeRole")),
            function(role="arn:r"),
        ],
        [
            part("iam/role:Role", "r", assumeRolePolicy=policy("lambda.amazonaws.com", "sts:AssumeRole")),
            function(role="arn:r"),
        ],
        "turn",
    ),
    *(
        Case(
            "policy-principal-to-come",
            [_APP, _reads(kind, **{field: _APP_ONLY})],
            [_APP, _reads(kind, _APP.urn, **{field: _APP_ONLY})],
            "reads",
        )
        for kind, field in (
            ("kms/key:Key", "policy"),
            ("s3/bucketPolicy:BucketPolicy", "policy"),
            ("iam/role:Role", "assumeRolePolicy"),
        )
    ),
    Case(
        "alarm-return-data",
        [alarm(metricName=None, metricQueries=[{"id": "a"}, {"id": "b"}])],
        [alarm(metricName=None, metricQueries=[{"id": "a", "returnData": True}, {"id": "b"}])],
    ),
    Case("alarm-metric", [alarm(metricName=None)], [alarm()]),
)
