"""Events of the Automation API in the form in which the engine itself writes them, and whether all of them came."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Event = Mapping[str, Any]


@dataclass
class EngineEvents:
    """What the engine reported of one operation, and what of it did not arrive.

    The engine leaves out what it cannot send, the Automation API what it cannot read, and neither fails for it: a step
    that is not reported would count as a step that is not made. But the engine numbers its events from 0, and the last
    one says that it is. Sources: `startEventLogger` in pkg/backend/display/display.go and `NewCancelEvent` in
    pkg/engine of pulumi/pulumi; `_EventsServicer` in the SDK's automation/_stack.py.
    """

    preview: bool
    listen: Callable[[Event], Any] | None = None
    """Gets each event that something here reads."""
    missed: Callable[[], Any] | None = None
    """Called once, where the first event is missing."""
    events: list[Event] = field(default_factory=list)
    lost: int = 0
    ended: bool = False
    broken: Exception | None = None
    """What `listen` raised; the Automation API would print it with the event, and go on."""
    _next: int = 0

    def take(self, event: Any) -> None:
        """One event of the Automation API."""
        missing, self._next = event.sequence - self._next, event.sequence + 1
        if missing and not self.lost and self.missed is not None:
            self.missed()
        self.lost += missing
        self.ended = event.cancel_event is not None
        recorded = as_recorded(event, preview=self.preview)
        if not recorded:
            return
        self.events.append(recorded)
        try:
            if self.listen is not None:
                self.listen(recorded)
        except Exception as error:  # raised where the operation was asked for
            self.broken = self.broken or error

    @property
    def gap(self) -> str:
        """What did not arrive; empty where everything did."""
        if self.lost:
            return f"{self.lost} of the engine's events did not arrive"
        return "" if self.ended else f"the engine's events broke off after {self._next}"


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
