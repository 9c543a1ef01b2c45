"""One statement of a policy, read once so that many requests can be held against it.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from facts.permissions.conditions import Condition, read_conditions
from facts.permissions.documents import Statement, label_of
from facts.permissions.errors import PolicyError
from facts.permissions.patterns import Keys, expression_of, fill_variables, has_variables, match
from facts.permissions.principals import check_principals, listed
from facts.permissions.truth import Truth, every, negate, some

_ONE_OF: Final = (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal"))
_CACHED: Final = 1 << 14


@dataclass(frozen=True, slots=True)
class Read:
    """A statement whose patterns are compiled and whose conditions are read."""

    denies: bool
    actions: "_Actions"
    resources: "_Resources | None"  # None: a trust policy's statement, which stands on its role
    conditions: tuple[Condition, ...]

    def covers_action(self, action: str) -> bool:
        """Whether it speaks of an action, given in lower case."""
        return self.actions.cover(action)

    def covered(self, actions: frozenset[str]) -> frozenset[str]:
        """Of these actions, those that it speaks of."""
        return _covered(self.actions, actions)

    def covers_resource(self, resource: str, keys: Keys) -> Truth:
        return True if self.resources is None else self.resources.cover(resource, keys)

    def conditions_hold(self, keys: Keys) -> Truth:
        return every(one.holds(keys) for one in self.conditions) if self.conditions else True


@dataclass(frozen=True, slots=True)
class _Actions:
    named: frozenset[str]
    patterns: re.Pattern[str] | None
    excepted: bool

    def cover(self, action: str) -> bool:
        found = action in self.named or (self.patterns is not None and self.patterns.fullmatch(action) is not None)
        return found is not self.excepted


@lru_cache(_CACHED)
def _covered(some: _Actions, actions: frozenset[str]) -> frozenset[str]:
    return frozenset(action for action in actions if some.cover(action.lower()))


@dataclass(frozen=True, slots=True)
class _Resources:
    patterns: re.Pattern[str] | None
    with_variables: tuple[str, ...]
    excepted: bool
    version: str

    def cover(self, resource: str, keys: Keys) -> Truth:
        found: Truth = self.patterns is not None and self.patterns.fullmatch(resource) is not None
        if not found and self.with_variables:
            filled = [fill_variables(text, keys, self.version) for text in self.with_variables]
            found = some(match(pattern, resource) for pattern in filled if pattern is not None)
            if self.excepted and found is False and None in filled:
                return None  # AWS's text does not say what an exception is whose variable has no value
        return negate(found) if self.excepted else found


def read_statement(statement: Statement, version: str) -> Read:
    """A statement ready for requests.

    Raises:
        PolicyError: AWS would not take it; the message names the statement and what is wrong with it.
    """
    try:
        return _read(statement, version)
    except PolicyError as error:
        raise type(error)(f"{label_of(statement)}: {error}") from None


def _read(statement: Statement, version: str) -> Read:
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"its Effect is {effect!r}, and not Allow or Deny")
    for pair in _ONE_OF:
        if all(name in statement for name in pair):
            raise PolicyError(f"it has both {' and '.join(pair)}")
    for name in ("Principal", "NotPrincipal"):
        if name in statement:
            check_principals(statement[name])
    return Read(
        denies=effect == "Deny",
        actions=_read_actions(statement),
        resources=_read_resources(statement, version),
        conditions=read_conditions(statement.get("Condition"), version),
    )


def _read_actions(statement: Statement) -> _Actions:
    name = "NotAction" if "NotAction" in statement else "Action"
    texts = [text.lower() for text in _texts(statement, name)]
    if not texts:
        raise PolicyError("it names no action")
    wild = [text for text in texts if "*" in text or "?" in text]
    return _Actions(frozenset(texts).difference(wild), _any_of(tuple(wild)), name == "NotAction")


def _read_resources(statement: Statement, version: str) -> _Resources | None:
    name = "NotResource" if "NotResource" in statement else "Resource"
    if name not in statement:
        return None
    texts = _texts(statement, name)
    filled = tuple(text for text in texts if has_variables(text, version))
    return _Resources(_any_of(tuple(one for one in texts if one not in filled)), filled, name == "NotResource", version)


def _texts(statement: Statement, element: str) -> Sequence[str]:
    values = listed(statement.get(element, []))
    if not all(isinstance(value, str) for value in values):
        raise PolicyError(f"its {element} is not a text or a list of texts")
    return values


@lru_cache(_CACHED)
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(expression_of, patterns)), re.DOTALL) if patterns else None
