"""Events of the Automation API in the form in which the engine itself writes them."""

from collections.abc import Iterator, Mapping
from typing import Any

Event = Mapping[str, Any]


def as_recorded(event: Any, *, preview: bool = True) -> dict[str, Any]:
    """One event, as a line of `--event-log` holds it; empty for a kind that nothing here reads."""
    recorded = {
        "preludeEvent": event.prelude_event,
        "diagnosticEvent": event.diagnostic_event,
        "policyEvent": event.policy_event,
        "summaryEvent": event.summary_event,
    }
    found = {name: _camel(body) for name, body in recorded.items() if body is not None}
    if event.summary_event is not None:
        changes = dict(event.summary_event.resource_changes)
        found["summaryEvent"]["resourceChanges"] = {_text(op): number for op, number in changes.items()}
        found["summaryEvent"]["isPreview"] = preview
    if event.resource_pre_event is not None:
        found["resourcePreEvent"] = {"metadata": _step(event.resource_pre_event.metadata)}
    if event.res_outputs_event is not None:
        found["resOutputsEvent"] = {"metadata": _step(event.res_outputs_event.metadata)}
    return found


def changes_of(events: list[Event]) -> dict[str, int]:
    """How many resources each operation touched, by the engine's own summary."""
    for event in reversed(events):
        if "summaryEvent" in event:
            return {str(op): int(number) for op, number in event["summaryEvent"]["resourceChanges"].items()}
    return {}


def errors_of(events: list[Event]) -> Iterator[str]:
    """What the engine reported as errors, as it said it."""
    for event in events:
        diagnostic = event.get("diagnosticEvent")
        if diagnostic and diagnostic["severity"] == "error":
            yield str(diagnostic["message"])


def _step(metadata: Any) -> dict[str, Any]:
    body: dict[str, Any] = _camel(metadata)
    body["op"] = _text(metadata.op)
    body["old"], body["new"] = _camel(metadata.old), _camel(metadata.new)
    body["detailedDiff"] = {
        path: {"diffKind": _text(diff.diff_kind)} for path, diff in (metadata.detailed_diff or {}).items()
    }
    return body


def _camel(body: Any) -> Any:
    return None if body is None else dict(_pairs(body))


def _pairs(body: Any) -> Iterator[tuple[str, Any]]:
    for name, value in vars(body).items():
        head, *rest = name.split("_")
        yield head + "".join(part.title() for part in rest), value


def _text(value: Any) -> str:
    return str(getattr(value, "value", value))
