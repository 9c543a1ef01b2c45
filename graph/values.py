"""Reading properties as Pulumi hands them over: numbers are floats, lists may be proxies, documents are texts."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from graph.marks import Mark

_STEP = re.compile(r"""\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)""")


def items(value: Any) -> list[Any]:
    """A list's items; one value alone becomes a list of one, as IAM reads it; nothing becomes an empty list."""
    if value is None:
        return []
    if isinstance(value, str):  # most are, and asking for an abstract class takes ten times as long
        return [value]
    return list(value) if isinstance(value, Sequence) else [value]


def at(value: Any, path: str) -> Any:
    """The value at a path, `rules[0].days` or `tags["a.b"]`, or None where any step is missing."""
    for quoted, index, name in _STEP.findall(path):
        if isinstance(value, Mark):
            return value
        if index and isinstance(value, Sequence) and not isinstance(value, str):
            value = value[int(index)] if int(index) < len(value) else None
        elif isinstance(value, Mapping):
            value = value.get(quoted or name or index)
        else:
            return None
    return value


def root_of(path: str) -> str:
    """The property that a path begins with: `rules` of `rules[0].days`, and of `["rules"][0]`."""
    found = _STEP.search(path)
    return next(part for part in found.groups() if part is not None) if found else ""


def maps(value: Any) -> Iterator[Mapping[str, Any]]:
    """The maps among a list's items, or the one map that stands alone."""
    return (item for item in items(value) if isinstance(item, Mapping))


def number(value: Any) -> float | None:
    """A number, also where it was written as a text; None for anything else, booleans included."""
    if isinstance(value, bool | Mark) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def flag(value: Any) -> bool | None:
    """A switch: a boolean, its text as a stack's configuration has it, or AWS's status; None for anything else."""
    if isinstance(value, bool):
        return value
    return _FLAGS.get(value.strip().lower()) if isinstance(value, str) else None


_FLAGS: Final = {
    **dict.fromkeys(("true", "1", "enabled"), True),
    **dict.fromkeys(("false", "0", "disabled", "suspended"), False),
}


def plain(value: Any) -> Any:
    """A value without proxies."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return value


def document(value: Any) -> Any:
    """A JSON document, given as a text or already as a map.

    Raises ValueError where the text is no JSON, or a key stands twice: which of the two counts is the reader's choice.
    """
    if isinstance(value, Mark):
        raise ValueError(f"a document that is not shown: {value}")
    return _parsed(value) if isinstance(value, str) else plain(value)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once_each)
    except RecursionError:
        raise ValueError("nested deeper than anybody reads") from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)} stands twice")
    return found


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from texts(item)
