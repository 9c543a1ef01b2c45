"""Texts that a policy's pattern covers below a known beginning: the prefixes that policies themselves speak of."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from facts.permissions.documents import Statement, values_of

ANY: Final = "x"
"""Stands for any characters: nothing real is called so, so only a wildcard covers it."""
_PARTS: Final = 6  # of an ARN, none of which a wildcard of AWS's goes beyond
_CACHED: Final = 1 << 14
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")


@lru_cache(_CACHED)
def continuations(pattern: str, beginning: str) -> frozenset[str]:
    """What can follow a beginning so that the whole matches a pattern of `*` and `?`; one text for each way."""
    states = _closed(pattern, {0})
    for character in beginning:
        states = _closed(pattern, _after(pattern, states, character))
    return frozenset(pattern[state:].replace("*", ANY).replace("?", ANY) for state in states)


def _after(pattern: str, states: set[int], character: str) -> Iterator[int]:
    for state in states:
        wanted = pattern[state : state + 1]
        if wanted == "*":
            yield state
        elif wanted in ("?", character):
            yield state + 1


def _closed(pattern: str, states: Iterable[int]) -> set[int]:
    """With every state that is reached for nothing: a `*` may stand for no character."""
    found = set()
    for state in states:
        end = state
        while pattern[end : end + 1] == "*":
            end += 1
        found |= set(range(state, end + 1))
    return found


def patterns_of(statements: Iterable[Statement]) -> frozenset[str]:
    """Every resource that statements name, also as an exception; a variable may have any value."""
    return frozenset(
        _VARIABLE.sub("*", text)
        for statement in statements
        for element in ("Resource", "NotResource")
        for text in values_of(statement, element)
    )


def below(beginning: str, patterns: Iterable[str]) -> list[str]:
    """ARNs that begin like this: one that nobody names, and one for each way in which a pattern goes on."""
    found = {ANY}
    *head, own = beginning.split(":", _PARTS - 1)
    for pattern in patterns:
        *parts, name = pattern.split(":", _PARTS - 1)
        if len(parts) == len(head) and all(map(fnmatchcase, head, parts)):
            found |= continuations(name, own)
    return [beginning + end for end in sorted(found - {""})]
