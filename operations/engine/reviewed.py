"""An update held to what was reviewed.

An update makes its own plan: the cloud, the state or a value that was not known may have moved since the preview. So
the preview saves the engine's plan (`--save-plan`), and the engine itself refuses, before it makes a step, what goes
beyond it (`--plan`). Without one (`--no-plan`), a second preview is compared with the first before the update begins.
Either way each step that begins is compared as well, and one that goes further cancels the run.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from graph.plan import OPERATIONS, Operation, Plan
from graph.resource import name_of
from operations.engine.errors import EngineError, FailedError, StrayedError
from operations.engine.events import EngineEvents, Event
from operations.engine.messages import lost_events, some
from project.own_folder import own_folder


@dataclass(frozen=True)
class Reviewed:
    """What a person saw, and the engine's own plan of the same preview; None where it is not to be used."""

    plan: Plan
    file: Path | None = None
    left: tuple[str, ...] | None = None
    """What an update would write, or might; empty where it is proved to write nothing, None where nobody asked."""


@contextmanager
def plan_file(*, wanted: bool) -> Iterator[Path | None]:
    """Where the engine's plan lies between review and update, for this user alone: it holds every property."""
    if not wanted:
        yield None
        return
    with own_folder("plan") as folder:
        yield folder / "plan.json"


def _beyond_plan(reasons: Iterable[str]) -> list[str]:
    """The engine's refusals of what its plan does not hold, without the values that it adds.

    Source of the sentences: step_generator.go and deployment_executor.go in pkg/resource/deploy of pulumi/pulumi.
    """
    return [_without_values(one) for one in reasons if _BEYOND.search(one)]


def _without_values(reason: str) -> str:
    text = re.sub(r"urn:pulumi:\S+::([^\s:]+)", r"\1", reason)
    head, changed, rest = text.partition("properties changed: ")
    return head + changed + ", ".join(re.findall(r"(?:^|, )[-+~=]{2}(\w+)", rest)) if changed else text


_BEYOND: Final = re.compile(r"violates plan: |is not allowed by the plan: |^expected resource operations for ")

_MAY_BECOME: Final[Mapping[Operation, frozenset[Operation]]] = {
    "same": frozenset({"same", "read"}),
    "read": frozenset({"same", "read"}),
    "update": frozenset({"update", "same"}),
    "replace": frozenset({"replace", "update", "same", "create", "delete"}),
    "create": frozenset({"create", "same"}),
    "import": frozenset({"import", "same"}),
    "delete": frozenset({"delete"}),
    "forget": frozenset({"forget"}),
}
"""What a reviewed step may turn out to be: a value that was not known may be the same, and then nothing is done."""

_HALVES: Final = frozenset({"create-replacement", "delete-replaced", "discard-replaced"})
"""Parts of a replacement. The old one's deletion can come first, so it is not for the `replace` step to tell of."""
_LEFT: Final = frozenset({"delete", "forget"})
"""What a reviewed deletion of a left-behind half counts as."""


@dataclass
class ReviewGuard:
    """The reviewed steps, each step that goes beyond them, and the run that is cancelled then."""

    plan: Plan
    cancel: Callable[[], Any] = lambda: None
    strayed: list[str] = field(default_factory=list)
    _cancelled: bool = False

    def watch(self, event: Event) -> None:
        """Cancel at the first step that goes further."""
        if self.exceeds_review(event):
            self.stop()

    def stop(self) -> None:
        """Cancel, once: a second time would end the engine at once."""
        if not self._cancelled:
            self._cancelled = True
            self.cancel()

    def instead(self, stack: str, reported: EngineEvents, error: EngineError | None = None) -> EngineError | None:
        """What there is to say in the place of an update's own end, if anything."""
        if self.strayed:
            return StrayedError(
                f"{stack}: the update began what was not reviewed, and was cancelled: {some(self.strayed)}",
                f"look at it, then `workbuoy review {stack}`",
            )
        if reported.lost:
            return lost_events(stack, reported)
        beyond = _beyond_plan(error.reasons) if isinstance(error, FailedError) else []
        if beyond:
            return StrayedError(
                f"{stack}: the engine stopped before what was not reviewed: {some(beyond)}",
                f"`workbuoy review {stack}` shows what there is to do now; where that is the same as before, "
                "`--no-plan` compares it without the engine's own plan",
            )
        return None

    def exceeds_review(self, event: Event) -> bool:
        """Whether a step begins that was not reviewed. Components do nothing in the cloud."""
        step = event.get("resourcePreEvent", {}).get("metadata")
        if step is None:
            return False
        operation, ops = str(step["op"]), self._reviewed(step["urn"])
        known = OPERATIONS.get(operation)
        if operation in _HALVES:
            within = "replace" in ops or (operation != "create-replacement" and bool(_LEFT & ops))
        elif known is None:
            within = operation in OPERATIONS  # part of another step; an operation of another version never passes
        else:
            within = any(known in _MAY_BECOME[op] for op in ops or {"same"})
        if not within:
            instead = f"reviewed as {', '.join(sorted(ops))}" if ops else "not reviewed"
            self.strayed.append(f"{known or operation} {name_of(step['urn'])} ({instead})")
        return not within

    def _reviewed(self, urn: str) -> set[Operation]:
        """Every reviewed step of a resource: what an earlier update left behind has one beside its successor's."""
        return {step.op for step in self.plan.steps if step.urn == urn}
