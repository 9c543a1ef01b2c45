"""Patterns of `*` and `?`: held against slower readings that follow the definition, and of any length and form."""

import re
import time
from functools import cache
from itertools import product

from facts.permissions.patterns import includes, matches, overlap

SHORT = ["".join(letters) for length in range(4) for letters in product("ab*?", repeat=length)]


@cache
def _overlap(one: str, other: str) -> bool:
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return _overlap(one[1:], other) or _overlap(one, other[1:])
    if other[0] == "*":
        return _overlap(other, one)
    return (one[0] == other[0] or "?" in (one[0], other[0])) and _overlap(one[1:], other[1:])


def _reads(pattern: str, text: str, one: str) -> bool:
    parts = {"*": ".*", "?": one}
    return re.fullmatch("".join(parts.get(letter, letter) for letter in pattern), text) is not None


def test_two_patterns_overlap_where_a_text_matches_both() -> None:
    assert [(one, other) for one in SHORT for other in SHORT if overlap(one, other) != _overlap(one, other)] == []


def test_a_pattern_matches_and_includes_what_any_way_of_trying_finds() -> None:
    pairs = list(product(SHORT, SHORT))
    assert [pair for pair in pairs if includes(*pair) != _reads(*pair, "[^*]")] == []
    assert [pair for pair in pairs if matches(*pair) != _reads(*pair, ".")] == []


def test_patterns_of_any_length_and_many_wildcards_are_compared_at_once() -> None:
    started, text = time.process_time(), "a" * 300
    assert not matches("*a" * 40 + "b", text)
    assert not includes("*a" * 40 + "b", text)
    assert matches("*a" * 40, text)
    assert overlap("*a" * 600, "b*" * 600)
    assert not overlap("x" * 2000 + "*", "y*")
    assert time.process_time() - started < 20
