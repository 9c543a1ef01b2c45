"""Conditions and policy variables, case by case against AWS's documents."""

from typing import Any

import pytest

from facts.permissions.conditions import read_conditions
from facts.permissions.errors import ConditionValueError, UnknownOperatorError
from facts.permissions.patterns import Context, Keys, equals, fill_variables, match, match_arn, matches
from facts.permissions.truth import Truth, every

ROLE = "arn:aws:iam::111111111111:role/task"


def conditions_hold(block: Any, context: Context, unknown: tuple[str, ...] = ()) -> Truth:
    keys = Keys(context, unknown)
    return every(one.holds(keys) for one in read_conditions(block))


@pytest.mark.parametrize(
    ("block", "context", "holds"),
    [
        ({"StringEquals": {"k": "a"}}, {"k": ("a",)}, True),
        ({"StringEquals": {"K": ["b", "a"]}}, {"k": ("a",)}, True),
        ({"StringEquals": {"k": "a"}}, {}, False),
        ({"StringEqualsIfExists": {"k": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "a"}}, {"k": ("b",)}, False),
        ({"StringNotEquals": {"k": "a"}}, {}, True),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": ("b",)}, False),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": ("c",)}, True),
        ({"StringEqualsIgnoreCase": {"k": "AbC"}}, {"k": ("aBc",)}, True),
        ({"StringLike": {"k": "a*c?"}}, {"k": ("abbcd",)}, True),
        ({"StringLike": {"k": "[ab]*"}}, {"k": ("a",)}, False),
        ({"StringNotLike": {"k": "a*"}}, {"k": ("b",)}, True),
        ({"Bool": {"k": "true"}}, {"k": ("true",)}, True),
        ({"Bool": {"k": True}}, {"k": ("true",)}, True),
        ({"Bool": {"k": "false"}}, {}, False),
        ({"Null": {"k": "true"}}, {}, True),
        ({"Null": {"k": "false"}}, {}, False),
        ({"Null": {"k": "false"}}, {"k": ("x",)}, True),
        ({"NumericLessThan": {"k": "300"}}, {"k": ("299",)}, True),
        ({"NumericGreaterThanEquals": {"k": 5}}, {"k": ("5",)}, True),
        ({"DateGreaterThan": {"k": "2026-01-01T00:00:00Z"}}, {"k": ("2026-11-22T00:00:00Z",)}, True),
        ({"DateLessThan": {"k": "1767225600"}}, {"k": ("2025-01-01T00:00:00Z",)}, True),
        ({"IpAddress": {"k": "192.0.2.0/24"}}, {"k": ("192.0.2.7",)}, True),
        ({"NotIpAddress": {"k": "192.0.2.0/24"}}, {"k": ("192.0.2.7",)}, False),
        ({"ArnLike": {"k": "arn:aws:s3:::*"}}, {"k": ("arn:aws:s3:::b/c",)}, True),
        ({"ArnLike": {"k": "arn:aws:iam::*:user/*"}}, {"k": ("arn:aws:iam::1:role/user/x",)}, False),
        ({"ArnNotEquals": {"k": ROLE}}, {"k": (ROLE,)}, False),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ("a", "b")}, True),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {"k": ("a", "b")}, False),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {}, True),
        ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {"k": ("a", "b")}, True),
        ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {}, False),
        ({"ForAnyValue:StringNotEquals": {"k": ["a"]}}, {"k": ("a", "b")}, True),
        ({"StringEquals": {"k": "${aws:username}"}}, {"k": ("ada",), "aws:username": ("ada",)}, True),
        ({"StringEquals": {"k": "${aws:username}"}}, {"k": ("ada",)}, False),
        ({"StringEquals": {"k": "a", "l": "b"}}, {"k": ("a",)}, False),
        ({"StringEquals": {"k": "a"}, "Bool": {"l": "true"}}, {"k": ("a",), "l": ("false",)}, False),
        ({"Null": {"k": ["true", "false"]}}, {}, True),  # values of one key are alternatives
        ({"Null": {"k": ["true", "false"]}}, {"k": ("x",)}, True),
        ({"Null": {"k": [True]}}, {"k": ()}, True),  # a key without a value is none
        ({"ForAnyValue:StringEqualsIfExists": {"k": ["a"]}}, {"k": ("b",)}, False),
        ({"ForAnyValue:StringNotEquals": {"k": ["a"]}}, {}, False),
        ({"ForAllValues:StringNotEquals": {"k": ["a"]}}, {"k": ("b", "a")}, False),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {"k": ()}, True),
        ({"StringEquals": {"k": "a*"}}, {"k": ("ab",)}, False),
        ({"StringEquals": {"k": "a${*}"}}, {"k": ("a*",)}, True),
        ({"StringLike": {"k": "a${?}${$}"}}, {"k": ("a?$",)}, True),
        ({"StringLike": {"k": "a${?}"}}, {"k": ("ab",)}, False),
        ({"StringLike": {"k": "${l}"}}, {"k": ("anything",), "l": ("*",)}, False),
        ({"StringLike": {"k": "${l}"}}, {"k": ("*",), "l": ("*",)}, True),
        ({"BoolIfExists": {"k": "false"}}, {}, True),
        ({"DateLessThan": {"k": "2026-01-01"}}, {"k": ("2025-12-31T23:59:59Z",)}, True),
        ({"NumericEquals": {"k": "5.0"}}, {"k": ("5",)}, True),
        ({"ArnLike": {"k": "arn:aws:iam::111111111111:role/*"}}, {"k": (ROLE,)}, True),
        ({}, {}, True),
    ],
)
def test_conditions_hold_as_documented(block: Any, context: dict[str, tuple[str, ...]], holds: bool) -> None:
    """reference_policies_elements_condition_operators.html."""
    assert conditions_hold(block, context) is holds


@pytest.mark.parametrize(
    ("block", "context", "unknown"),
    [
        # A value that whoever asks does not know.
        ({"StringEquals": {"aws:SourceIp": "a"}}, {}, ("aws:*",)),
        ({"StringNotEquals": {"aws:SourceIp": "a"}}, {}, ("aws:*",)),
        ({"StringEqualsIfExists": {"aws:SourceIp": "a"}}, {}, ("aws:*",)),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}, {}, ("aws:*",)),
        ({"Null": {"aws:SourceIp": "true"}}, {}, ("aws:*",)),
        ({"StringEquals": {"k": "${aws:username}"}}, {"k": ("a",)}, ("aws:*",)),
        ({"StringNotLike": {"k": "x-${aws:username}"}}, {"k": ("x-a",)}, ("aws:*",)),
        # What AWS's text does not say: short patterns, several values without a quantifier, values of another kind.
        ({"ArnLike": {"k": "*"}}, {"k": (ROLE,)}, ()),
        ({"ArnLike": {"k": "arn:aws:iam*"}}, {"k": (ROLE,)}, ()),
        ({"ArnNotLike": {"k": "arn:*"}}, {"k": (ROLE,)}, ()),
        ({"ArnEquals": {"k": ROLE}}, {"k": ("no ARN",)}, ()),
        ({"ForAnyValue:StringEqualsIfExists": {"k": ["a"]}}, {}, ()),
        ({"StringNotEquals": {"k": "${aws:username}"}}, {"k": ("a",)}, ()),
        ({"StringEquals": {"k": "a"}}, {"k": ("a", "b")}, ()),
        ({"StringNotEquals": {"k": "a"}}, {"k": ("a", "b")}, ()),
        ({"NumericLessThan": {"k": "300"}}, {"k": ("not a number",)}, ()),
        ({"NotIpAddress": {"k": "192.0.2.0/24"}}, {"k": ("no address",)}, ()),
        ({"DateLessThan": {"k": "2026-01-01"}}, {"k": ("yesterday",)}, ()),
    ],
)
def test_what_is_not_known_or_not_documented_is_not_decided(
    block: Any, context: dict[str, tuple[str, ...]], unknown: tuple[str, ...]
) -> None:
    assert conditions_hold(block, context, unknown) is None


@pytest.mark.parametrize(
    ("block", "context", "holds"),
    [
        ({"Null": {"aws:SourceIp": ["true", "false"]}}, {}, True),
        ({"StringEquals": {"aws:username": "a", "k": "b"}}, {"k": ("c",)}, False),
        ({"StringEquals": {"k": ["${aws:username}", "a"]}}, {"k": ("a",)}, True),
        ({"StringEquals": {"k": "x-${aws:username}"}}, {"k": ("a",)}, False),
        ({"StringEquals": {"aws:username": "a"}}, {"aws:username": ("a",)}, True),
    ],
)
def test_what_does_not_hang_on_the_unknown_is_decided(
    block: Any, context: dict[str, tuple[str, ...]], holds: bool
) -> None:
    assert conditions_hold(block, context, ("aws:*",)) is holds


@pytest.mark.parametrize("operator", ["StringEqual", "ForSomeValues:StringEquals", "Matches", "NullIfExists"])
def test_an_operator_that_aws_does_not_know_is_an_error(operator: str) -> None:
    with pytest.raises(UnknownOperatorError, match=operator):
        conditions_hold({operator: {"k": "a"}}, {"k": ("a",)})


@pytest.mark.parametrize(
    "block",
    [
        {"DateLessThan": {"k": "tomorrow"}},
        {"DateLessThan": {"k": "2026-13-01T00:00:00Z"}},
        {"NumericEquals": {"k": "five"}},
        {"NumericEquals": {"k": "nan"}},
        {"NumericEquals": {"k": "1_000"}},
        {"IpAddress": {"k": "192.0.2.0/99"}},
        {"Bool": {"k": "yes"}},
        {"Null": {"k": "maybe"}},
        {"StringEquals": {"k": {"a": "b"}}},
        {"StringEquals": {"k": None}},
        {"StringEquals": "k"},
        "StringEquals",
    ],
)
def test_a_malformed_value_is_an_error_of_its_own(block: Any) -> None:
    with pytest.raises(ConditionValueError):
        conditions_hold(block, {"k": ("a",)})


def test_a_variable_may_have_a_default_and_an_asterisk_may_be_meant() -> None:
    """reference_policies_variables.html, "Specifying default values" and "Special characters"."""
    assert fill_variables("${aws:PrincipalTag/team, 'none'}", Keys()) == "none"
    assert fill_variables("${aws:PrincipalTag/team, 'none'}", Keys({"aws:principaltag/team": ("core",)})) == "core"
    assert fill_variables("${aws:PrincipalTag/team}", Keys()) is None
    assert fill_variables("${aws:PrincipalTag/team}", Keys(), "2008-10-17") == "${aws:PrincipalTag/team}"
    assert matches(fill_variables("a${*}b", Keys()) or "", "a*b")
    assert not matches(fill_variables("a${*}b", Keys()) or "", "axb")


def test_a_value_stands_for_itself_and_an_unknown_one_for_anything_undecided() -> None:
    filled = fill_variables("a/${k}", Keys({"k": ("*",)})) or ""
    assert (match(filled, "a/*"), match(filled, "a/b"), equals(filled, "a/*")) == (True, False, True)
    unknown = fill_variables("a/${k}/*", Keys(unknown=("k",))) or ""
    assert (match(unknown, "a/b/c"), match(unknown, "b/c")) == (None, False)
    assert equals(fill_variables("a*/${k}", Keys(unknown=("k",))) or "", "ab/c") is False


def test_arns_are_compared_part_by_part() -> None:
    group = "arn:aws:logs:eu-west-1:111111111111:log-group"
    assert match_arn("arn:aws:logs:*:111111111111:log-group:*", f"{group}:/a:b")
    assert match_arn("arn:aws:*:*:*:log-group:*", f"{group}:/a:b")
    assert match_arn("arn:aws:iam::*:*", f"{group}:/a") is False
    assert match_arn("arn:aws:*:log-group", group) is None  # a pattern of four parts
