"""Conditions of a statement.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

from facts.permissions.patterns import Context, fill_variables, matches, matches_arn

Test = Callable[[str, str], bool]


class UnknownOperatorError(ValueError):
    """A condition operator that AWS does not document: the statement cannot be judged."""


def _number(compare: Callable[[float, float], bool]) -> Test:
    return lambda wanted, found: compare(float(found), float(wanted))


def _moment(compare: Callable[[datetime, datetime], bool]) -> Test:
    return lambda wanted, found: compare(_parse_moment(found), _parse_moment(wanted))


def _parse_moment(text: str) -> datetime:
    if text.replace(".", "", 1).isdigit():
        return datetime.fromtimestamp(float(text), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _address(wanted: str, found: str) -> bool:
    return ip_address(found) in ip_network(wanted, strict=False)


_TESTS: Mapping[str, Test] = {
    "StringEquals": lambda wanted, found: wanted == found,
    "StringEqualsIgnoreCase": lambda wanted, found: wanted.casefold() == found.casefold(),
    "StringLike": matches,
    "NumericEquals": _number(lambda found, wanted: found == wanted),
    "NumericLessThan": _number(lambda found, wanted: found < wanted),
    "NumericLessThanEquals": _number(lambda found, wanted: found <= wanted),
    "NumericGreaterThan": _number(lambda found, wanted: found > wanted),
    "NumericGreaterThanEquals": _number(lambda found, wanted: found >= wanted),
    "DateEquals": _moment(lambda found, wanted: found == wanted),
    "DateLessThan": _moment(lambda found, wanted: found < wanted),
    "DateLessThanEquals": _moment(lambda found, wanted: found <= wanted),
    "DateGreaterThan": _moment(lambda found, wanted: found > wanted),
    "DateGreaterThanEquals": _moment(lambda found, wanted: found >= wanted),
    "Bool": lambda wanted, found: wanted.lower() == found.lower(),
    "BinaryEquals": lambda wanted, found: wanted == found,
    "IpAddress": _address,
    "ArnEquals": matches_arn,
    "ArnLike": matches_arn,
}
_NEGATED: Mapping[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def conditions_hold(block: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether every operator and every key of a Condition block holds for a request.

    Raises:
        UnknownOperatorError: an operator is not one of AWS's.
    """
    return all(
        _holds(operator, key.lower(), _texts(values), context)
        for operator, keys in block.items()
        for key, values in keys.items()
    )


def _holds(operator: str, key: str, values: Sequence[str], context: Context) -> bool:
    quantifier, _, base = operator.rpartition(":")
    if_exists = base.endswith("IfExists")
    base = base.removesuffix("IfExists")
    found = context.get(key)
    if base == "Null":
        return all((found is None) == (value.lower() == "true") for value in values)
    negated = base in _NEGATED
    test = _TESTS.get(_NEGATED.get(base, base))
    if test is None or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise UnknownOperatorError(f"{operator} is not a condition operator of IAM")
    if found is None:
        if quantifier:
            return quantifier == "ForAllValues" or if_exists
        return negated or if_exists
    wanted = [filled for value in values if (filled := fill_variables(value, context)) is not None]

    def one_holds(value: str) -> bool:
        return any(_safely(test, want, value) for want in wanted) != negated

    every = quantifier == "ForAllValues" or (negated and not quantifier)
    return all(map(one_holds, found)) if every else any(map(one_holds, found))


def _safely(test: Test, wanted: str, found: str) -> bool:
    """A value that is no number, date or address matches nothing."""
    try:
        return test(wanted, found)
    except ValueError:
        return False


def _texts(values: Any) -> list[str]:
    listed = values if isinstance(values, list) else [values]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in listed]
