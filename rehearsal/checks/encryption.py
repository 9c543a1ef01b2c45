"""Key policies that do not admit the service which must use the key."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from facts import tokens as t
from facts.permissions.documents import Statement, conditions
from graph import Graph, Resource
from graph.values import items
from rehearsal.checks.reading import allows, properties, refuse, statements
from rehearsal.result import Refusal

_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
_SNS = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"
_EVENTBRIDGE = "events.amazonaws.com"
_CONTEXT = "kms:EncryptionContext:aws:logs:arn"


def log_groups(graph: Graph) -> Iterator[Refusal]:
    """CloudWatch Logs must be admitted to a log group's key, for that group's encryption context."""
    for one in graph.of(t.LOG_GROUP):
        key = graph.key(one.inputs.get("kmsKeyId"))
        if key is None:
            continue
        service = f"logs.{one.region or properties(one).get('region')}.amazonaws.com"
        arn = str(properties(one).get("arn"))
        admitted = [each for each in _policy(key) if allows(each, service, "kms:GenerateDataKey")]
        if not any(allows(each, service, "kms:Decrypt") for each in admitted):
            yield refuse(
                one,
                "logs-key-policy",
                f"its key {key.name} does not admit {service}",
                f"allow {service} kms:Encrypt*, Decrypt*, ReEncrypt*, GenerateDataKey* and Describe*",
                _LOGS,
            )
        elif not any(_context_matches(each, arn) for each in admitted):
            yield refuse(
                one,
                "logs-key-context",
                f"its key {key.name} admits {service} for other log groups only",
                f"let {_CONTEXT} match {arn}",
                _LOGS,
            )


def _context_matches(statement: Mapping[str, Any], arn: str) -> bool:
    wanted = [
        str(pattern)
        for operator in (statement.get("Condition") or {}).values()
        for key, patterns in operator.items()
        if key.lower() == _CONTEXT.lower()
        for pattern in items(patterns)
    ]
    return not wanted or any(fnmatchcase(arn, pattern) or fnmatchcase(f"{arn}:*", pattern) for pattern in wanted)


def topics(graph: Graph) -> Iterator[Refusal]:
    """Alarms and events reach an encrypted topic only when its key, and its policy, admit the service."""
    for topic in graph.of(t.TOPIC):
        arn, handle = properties(topic).get("arn"), topic.inputs.get("kmsMasterKeyId")
        for publisher, service in _publishers(graph, arn):
            if handle == "alias/aws/sns":
                yield refuse(
                    topic,
                    "sns-default-key",
                    f"{service} cannot use AWS's own key, and {publisher.name} publishes here",
                    "encrypt the topic with a key of your own that admits it",
                    _SNS,
                )
            key = graph.key(handle)
            if key is not None and not _publishes(key, service):
                yield refuse(
                    topic,
                    "sns-key-policy",
                    f"its key {key.name} does not admit {service}, and {publisher.name} publishes here",
                    f"allow {service} kms:GenerateDataKey* and kms:Decrypt",
                    _SNS,
                )
            elif key is not None and service == _EVENTBRIDGE and not _publishes(key, service, by_source=False):
                yield refuse(
                    topic,
                    "sns-key-source",
                    f"its key {key.name} admits {service} by its source alone, and {publisher.name} publishes here",
                    "narrow it by kms:EncryptionContext:aws:sns:topicArn instead: EventBridge delivers nothing else",
                    _SNS,
                )
            yield from _topic_policy(graph, topic, service)


def _topic_policy(graph: Graph, topic: Resource, service: str) -> Iterator[Refusal]:
    arn = properties(topic).get("arn")
    for policy in graph.of(t.TOPIC_POLICY):
        values = policy.inputs
        if values.get("arn") == arn and not any(
            allows(each, service, "sns:Publish") for each in statements(values.get("policy"))
        ):
            yield refuse(
                policy,
                "sns-topic-policy",
                f"does not let {service} publish",
                f"allow {service} sns:Publish",
                "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html",
            )


def _publishers(graph: Graph, arn: Any) -> list[tuple[Resource, str]]:
    """One publisher a service is enough to need it."""
    found: dict[str, Resource] = {}
    for alarm in graph.of(t.METRIC_ALARM):
        values = alarm.inputs
        actions = [*items(values.get("alarmActions")), *items(values.get("okActions"))]
        if arn in actions:
            found.setdefault("cloudwatch.amazonaws.com", alarm)
    for subscription in graph.of(t.EVENT_SUBSCRIPTION):
        if subscription.inputs.get("snsTopic") == arn:
            found.setdefault("events.rds.amazonaws.com", subscription)
    for target in graph.of(t.EVENT_TARGET):
        if target.inputs.get("arn") == arn:
            found.setdefault(_EVENTBRIDGE, target)
    return [(publisher, service) for service, publisher in found.items()]


def _publishes(key: Resource, service: str, *, by_source: bool = True) -> bool:
    """Whether a key admits a service; without `by_source`, by a statement that compares no source."""
    policy = [each for each in _policy(key) if by_source or not _compares_source(each)]
    return all(
        any(allows(each, service, action) for each in policy) for action in ("kms:GenerateDataKey", "kms:Decrypt")
    )


def _compares_source(statement: Statement) -> bool:
    return any(name.startswith("aws:source") for name in conditions(statement))


def _policy(key: Resource) -> list[Statement]:
    return statements(key.inputs.get("policy"))


CHECKS = (log_groups, topics)
