"""Whether an update of what was previewed has anything to write: proved from the preview's own account, or not.

An update of nothing but unchanged resources still runs the whole program again. All that it can write is what its
`same` steps bring to the state: options such as `protect`, dependencies, aliases, and outputs of components and of the
stack. The engine's account of a preview (`--json`) holds both states of each step with every field that a state has,
so they are compared whole, and a field of a later engine is compared like all others. Left aside is only where and when
something was written, which the engine itself does not write for (`mustWrite` in pkg/backend/snapshot.go of
pulumi/pulumi). What cannot be seen is named, and then an update is needed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from graph.resource import name_of
from graph.wire import MASK
from operations.engine.events import Event
from operations.engine.state import State

_NO_MEANING: Final = frozenset({"sourcePosition", "stackTrace", "created", "modified"})
_UNCHANGED: Final = frozenset({"same", "read"})

Fields = Mapping[str, Any]


def left_to_write(
    account: Fields | None, events: Iterable[Event], plan: Fields, state: State, provider: Sequence[str]
) -> tuple[str, ...]:
    """What an update would write, or might; nothing where it is proved that it writes nothing.

    Args:
        account: what `preview --json --show-sames` printed; None where it printed something else.
        events: the engine's events of the same preview.
        plan: what the same preview wrote by `--save-plan`; empty without one.
        state: what stood before the preview.
        provider: how the stack's file says that secrets are encrypted; an update encrypts the state so.
    """
    steps = (account or {}).get("steps")
    if not isinstance(steps, list) or not all(isinstance(step, Mapping) and step.get("urn") for step in steps):
        return ("the engine gave no account of its preview",)
    outputs = {step["urn"]: step for step in map(_ended, events) if step is not None}
    goals = {urn: one.get("goal") or {} for urn, one in (plan.get("resourcePlans") or {}).items()}
    found = dict.fromkeys(_only_on_one_side(steps, state.resources))
    if sorted(state.provider_lines) != sorted(provider):
        found["how secrets are encrypted differs"] = None
    for step in steps:
        found |= dict.fromkeys(_of(step, outputs.get(step["urn"]), goals.get(step["urn"])))
    return tuple(found)


def read_account(printed: str) -> Fields | None:
    """What a preview printed as JSON; None where it is none."""
    try:
        account = json.loads(printed)
    except ValueError:
        return None
    return account if isinstance(account, Mapping) else None


def read_plan(file: Path | None) -> Fields:
    """A plan that a preview saved; empty where there is none."""
    if file is None or not file.is_file():
        return {}
    return read_account(file.read_text(encoding="utf-8")) or {}


def _ended(event: Event) -> Fields | None:
    step: Fields | None = event.get("resOutputsEvent", {}).get("metadata")
    return step


def _only_on_one_side(steps: Iterable[Fields], resources: Sequence[Fields]) -> Iterator[str]:
    previewed, in_state = [step["urn"] for step in steps], {one["urn"] for one in resources}
    for one in resources:
        if one.get("delete"):
            yield f"{name_of(one['urn'])} waits for its deletion"
    for urn in sorted(in_state.symmetric_difference(previewed)):
        yield f"{name_of(urn)} stands in {'the state' if urn in in_state else 'the preview'} alone"


def _of(step: Fields, ended: Fields | None, goal: Fields | None) -> Iterator[str]:
    name, op = name_of(step["urn"]), step.get("op")
    if op not in _UNCHANGED:
        yield f"{op} {name}"
        return
    old, new = step.get("oldState") or {}, step.get("newState") or {}
    if not old or not new:
        yield f"{name}: one of its states is not shown"
        return
    for field in sorted({*old, *new} - _NO_MEANING - {"outputs"}):
        if _sorted(field, old.get(field)) != _sorted(field, new.get(field)) and not _keeps_id(op, field, new):
            yield f"{name}: {field} differs"
    if _has_mask(old.get("inputs")) and not _is_proved(goal, "inputDiff"):
        yield f"{name}: a secret input, which nobody sees"
    if op == "same" and old.get("custom"):
        return  # the engine keeps its outputs (SameStep.Apply)
    yield from _outputs(name, ended, goal)


def _keeps_id(op: str, field: str, new: Fields) -> bool:
    """A `same` step begins without the id that it keeps (SameStep.Apply)."""
    return op == "same" and field == "id" and "id" not in new


def _sorted(field: str, value: Any) -> Any:
    """Dependencies in one order, since that of the program's outputs is another in each run."""
    if field == "dependencies":
        return sorted(value or ())
    if field == "propertyDependencies":
        return {name: sorted(urns or ()) for name, urns in (value or {}).items()}
    return value


def _outputs(name: str, ended: Fields | None, goal: Fields | None) -> Iterator[str]:
    """Of a component, the stack or what is only read: what came of it, which its end alone tells."""
    if ended is None:
        yield f"{name}: its outputs are not told"
        return
    before, after = ((ended.get(side) or {}).get("outputs") or {} for side in ("old", "new"))
    if before != after:
        yield f"{name}: outputs differ"
    elif _has_mask(after) and not _is_proved(goal, "outputDiff"):
        yield f"{name}: a secret output, which nobody sees"


def _is_proved(goal: Fields | None, difference: str) -> bool:
    """Whether the engine's plan says that nothing differs; it compares secrets, too."""
    return goal is not None and difference in goal and not any(goal[difference].values())


def _has_mask(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_mask, value.values()))
    if isinstance(value, list):
        return any(map(_has_mask, value))
    return bool(value == MASK)
