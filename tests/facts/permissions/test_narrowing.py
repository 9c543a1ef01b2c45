"""Conditions by their texts: what lets in no more than another did."""

from typing import Any

import pytest

from facts.permissions.narrowing import loosens, narrows
from facts.permissions.patterns import includes


def asks(operator: str, *values: str) -> dict[str, Any]:
    return {"Condition": {operator: {"aws:SourceArn": list(values)}}}


@pytest.mark.parametrize(
    ("now", "then", "expected"),
    [
        (asks("StringLike", "repo:a:main"), asks("StringLike", "repo:a:*"), True),
        (asks("StringLike", "repo:a:*"), asks("StringLike", "repo:a:?"), False),
        (asks("StringEquals", "repo:a:main"), asks("StringEquals", "repo:a:*"), False),
        (asks("StringNotEquals", "a", "b"), asks("StringNotEquals", "a"), True),
        (asks("StringNotEquals", "a"), asks("StringNotEquals", "a", "b"), False),
        (asks("ArnLike", "arn:aws:ecs:x:1:task/a"), asks("ArnLike", "arn:aws:ecs:x:1:*"), True),
        (asks("ArnLike", "arn:aws:ecs:x:1:y:2"), asks("ArnLike", "arn:aws:ecs:*:2"), False),
        (asks("StringEqualsIfExists", "a"), asks("StringEquals", "a"), False),
        ({}, asks("StringEquals", "a"), False),
        (asks("StringEquals", "a"), {}, True),
        (asks("IpAddress", "10.1.0.0/16"), asks("IpAddress", "10.0.0.0/9", "10.128.0.0/9"), True),
        (asks("IpAddress", "10.0.0.0/8"), asks("IpAddress", "10.0.0.0/9", "10.128.0.0/9"), True),
        (asks("IpAddress", "10.0.0.0/7"), asks("IpAddress", "10.0.0.0/8"), False),
        (asks("NotIpAddress", "10.0.0.0/16"), asks("NotIpAddress", "10.0.0.0/8"), False),
    ],
)
def test_conditions_compare_by_operator_and_values(now: dict[str, Any], then: dict[str, Any], expected: bool) -> None:
    assert narrows(now, then) is expected


@pytest.mark.parametrize(
    ("pattern", "other", "expected"),
    [
        ("a*", "ab*c", True),
        ("a?", "a*", False),
        ("a?*", "a*", False),
        ("*", "?*", True),
        ("??", "ab", True),
        ("", "", True),
    ],
)
def test_a_pattern_includes_another_where_it_matches_all_that_the_other_does(
    pattern: str, other: str, expected: bool
) -> None:
    assert includes(pattern, other) is expected


def test_a_text_of_any_length_is_compared() -> None:
    long = "arn:aws:s3:::bucket/" + "x" * 2000
    assert includes(f"{long}*", f"{long}y")
    assert not includes(long, f"{long}y")


@pytest.mark.parametrize("ranges", [["0.0.0.0/0"], [f"{first}.0.0.0/8" for first in range(256)], ["::/0"]])
def test_ranges_of_addresses_that_are_the_world_together_loosen(ranges: list[str]) -> None:
    assert loosens(asks("IpAddress", "203.0.113.0/24", *ranges), asks("IpAddress", "203.0.113.0/24"))
    assert not loosens(asks("IpAddress", "203.0.113.0/24", "198.51.100.7"), asks("IpAddress", "203.0.113.0/24"))


def test_the_ranges_of_one_key_say_nothing_of_anothers() -> None:
    def asks_both(source: list[str], inside: list[str]) -> dict[str, Any]:
        return {"Condition": {"IpAddress": {"aws:SourceIp": source, "aws:VpcSourceIp": inside}}}

    everywhere = ["0.0.0.0/0"]
    before = asks_both(["203.0.113.0/24"], everywhere)
    assert not loosens(asks_both(["203.0.113.0/24", "198.51.100.7"], everywhere), before)
    assert loosens(asks_both(everywhere, ["10.0.0.0/8"]), asks_both(["203.0.113.0/24"], ["10.0.0.0/8"]))
