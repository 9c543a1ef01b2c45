"""What Secrets Manager, KMS and SNS refuse of an entry, a key, a topic."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from facts import tokens as t
from graph import Graph
from rehearsal.checks.reading import properties, refuse
from rehearsal.checks.rules import Rule, number, one_of, text
from rehearsal.result import Refusal

_SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest/"
_ROTATION_PAGE = f"{_SECRETS}apireference/API_RotationRulesType.html"
_SCHEDULE_PAGE = f"{_SECRETS}userguide/rotate-secrets_schedule.html"
_KMS = "https://docs.aws.amazon.com/kms/latest/APIReference/API_"
_SNS = "https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html"
_SECRET, _ROTATION = t.SECRET, t.SECRET_ROTATION
_TOPIC, _SUBSCRIPTION = t.TOPIC, t.TOPIC_SUBSCRIPTION
_RATE = re.compile(r"rate\((\d+) (hours?|days?)\)")
_CRON = re.compile(r"cron\(0 (\S+) (\S+) (\S+) (\S+) (\S+)\)")


def _schedule_holds(expression: Any) -> bool:
    """A rate of at least four hours, or a cron whose minutes are 0 and whose year is `*`."""
    rate = _RATE.fullmatch(str(expression))
    if rate:
        hours = int(rate[1]) * (24 if rate[2].startswith("day") else 1)
        return 4 <= hours <= 999 * 24
    cron = _CRON.fullmatch(str(expression))
    return cron is not None and "?" in (cron[2], cron[4]) and cron[5] == "*"


RULES = (
    Rule(
        "secret-recovery-window",
        _SECRET,
        "recoveryWindowInDays",
        "0, or 7 to 30 days",
        f"{_SECRETS}apireference/API_DeleteSecret.html",
        lambda days: days == 0 or 7 <= days <= 30,
    ),
    number("secret-rotation-days", _ROTATION, "rotationRules.automaticallyAfterDays", 1, 1000, "days", _ROTATION_PAGE),
    Rule(
        "secret-rotation-schedule",
        _ROTATION,
        "rotationRules.scheduleExpression",
        "rate(4 hours) or longer, or cron(0 3 1 * ? *) with 0 minutes",
        _SCHEDULE_PAGE,
        _schedule_holds,
    ),
    text(
        "secret-rotation-duration",
        _ROTATION,
        "rotationRules.duration",
        r"([1-9]|1\d|2[0-4])h",
        "1h to 24h",
        _ROTATION_PAGE,
    ),
    number("kms-deletion-window", t.KEY, "deletionWindowInDays", 7, 30, "days", f"{_KMS}ScheduleKeyDeletion.html"),
    number("kms-rotation-period", t.KEY, "rotationPeriodInDays", 90, 2560, "days", f"{_KMS}EnableKeyRotation.html"),
    one_of(
        "kms-usage",
        t.KEY,
        "keyUsage",
        ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"),
        f"{_KMS}CreateKey.html",
    ),
    one_of(
        "sns-protocol",
        _SUBSCRIPTION,
        "protocol",
        ("email", "email-json", "http", "https", "sms", "sqs", "application", "lambda", "firehose"),
        _SNS,
    ),
    number(
        "iam-session",
        t.ROLE,
        "maxSessionDuration",
        3600,
        43200,
        "s",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html",
    ),
)

# By protocol, the form of an endpoint in words and as a pattern.
_ENDPOINTS = {
    "email": ("an address such as oncall@example.org", r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "email-json": ("an address such as oncall@example.org", r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "http": ("an address that begins with http://", r"http://\S+"),
    "https": ("an address that begins with https://", r"https://\S+"),
    "sms": ("a telephone number such as +4712345678", r"\+?[0-9][0-9 -]{5,19}"),
    "sqs": ("the ARN of a queue", r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:\S+"),
    "lambda": ("the ARN of a function", r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:\S+"),
    "firehose": ("the ARN of a delivery stream", r"arn:aws[a-z-]*:firehose:[a-z0-9-]+:\d{12}:deliverystream/\S+"),
}


def rotations(graph: Graph) -> Iterator[Refusal]:
    """A rotation with no rhythm, or two."""
    for one in graph.of(_ROTATION):
        rules = one.inputs.get("rotationRules")
        if not isinstance(rules, Mapping):
            continue
        given = [key for key in ("automaticallyAfterDays", "scheduleExpression") if rules.get(key)]
        if len(given) != 1:
            what = f"turns by {' and '.join(given) or 'nothing'}"
            fix = "set one of automaticallyAfterDays and scheduleExpression"
            yield refuse(one, "secret-rotation-rhythm", what, fix, _ROTATION_PAGE)


def keys(graph: Graph) -> Iterator[Refusal]:
    """A key that cannot turn by itself and is to."""
    for one in graph.of(t.KEY):
        values = one.inputs
        spec = values.get("customerMasterKeySpec") or "SYMMETRIC_DEFAULT"
        if values.get("enableKeyRotation") and spec != "SYMMETRIC_DEFAULT":
            what = f"is {spec} and is to turn by itself"
            yield refuse(one, "kms-rotation-spec", what, "leave enableKeyRotation out", f"{_KMS}EnableKeyRotation.html")


def topics(graph: Graph) -> Iterator[Refusal]:
    """FIFO names, endpoints of another form than the protocol's, filters that are no JSON, topics elsewhere."""
    for one in graph.of(_TOPIC):
        values = properties(one)
        if bool(values.get("fifoTopic")) != str(values.get("name", "")).endswith(".fifo"):
            what = f"is named {values.get('name')} and is {'' if values.get('fifoTopic') else 'no '}FIFO topic"
            source = "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html"
            yield refuse(one, "sns-fifo-name", what, "let the name end with .fifo where fifoTopic is set", source)
    for one in graph.of(_SUBSCRIPTION):
        for check, what, fix in _subscription(one.inputs, one.region):
            yield refuse(one, check, what, fix, _SNS)


def outside_residency(graph: Graph, residency: Collection[str]) -> Iterator[Refusal]:
    """What is published holds names and addresses: a topic, or what it delivers to, lies where data may be kept."""
    for one in (*graph.of(_TOPIC), *graph.of(_SUBSCRIPTION)):
        endpoint = str(one.inputs.get("endpoint") or "").split(":")
        regions = {one.region, endpoint[3] if len(endpoint) > 5 and endpoint[0] == "arn" else ""} - {""}
        for region in sorted(regions - set(residency)) if residency else ():
            what = f"delivers in {region}, outside residency ({', '.join(residency)})"
            yield refuse(one, "sns-residency", what, "keep topics and endpoints inside it", _SNS)


def _subscription(values: Mapping[str, Any], region: str) -> Iterator[tuple[str, str, str]]:
    protocol, endpoint = str(values.get("protocol")), str(values.get("endpoint") or "")
    form = _ENDPOINTS.get(protocol)
    if form and not re.fullmatch(form[1], endpoint):
        yield "sns-endpoint", f"sends by {protocol} to {endpoint!r}", f"name {form[0]}"
    topic = str(values.get("topic") or "").split(":")
    if len(topic) == 6 and region and topic[3] != region:
        yield "sns-topic-region", f"is of a topic in {topic[3]}", f"name a topic in {region}"
    if len(topic) not in (2, 6):
        yield "sns-topic-form", f"is of the topic {values.get('topic')!r}", "name a topic by its ARN"
    for key in ("filterPolicy", "redrivePolicy"):
        text_of = values.get(key)
        if isinstance(text_of, str) and text_of and not _is_object(text_of):
            yield "sns-filter", f"has a {key} that is no JSON object", "write one"


def _is_object(text_of: str) -> bool:
    try:
        return isinstance(json.loads(text_of), dict)
    except ValueError:
        return False


CHECKS = (rotations, keys, topics)
