"""The engine's events, read from its log while it runs, and whether all of them came."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from project.own_folder import own_folder

Event = Mapping[str, Any]

PAUSE_SECONDS: Final = 0.05
"""Between two looks into the log: how much later a step is heard of than it began."""


@dataclass
class EngineEvents:
    """What the engine reported of one operation, and what of it did not arrive.

    The engine leaves out what it cannot write, and does not fail for it; one that is killed leaves half a line: a step
    that is not reported would count as a step that is not made. But the engine numbers its events from 0, and the last
    one says that it is. Sources: `startEventLogger` in pkg/backend/display/display.go and `NewCancelEvent` in
    pkg/engine of pulumi/pulumi.
    """

    preview: bool
    listen: Callable[[Event], Any] | None = None
    """Gets each event."""
    missed: Callable[[], Any] | None = None
    """Called once, where the first event is missing."""
    events: list[Event] = field(default_factory=list)
    lost: int = 0
    ended: bool = False
    broken: Exception | None = None
    """What `listen` or `missed` raised, for whoever asked for the operation."""
    _next: int = 0

    @contextmanager
    def log(self) -> Iterator[Path]:
        """A file for `--event-log`: it is read as it grows, and to its end before this ends.

        It lies where only this user reads it: it holds the properties of every resource, secrets excepted.
        """
        with own_folder("events") as folder:
            file = folder / "events.jsonl"
            file.touch()
            written = threading.Event()
            reader = threading.Thread(target=self._follow, args=(file, written), daemon=True)
            reader.start()
            try:
                yield file
            finally:
                written.set()
                reader.join()

    def _follow(self, file: Path, written: threading.Event) -> None:
        begun = b""
        with file.open("rb") as log:
            last = False
            while not last:
                last = written.wait(PAUSE_SECONDS)  # asked before reading, so that nothing comes after the last look
                for part in log:
                    begun += part
                    if begun.endswith(b"\n"):
                        self._take_safely(begun)
                        begun = b""

    def _take_safely(self, line: bytes) -> None:
        try:
            self.take(line)
        except Exception as error:  # this thread's; raised where the operation was asked for
            self.broken = self.broken or error

    def take(self, line: bytes) -> None:
        """One line of the log. What cannot be read has not arrived: the next one's number tells."""
        try:
            event = json.loads(line)
            number = int(event["sequence"])
        except (ValueError, TypeError, KeyError):
            return
        missing, self._next = number - self._next, number + 1
        first, self.lost = not self.lost, self.lost + missing
        self.ended = "cancelEvent" in event
        self.events.append(event)
        if missing and first and self.missed is not None:
            self.missed()
        if self.listen is not None:
            self.listen(event)

    @property
    def gap(self) -> str:
        """What did not arrive; empty where everything did."""
        if self.lost:
            return f"{self.lost} of the engine's events did not arrive"
        return "" if self.ended else f"the engine's events broke off after {self._next}"


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
