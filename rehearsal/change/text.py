"""What became of a change, in the words of the summary: what goes wrong first, then what dies, changes and comes."""

from collections.abc import Iterable, Iterator
from typing import Final

from graph.plan import PlanStep
from graph.resource import short_type
from project.terminal import wrapped
from rehearsal.change.result import ChangeRehearsal

VERBS: Final = {"replace": "replaced", "delete": "deleted", "update": "updated", "create": "created"}
"""The engine's steps, what takes something away first."""

_SHOWN: Final = 12


def change_lines(change: ChangeRehearsal, *, verbose: bool) -> Iterator[str]:
    """The lines of the summary, an empty one last."""
    yield from _wrapped(f"The change from {change.origin}: {counted(change)}", "")
    yield from _marked("! ", (str(one) for one in change.faults))
    steps = [one for op in VERBS for one in change.changing if one.op == op]
    shown = steps if verbose else steps[:_SHOWN]
    yield from _marked("  ", (step_text(one) for one in shown))
    if len(steps) > len(shown):
        yield f"  and {len(steps) - len(shown)} more: --verbose"
    for cut in change.interruptions:
        yield from _wrapped(f"interrupted: {cut.urn.rpartition('::')[2]}, {cut.length}: {cut.why}", "  ")
    yield from _marked("  moved: ", map(str, change.moves))
    yield from _marked("  kept: ", (f"{urn.rpartition('::')[2]}: {why}" for urn, why in change.kept))
    if change.monthly:
        yield from _wrapped(f"cost: {change.monthly}", "  ")
    yield from _marked("  note: ", change.notes)
    yield ""


def counted(change: ChangeRehearsal) -> str:
    """`1 replaced, 2 updated`."""
    counts = [f"{change.count(op)} {verb}" for op, verb in VERBS.items() if change.count(op)]
    return ", ".join(counts) or "nothing changes"


def step_text(step: PlanStep) -> str:
    """One step in a line: `replaced rds Instance database-instance (dbName)`."""
    paths = step.replace_paths if step.op == "replace" else step.paths if step.op == "update" else ()
    why = f" ({', '.join(paths)})" if paths else ""
    return f"{VERBS.get(step.op, step.op)} {short_type(step.type)} {step.name}{why}"


def _marked(mark: str, lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield from _wrapped(line, mark)


def _wrapped(line: str, first: str) -> list[str]:
    return wrapped(line, first, "    ")
