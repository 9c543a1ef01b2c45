"""What rules of metrics watch and whom an alert manager tells: each rule, each receiver, each thing that mutes."""

from collections.abc import Mapping
from typing import Any

import yaml

from graph.values import items, maps


def rules_of(data: Any) -> Mapping[str, str]:
    """Each alert with its severity and each recorded series, by name; whatever cannot be read has none."""
    found: dict[str, str] = {}
    for group in maps(_read(data).get("groups")):
        for rule in maps(group.get("rules")):
            severity = next((str(one.get("severity")) for one in maps(rule.get("labels"))), "")
            name = f"alert {rule['alert']} ({severity})" if "alert" in rule else f"series {rule.get('record')}"
            found[name] = "watched"
    return found


def receivers_of(definition: Any) -> Mapping[str, str]:
    """Each receiver that a route leads to, with the topics that it calls."""
    content = _content(definition)
    routed = set(_routed(content.get("route")))
    return {
        f"receiver {one.get('name')}": ", ".join(topics)
        for one in maps(content.get("receivers"))
        if one.get("name") in routed and (topics := topics_of(one))
    }


def topics_of(receiver: Mapping[str, Any]) -> list[str]:
    """The topics that a receiver calls."""
    return [str(one["topic_arn"]) for one in maps(receiver.get("sns_configs")) if one.get("topic_arn")]


def muted_of(definition: Any) -> int:
    """How many rules of an alert manager keep alerts from being sent."""
    content = _content(definition)
    return sum(len(items(content.get(name))) for name in ("inhibit_rules", "mute_time_intervals", "time_intervals"))


def _routed(route: Any) -> list[str]:
    return [
        name
        for one in maps(route)
        for name in (
            *items(one.get("receiver")),
            *(inner for each in items(one.get("routes")) for inner in _routed(each)),
        )
    ]


def _content(definition: Any) -> Mapping[str, Any]:
    """Managed Prometheus takes the alert manager's file as a text inside its own."""
    return _read(_read(definition).get("alertmanager_config"))


def _read(text: Any) -> Mapping[str, Any]:
    if not isinstance(text, str):
        return {}
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return content if isinstance(content, Mapping) else {}
