"""How a step that a one-off task does ends for whoever started it."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from operations.ending import CHECK_FAILED, INTERRUPTED, NOT_MADE, fail

if TYPE_CHECKING:
    from operations.one_off import TaskOutcome, TaskPlace

Show = Callable[[dict[str, Any], str], None]


def done_by_task(step: str, again: str, run: "Callable[[], TaskOutcome]") -> "TaskOutcome":
    """What the task came to; ends the command where somebody interrupted it, or where no task ran."""
    from operations.one_off import TaskError

    try:
        return run()
    except KeyboardInterrupt:
        fail(INTERRUPTED, f"interrupted; the task goes on. To watch it again: {again}")
    except TaskError as error:
        fail(NOT_MADE, f"{step}: {error}")


def show_unstarted(
    tenant: str, step: str, place: "TaskPlace", arguments: Sequence[str], show: Show, *explained: str
) -> None:
    """What `--live` would start, for whoever asked without it."""
    document = {"tenant": tenant, "step": step, "stack": place.stack, "command": ["workbuoy-app", *arguments]}
    lines = (
        f"{step} would run in {place.stack}, as a one-off task of its image:",
        f"  workbuoy-app {' '.join(arguments)}",
        *explained,
        "Nothing was started. Add --live to do it.",
    )
    show({**document, "started": False}, "\n".join(lines))


def show_outcome(known: Mapping[str, Any], outcome: "TaskOutcome", *, again: str, following: str, show: Show) -> None:
    """The verdict and the next command; ends with 3 where the task failed. `known` names the step."""
    step, document = known["step"], {**known, "verdict": outcome.verdict, "lastLines": list(outcome.last_lines)}
    shown = "\n".join(f"  {line}" for line in outcome.last_lines) or "  (it logged nothing)"
    if outcome.exit_code:
        show(document, f"Its last lines:\n{shown}")
        fail(CHECK_FAILED, f"{step} ended with {outcome.exit_code}; nothing half done stays. Again: {again}")
    verdict = json.dumps(outcome.verdict, ensure_ascii=False) if outcome.verdict else shown
    show(document, f"{step}: done\n{verdict}\nNext: {following}")
