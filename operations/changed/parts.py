"""Many stacks in the jobs of one matrix, and no more jobs than GitHub takes: several stacks a job, or some of them."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice, zip_longest
from typing import Any, Final, TypeVar

MOST_JOBS: Final = 256
"""Jobs of one matrix: https://docs.github.com/en/actions/reference/limits"""
_PLACE: Final = ("environment", "account", "region", "backend")
_Key = TypeVar("_Key", bound=str)
_One = TypeVar("_One")
_NONE: Final[Any] = object()


def parts(groups: Mapping[_Key, Sequence[_One]], size: int) -> list[tuple[_Key, Sequence[_One]]]:
    """Each group in parts of that size, or of the least above it that keeps all to one matrix."""
    standing = [(key, members) for key, members in sorted(groups.items()) if members]
    most = max((len(members) for _, members in standing), default=0)
    while size < most and sum(-(-len(members) // size) for _, members in standing) > MOST_JOBS:
        size += 1
    return [(key, members[at : at + size]) for key, members in standing for at in range(0, len(members), size)]


def from_each(groups: Iterable[Sequence[_One]], room: int) -> list[_One]:
    """As many as there is room for: the first of each group, then the second of each, and so on."""
    rounds = chain.from_iterable(zip_longest(*groups, fillvalue=_NONE))
    return list(islice((one for one in rounds if one is not _NONE), max(room, 0)))


def shards(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry a job: where its stacks stand, and their names in `stacks`, with a space between.

    As long as they fit, each stack has a job of its own, called like it.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for one in entries:
        groups.setdefault(" ".join(str(one[key]) for key in _PLACE), []).append(one)
    return [
        {
            "shard": part[0]["stack"] if len(part) == 1 else f"{part[0]['stack']}-and-{len(part) - 1}-more",
            **{key: part[0][key] for key in _PLACE},
            "stacks": " ".join(str(one["stack"]) for one in part),
        }
        for _, part in parts(groups, 1)
    ]
