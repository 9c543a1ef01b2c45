"""The rows of what watches: a trail, a log of requests, alarms, and the rules and receivers of managed Prometheus."""

from typing import Final

from facts import tokens as t
from facts.safeguards.alerts import muted_of, receivers_of, rules_of
from facts.safeguards.model import Rule, Weakening, own
from facts.safeguards.strength import given, how_many, log_target, on

WATCHING: Final = (
    *(
        Rule(name, Weakening.WATCH, f"{what} of the audit trail", on, default, own(t.TRAIL, path=name))
        for name, what, default in (
            ("enableLogging", "recording", True),
            ("isMultiRegionTrail", "other regions", False),
            ("enableLogFileValidation", "the digest", False),
            ("includeGlobalServiceEvents", "IAM's events", True),
        )
    ),
    Rule(
        "accessLogs",
        Weakening.WATCH,
        "log of requests",
        lambda value: 0.0 if value == "none" else 1.0,
        "none",
        own(t.LOAD_BALANCER, path="accessLogs"),
        read=log_target,
    ),
    Rule(
        "actionsEnabled",
        Weakening.WATCH,
        "the alarm tells somebody",
        on,
        True,
        own(t.METRIC_ALARM, t.COMPOSITE_ALARM, path="actionsEnabled"),
    ),
    Rule(
        "enabled",
        Weakening.WATCH,
        "database events are told to somebody",
        on,
        True,
        own(t.EVENT_SUBSCRIPTION, path="enabled"),
    ),
    Rule(
        "alarmActions",
        Weakening.WATCH,
        "whom the alarm tells",
        how_many,
        None,
        own(t.METRIC_ALARM, t.COMPOSITE_ALARM, path="alarmActions"),
    ),
    Rule(
        "rules",
        Weakening.WATCH,
        "what managed Prometheus watches",
        given,
        None,
        own(t.METRICS_RULES, path="data"),
        each=rules_of,
    ),
    Rule(
        "receivers",
        Weakening.WATCH,
        "whom alerts notify",
        given,
        None,
        own(t.METRICS_ALERT_MANAGER, path="definition"),
        each=receivers_of,
    ),
    Rule(
        "muted alerts",
        Weakening.WATCH,
        "rules that mute alerts",
        lambda value: -float(value),
        0,
        own(t.METRICS_ALERT_MANAGER, path="definition"),
        read=muted_of,
    ),
)
