"""Where two values differ, down to the leaf: a bucket's `status`, one statement of a policy, one entry of a list."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_IDENTITIES: Final = ("Sid", "sid", "id", "name", "Name", "key", "Key")
"""What tells entries of a list apart, by whatever service's name for it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value: what was deployed, and what is there now; None where there is nothing."""

    path: str
    deployed: Any
    found: Any


def differing(path: str, deployed: Any, found: Any) -> Iterator[Difference]:
    """Every leaf that differs; a JSON document in a text is read, so another layout of it is no difference."""
    deployed, found = _read(deployed), _read(found)
    if deployed == found:
        return
    if isinstance(deployed, Mapping) and isinstance(found, Mapping):
        for key in dict.fromkeys((*deployed, *found)):
            yield from differing(f"{path}.{key}", deployed.get(key), found.get(key))
    elif _is_maps(deployed) and _is_maps(found):
        yield from _of_entries(path, deployed, found)
    else:
        yield Difference(path, deployed, found)


def _read(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _is_maps(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, Mapping) for one in value)


def _of_entries(path: str, deployed: Sequence[Any], found: Sequence[Any]) -> Iterator[Difference]:
    """Entries by what they are called, else those of one side alone; a lone one on each side is one that changed."""
    was = [one for one in deployed if one not in found]
    now = [one for one in found if one not in deployed]
    for name in _IDENTITIES:
        if _identifies(name, was) and _identifies(name, now):
            before, after = ({str(one[name]): one for one in side} for side in (was, now))
            for key in dict.fromkeys((*before, *after)):
                yield from differing(f"{path}[{key}]", before.get(key), after.get(key))
            return
    if len(was) == len(now) == 1:
        yield from differing(f"{path}[{deployed.index(was[0])}]", was[0], now[0])
        return
    for side, entries in ((deployed, was), (found, now)):
        for one in entries:
            pair = (one, None) if side is deployed else (None, one)
            yield Difference(f"{path}[{side.index(one)}]", *pair)


def _identifies(name: str, entries: Sequence[Any]) -> bool:
    named = [one[name] for one in entries if isinstance(one.get(name), str) and one[name]]
    return len(named) == len(entries) == len(set(named))
