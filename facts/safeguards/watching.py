"""The rows of what watches: a trail, a log of requests, alarms, and the rules and receivers of managed Prometheus."""

from collections.abc import Mapping
from typing import Any, Final

from facts import tokens as t
from facts.safeguards.alerts import muted_of, receivers_of, rules_of
from facts.safeguards.model import Rule, Weakening, own
from facts.safeguards.strength import absent, few, few_or_all, given, how_many, log_target, on
from graph.values import items, maps

_KIND: Final = ("eventCategory", "resources.type")
_MANAGEMENT: Final = ({"fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]},)


def recorded_by(value: Any) -> Mapping[str, Any]:
    """The kinds of events that a trail records, and the fields that narrow each; without a word, what is managed."""
    found: dict[str, list[str]] = {}
    for selector in maps(value or _MANAGEMENT):
        fields = list(maps(selector.get("fieldSelectors")))
        kind = " ".join(
            str(one) for field in fields if field.get("field") in _KIND for one in items(field.get("equals"))
        )
        narrowing = [str(field.get("field")) for field in fields if field.get("field") not in _KIND]
        found[f"{kind} events"] = min(found.get(f"{kind} events", narrowing), narrowing, key=len)
    return found


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
        "advancedEventSelectors",
        Weakening.WATCH,
        "what narrows the events that the audit trail records",
        lambda value: float("-inf") if value is None else few(value),
        None,
        own(t.TRAIL, path="advancedEventSelectors"),
        each=recorded_by,
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
    *(
        Rule(
            name,
            Weakening.WATCH,
            "the database events that are told",
            few_or_all,
            None,
            own(t.EVENT_SUBSCRIPTION, path=name),
        )
        for name in ("eventCategories", "sourceIds")
    ),
    Rule(
        "filterPolicy",
        Weakening.WATCH,
        "some messages alone are told",
        absent,
        None,
        own(t.TOPIC_SUBSCRIPTION, path="filterPolicy"),
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
