"""One permission as it is shown: who, what, on what, on which conditions; and who may become a role."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from facts.permissions.documents import Statement, values_of
from graph import Resource
from graph.values import items


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A `*` where a name could stand; `reason` is empty when none is known."""

    what: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Permission:
    """One statement. `who` is empty in an identity's own policy; `anyone` says that it names everybody."""

    sid: str
    effect: Literal["Allow", "Deny"]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[str, ...]
    who: tuple[str, ...] = ()
    anyone: bool = False
    wildcards: tuple[Wildcard, ...] = ()
    policy: Resource | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """A role, or a policy that no role of this stack has, with all that it may do."""

    holder: Resource
    trust: tuple[Permission, ...]
    permissions: tuple[Permission, ...]
    boundary: str = ""
    managed: tuple[str, ...] = ()  # ARNs of attached policies that this stack does not declare

    @property
    def attached(self) -> bool:
        """Whether this is somebody, and not a policy that waits to be attached."""
        return bool(self.trust)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A resource with a policy of its own."""

    holder: Resource
    permissions: tuple[Permission, ...]


_OPERATORS: Mapping[str, str] = {
    "StringEquals": "is",
    "StringEqualsIgnoreCase": "is",
    "StringNotEquals": "is not",
    "StringLike": "is like",
    "StringNotLike": "is not like",
    "ArnEquals": "is",
    "ArnNotEquals": "is not",
    "ArnLike": "is like",
    "ArnNotLike": "is not like",
    "Bool": "is",
    "NumericEquals": "is",
    "NumericLessThan": "is less than",
    "NumericGreaterThan": "is more than",
    "DateLessThan": "is before",
    "DateGreaterThan": "is after",
    "IpAddress": "is in",
    "NotIpAddress": "is not in",
}


def condition_words(statement: Statement) -> Iterator[str]:
    """Each condition of a statement as `key is value`; several values are alternatives."""
    block = statement.get("Condition")
    for operator, keys in block.items() if isinstance(block, Mapping) else ():
        for key, value in keys.items() if isinstance(keys, Mapping) else ():
            yield _words(str(operator), str(key), [str(one) for one in items(value)])


def _words(operator: str, key: str, values: Sequence[str]) -> str:
    if operator == "Null":
        return f"{key} {'is absent' if values == ['true'] else 'is given'}"
    bare = operator.removesuffix("IfExists")
    quantifier, _, plain = bare.rpartition(":")
    subject = {"ForAllValues": f"every {key}", "ForAnyValue": f"some {key}"}.get(quantifier, key)
    verb = _OPERATORS.get(plain, plain)
    # Of several values a negation refuses each, and an affirmation takes any.
    joined = (" nor " if " not" in verb else " or ").join(values)
    return f"{subject} {verb} {joined}{', where given' if bare != operator else ''}"


def actions_of(statement: Statement) -> tuple[str, ...]:
    """Actions of a statement; a negated list says so."""
    return (*values_of(statement, "Action"), *(f"all but {one}" for one in values_of(statement, "NotAction")))


def resources_of(statement: Statement) -> tuple[str, ...]:
    """Resources of a statement; a negated list says so."""
    return (*values_of(statement, "Resource"), *(f"all but {one}" for one in values_of(statement, "NotResource")))


def who_of(statement: Statement) -> tuple[str, ...]:
    """Principals of a statement of a resource's policy or of a trust policy."""
    if "NotPrincipal" in statement:
        return (f"everybody but {_flat(statement['NotPrincipal'])}",)
    named = statement.get("Principal")
    if isinstance(named, str):
        return ("anyone" if named == "*" else named,)
    if isinstance(named, Mapping):
        return tuple("anyone" if one == "*" else str(one) for value in named.values() for one in items(value))
    return ()


def _flat(principal: object) -> str:
    values = list(principal.values()) if isinstance(principal, Mapping) else [principal]
    return ", ".join(str(one) for value in values for one in items(value))
