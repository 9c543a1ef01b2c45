"""Steps that bring a customer elsewhere, by a move or a promotion: what each is, and how all are shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from project.terminal import wrapped

Side = Literal["old", "new"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step; `arguments` are of `workbuoy-app`, where a one-off task of `side` does it."""

    name: str
    changes: str
    back: str
    command: str = ""
    decides: str = ""
    side: Side = "old"
    arguments: tuple[str, ...] = ()


def steps_document(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "number": number,
            "step": one.name,
            "changes": one.changes,
            "back": one.back,
            "command": one.command or None,
            "decides": one.decides or None,
        }
        for number, one in enumerate(steps, start=1)
    ]


def steps_text(steps: Sequence[Step]) -> Iterator[str]:
    """Lines within the terminal's columns."""
    for number, one in enumerate(steps, start=1):
        yield f"\n{number:2}. {one.name}"
        labelled = {"command": one.command, "a person": one.decides, "changes": one.changes, "back": one.back}
        for label, text in labelled.items():
            if text:
                yield from wrapped(text, head := f"    {label + ':':10}", " " * len(head))
