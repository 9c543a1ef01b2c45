"""What differs from the state, read anew."""

from dataclasses import dataclass

from operations.drift.found import Drifted, judged
from operations.ending import Notify
from operations.engine.stack import EngineStack


@dataclass(frozen=True)
class DriftResult:
    """What differs from the state, and when a refresh took more into it that no update has followed."""

    found: tuple[Drifted, ...]
    taken: str | None

    @property
    def any(self) -> bool:
        return bool(self.found) or self.taken is not None


def look(opened: EngineStack, notify: Notify) -> DriftResult:
    """Read everything of a stack anew; writes nothing, not even the state. Raises EngineError."""
    notify(f"Reading {opened.name} anew ...")
    return DriftResult(judged(opened.name, opened.refresh_preview().events), opened.refreshed_at())
