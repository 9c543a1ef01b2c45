"""Drift for people, for an issue and for programs."""

import json
from collections.abc import Iterable
from itertools import takewhile
from typing import Any, Final

from graph.wire import MASK
from operations.drift.found import Drifted
from operations.review.inert import code, inert

LONGEST: Final = 120
"""Of a value that is shown whole; of a longer one so much from shortly before the first difference."""
BEFORE: Final = 20


def as_json(stack: str, found: Iterable[Drifted], *, taken: str | None = None) -> dict[str, Any]:
    """For programs: names of what differs, without values beside those that a danger names: they may be data."""
    rows = [
        {
            "urn": one.urn,
            "gone": one.gone,
            "properties": [difference.path for difference in one.differences],
            "dangers": list(one.dangers),
        }
        for one in found
    ]
    return {"stack": stack, "drifted": bool(rows) or taken is not None, "refreshedAt": taken, "resources": rows}


def as_markdown(stack: str, found: tuple[Drifted, ...], *, taken: str | None = None) -> str:
    """For a terminal and an issue. `taken`: when a refresh took drift into the state that no update followed."""
    if not found and taken is None:
        return f"## {stack}: no drift\n\nEverything is as the last deployment left it.\n"
    counted = heading(found, "drifted", "drifted") if found else "drift that was taken into the state"
    lines = [f"## {stack}: {counted}", ""]
    for one in found:
        lines += rows_of(one)
    if taken is not None:
        lines += [*([""] if found else []), _TAKEN.format(stack=stack, time=taken)]
    return "\n".join([*lines, "", _NEXT.format(stack=stack)]) + "\n"


_TAKEN: Final = """\
A refresh at {time} took drift into the state, and no update has
followed: `workbuoy review {stack}` shows it as what the next update changes back."""
_NEXT: Final = """\
An update alone puts none of this back: the engine compares the program with its
state, not with the cloud.

- `workbuoy drift {stack} --put-back` reviews and makes the update that does.
- `workbuoy drift {stack} --keep` says what to write into which file instead."""


def heading(found: tuple[Drifted, ...], one: str, several: str) -> str:
    """How many resources, and how many of them dangerous."""
    dangerous = sum(1 for each in found if each.dangers)
    more = f", {dangerous} of them dangerous" if dangerous else ""
    return f"{len(found)} resource{f's {several}' if len(found) != 1 else f' {one}'}{more}"


def rows_of(one: Drifted) -> list[str]:
    """A resource with what a review says of it, and a line for each value that differs, with both."""
    head = f"- {code(one.name)} ({one.type})" + (" is gone" if one.gone else " was added" if one.added else "")
    dangers = [f"  - **{inert(danger)}**" for danger in one.dangers]
    return [head, *dangers, *(f"  - {inert(row)}" for row in _values(one))]


def _values(one: Drifted) -> list[str]:
    if one.added:
        return [f"{each.path}: {_shown(_text(each.found))}" for each in one.differences]
    rows = []
    for each in one.differences:
        deployed, found = _text(each.deployed), _text(each.found)
        same = _alike(deployed, found) if None not in (each.deployed, each.found) else 0
        rows.append(f"{each.path}: {_shown(deployed, same)} → {_shown(found, same)}")
    return rows


def _alike(one: str, other: str) -> int:
    """How many characters from the beginning are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _text(value: Any) -> str:
    if value is None:
        return "(unset)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return code(f"{value:g}")
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = ", ".join(value) or "(none)"
    elif not isinstance(value, str):
        value = json.dumps(value, default=str)
    return "(changed)" if MASK in value else code(" ".join(value.split()))


def _shown(text: str, same: int = 0) -> str:
    """A value, cut where it is long; `same` is how much of its beginning does not differ."""
    plain = text[1:-1]
    if not text.startswith("`") or len(plain) <= LONGEST:
        return text
    begin = max(0, min(same - 1 - BEFORE, len(plain) - LONGEST))
    end = begin + LONGEST
    cut = f"{'…' if begin else ''}{plain[begin:end]}{'…' if end < len(plain) else ''}"
    return f"{code(cut)} ({len(plain)} characters)"
