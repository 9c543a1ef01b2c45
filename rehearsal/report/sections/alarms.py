"""Alarms: when each goes off, in words, what to do then, and who is told."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.alarms import GIB
from facts import tokens as t
from facts.captions import ENGLISH
from graph import Resource
from graph.values import items as listed
from graph.values import maps, number
from rehearsal.report.markup import Child, Html, el, join
from rehearsal.report.present import Column, Section, chip, items, table
from rehearsal.report.view import View

_COLUMNS = (Column("Alarm"), Column("Goes off when"), Column("What to do"), Column("Who is told"))
_COMPARISONS = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "at or above",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "at or below",
    "GreaterThanUpperThreshold": "above the expected band",
    "LessThanLowerThreshold": "below the expected band",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside the expected band",
}
_MISSING = {
    "breaching": "no data counts as past it",
    "notBreaching": "no data counts as fine",
    "ignore": "no data leaves the alarm as it is",
    "missing": "no data leaves it undecided",
}
_STATISTICS = {
    "Average": "average",
    "Maximum": "highest",
    "Minimum": "lowest",
    "SampleCount": "number",
    "Sum": "sum of",
}


def alarms(view: View) -> Section | None:
    """Metric alarms and database events; None in a stack without either."""
    rows = [*_metric_alarms(view), *_event_subscriptions(view)]
    if not rows:
        return None
    unheard = sum(not receivers for *_, receivers in rows)
    body = join(
        el("p", "None of these can go off in a rehearsal: there is no load, no metric and no mail."),
        table(
            "Every alarm", _COLUMNS, [[*row, _receivers(receivers)] for *row, receivers in rows], class_="cards alarms"
        ),
    )
    return Section("alarms", "Alarms", body, badge=str(unheard or ""), tone="warn")


Row = tuple[Html, Html | str, Html | str, list[Child]]


def _metric_alarms(view: View) -> Iterator[Row]:
    for alarm in view.graph.of(t.METRIC_ALARM):
        properties = alarm.inputs
        enabled = properties.get("actionsEnabled", True)
        receivers = _listeners(view, listed(properties.get("alarmActions"))) if enabled else []
        advice = properties.get("alarmDescription")
        yield (
            view.link(alarm),
            condition(properties),
            str(advice) if advice else chip("no advice", "warn"),
            receivers,
        )


def _event_subscriptions(view: View) -> Iterator[Row]:
    for events in view.graph.of(t.EVENT_SUBSCRIPTION):
        properties = events.inputs
        categories = [str(one) for one in listed(properties.get("eventCategories"))]
        sources = [str(one) for one in listed(properties.get("sourceIds"))]
        subject = ENGLISH.words(sources) if sources else f"any {properties.get('sourceType') or 'resource'}"
        yield (
            view.link(events),
            f"RDS reports {ENGLISH.words(categories) if categories else 'anything'} for {subject}",
            "Read the event: RDS says in it what happened and what it does about it.",
            _listeners(view, [properties.get("snsTopic")]),
        )


def condition(properties: Mapping[str, Any]) -> str:
    """When an alarm goes off, as a sentence."""
    side = _COMPARISONS.get(str(properties.get("comparisonOperator")), str(properties.get("comparisonOperator")))
    queries = list(maps(properties.get("metricQueries")))
    subject, period = _expression(queries) if queries else (_metric(properties), number(properties.get("period")))
    limit = "" if properties.get("threshold") is None else f" {amount(properties['threshold'])}"
    missing = _MISSING.get(str(properties.get("treatMissingData") or "missing"), "")
    return f"{subject} is {side}{limit}{_lasting(properties, period)}; {missing}"


def _lasting(properties: Mapping[str, Any], period: float | None) -> str:
    """`for 10 minutes`, or how many of them."""
    periods = number(properties.get("evaluationPeriods")) or 1
    needed = number(properties.get("datapointsToAlarm")) or periods
    if not period:
        return f" in {needed:.0f} of {periods:.0f} periods"
    if needed < periods:
        return f" for {_time(needed * period)} of {_time(periods * period)}"
    return f" for {_time(periods * period)}"


def _time(seconds: float) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {name}{'s'[: seconds != size]}"
    return f"{seconds:.0f} seconds"


def _metric(properties: Mapping[str, Any]) -> str:
    name = str(properties.get("metricName"))
    statistic = str(properties.get("statistic") or properties.get("extendedStatistic") or properties.get("stat") or "")
    label = _STATISTICS.get(statistic, statistic)
    return f"{label} {name}".strip()


def _expression(queries: Sequence[Mapping[str, Any]]) -> tuple[str, float | None]:
    """What is returned, and what its names stand for."""
    returned = [one for one in queries if one.get("returnData")] or list(queries[:1])
    period: float | None = None
    meanings = []
    for query in queries:
        for metric in maps(query.get("metric")):
            period = period or number(metric.get("period"))
            if query not in returned:
                meanings.append(f"{query.get('id')} is {_metric(metric)}")
    shown = [str(one.get("expression") or _metric(next(maps(one.get("metric")), {}))) for one in returned]
    return f"{ENGLISH.words(shown)}{f' ({ENGLISH.words(meanings)})' if meanings else ''}", period


def amount(threshold: object) -> str:
    """A threshold; whole gibibytes are said as such."""
    found = number(threshold)
    if found is None:
        return str(threshold)
    if found >= GIB and found % GIB == 0:
        return f"{found / GIB:,.0f} GiB"
    return f"{found:,.0f}" if found == int(found) else f"{found:,}"


def _listeners(view: View, targets: Sequence[object]) -> list[Child]:
    """Who hears of it in the end: subscribers of a topic, or what else the action names."""
    found: list[Child] = []
    for target in targets:
        topic = view.graph.find(target, t.TOPIC)
        if topic is None:
            found += [str(target)] if target else []
            continue
        found += [_subscriber(one) for one in view.graph.referring(topic, t.TOPIC_SUBSCRIPTION, "topic")]
    return found


def _subscriber(subscription: Resource) -> Html:
    properties = subscription.inputs
    protocol = str(properties.get("protocol"))
    must = ", once confirmed" if protocol in ("email", "email-json", "http", "https") else ""
    return join(el("span", str(properties.get("endpoint")), class_="unbroken"), f" ({protocol}{must})")


def _receivers(receivers: Sequence[Child]) -> Html:
    return items(receivers) if receivers else chip("nobody", "warn")
