"""Reading properties as Pulumi sends them: numbers are floats, lists and maps may be proxies, documents are texts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any


def items(value: Any) -> list[Any]:
    """A list's items; one value alone becomes a list of one, as IAM reads it; nothing becomes an empty list."""
    if value is None:
        return []
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(value)
    return [value]


def at(value: Any, path: str) -> Any:
    """The value at a dotted path, or None where any step is missing."""
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def maps(value: Any) -> Iterator[Mapping[str, Any]]:
    """The maps among a list's items."""
    return (item for item in items(value) if isinstance(item, Mapping))


def number(value: Any) -> float | None:
    """A number, also where it was written as a text; None for anything else, booleans included."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def plain(value: Any) -> Any:
    """A value without proxies."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value


def document(value: Any) -> Any:
    """A JSON document, given as a text or already as a map; raises ValueError where the text is no JSON."""
    return _parsed(value) if isinstance(value, str) else plain(value)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    return json.loads(text)
