"""Conditions of a statement.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
and, for keys with several values, reference_policies_condition-single-vs-multi-valued-context-keys.html beside it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final

from facts.permissions.errors import ConditionValueError, UnknownOperatorError
from facts.permissions.patterns import (
    WITH_VARIABLES,
    Keys,
    equals,
    fill_variables,
    has_variables,
    match,
    match_arn,
)
from facts.permissions.truth import Truth, every, negate, some

Compare = Callable[[Any, Any], Truth]
Parse = Callable[[str], Any]

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError(text)
    return float(text)


def _moment(text: str) -> datetime:
    """A date as AWS takes it: ISO 8601, or seconds since 1970."""
    if text.replace(".", "", 1).isdigit() and "-" not in text and len(text) != len("2026"):
        return datetime.fromtimestamp(float(text), UTC)
    moment = datetime.fromisoformat(text if len(text) != len("2026") else f"{text}-01-01")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)


@dataclass(frozen=True, slots=True)
class _Operator:
    """How to read a policy's value and a request's, and how to compare them: `compare(wanted, found)`."""

    compare: Compare
    wanted: Parse = str
    found: Parse = str
    with_variables: bool = False


def _text(compare: Compare) -> _Operator:
    return _Operator(compare, with_variables=True)


def _equals_ignoring_case(wanted: str, found: str) -> Truth:
    return equals(wanted.casefold(), found.casefold())


_OPERATORS: Final[Mapping[str, _Operator]] = {
    "StringEquals": _text(equals),
    "StringEqualsIgnoreCase": _text(_equals_ignoring_case),
    "StringLike": _text(match),
    "ArnEquals": _text(match_arn),
    "ArnLike": _text(match_arn),
    "Bool": _Operator(lambda wanted, found: wanted is found, _boolean, _boolean),
    "BinaryEquals": _Operator(lambda wanted, found: wanted == found),
    "IpAddress": _Operator(lambda wanted, found: found in wanted, _network, ip_address),
    **{
        f"{kind}{name}": _Operator(compare, parse, parse)
        for kind, parse in (("Numeric", _number), ("Date", _moment))
        for name, compare in (
            ("Equals", lambda wanted, found: found == wanted),
            ("LessThan", lambda wanted, found: found < wanted),
            ("LessThanEquals", lambda wanted, found: found <= wanted),
            ("GreaterThan", lambda wanted, found: found > wanted),
            ("GreaterThanEquals", lambda wanted, found: found >= wanted),
        )
    },
}
_NEGATED: Final[Mapping[str, str]] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
_QUANTIFIERS: Final = ("", "ForAllValues", "ForAnyValue")


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key, read once: ask `holds` for each request."""

    key: str
    quantifier: str
    if_exists: bool
    negated: bool
    operator: _Operator | None  # None for Null
    wanted: tuple[Any, ...]
    version: str

    def holds(self, keys: Keys) -> Truth:
        """Whether it holds; None where that hangs on a value that is not known, or AWS's text does not say."""
        found = keys.found(self.key)
        unknown = not found and keys.is_unknown(self.key)
        if self.operator is None:
            one_of = set(self.wanted)
            return None if unknown and len(one_of) < 2 else (not found) in one_of
        if unknown:
            return None
        if not found:
            return self._holds_without_a_value()
        wanted = self._filled(keys)
        each = [self._holds_for(value, wanted) for value in found]
        if self.quantifier:
            return every(each) if self.quantifier == "ForAllValues" else some(each)
        # AWS compares several values only under ForAllValues or ForAnyValue, and does not say what happens without.
        return each[0] if len(set(each)) == 1 else None

    def _holds_without_a_value(self) -> Truth:
        if self.quantifier == "ForAnyValue":
            # "Returns false" says ForAnyValue's text of a key that is not there, "evaluate as true" IfExists's.
            return None if self.if_exists else False
        return self.quantifier == "ForAllValues" or self.negated or self.if_exists

    def _filled(self, keys: Keys) -> Sequence[Any]:
        if self.operator is None or not self.operator.with_variables:
            return self.wanted
        filled = [fill_variables(value, keys, self.version) for value in self.wanted]
        return [value for value in filled if value is not None or self.negated]

    def _holds_for(self, value: str, wanted: Sequence[Any]) -> Truth:
        assert self.operator is not None  # noqa: S101 `holds` answers Null itself
        operator = self.operator
        try:
            found = operator.found(value)
        except (ValueError, KeyError, OverflowError):
            return None  # a request's value of another kind: AWS's text does not say
        # Of a variable without a value AWS says that nothing matches it; not, what that makes of a negated operator.
        holds = some(None if one is None else operator.compare(one, found) for one in wanted)
        return negate(holds) if self.negated else holds


def read_conditions(block: Any, version: str = WITH_VARIABLES) -> tuple[Condition, ...]:
    """Every operator and key of a Condition block.

    Raises:
        UnknownOperatorError: an operator is not one of AWS's.
        ConditionValueError: a value is not of its operator's kind, or the block is none.
    """
    if block in (None, {}):
        return ()
    if not isinstance(block, Mapping) or not all(isinstance(keys, Mapping) for keys in block.values()):
        raise ConditionValueError("a Condition is an object of operators, each an object of keys")
    return tuple(
        _read(operator, key, values, version) for operator, keys in block.items() for key, values in keys.items()
    )


def _read(name: str, key: str, values: Any, version: str) -> Condition:
    quantifier, _, base = name.rpartition(":")
    bare = base.removesuffix("IfExists")
    operator = _OPERATORS.get(_NEGATED.get(bare, bare))
    if quantifier not in _QUANTIFIERS or (operator is None and name != "Null"):
        raise UnknownOperatorError(f"{name} is not a condition operator of IAM")
    parse = _boolean if operator is None else operator.wanted
    try:
        wanted = tuple(parse(text) for text in _texts(values))
    except (ValueError, KeyError, OverflowError):
        raise ConditionValueError(f"{values!r} of {key} is no value for {name}") from None
    if operator is not None and not operator.with_variables and any(has_variables(one) for one in _texts(values)):
        raise ConditionValueError(f"{values!r} of {key}: {name} takes no policy variables")
    return Condition(key.lower(), quantifier, base != bare, bare in _NEGATED, operator, wanted, version)


def _texts(values: Any) -> list[str]:
    listed = values if isinstance(values, list | tuple) else [values]
    if any(isinstance(value, Mapping | list | tuple) or value is None for value in listed):
        raise ConditionValueError(f"{values!r} is no value of a condition")
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in listed]
