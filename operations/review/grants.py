"""What a policy document allows that an older one did not."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from facts.permissions.actions import takes_resource
from facts.permissions.documents import Statement, accounts_of, is_open, principals, statements, values_of
from facts.permissions.escalation import escalations
from graph.values import plain


@dataclass(frozen=True, slots=True)
class Widening:
    """One thing that is newly allowed. `wide` where a reviewer must not overlook it."""

    what: str
    wide: bool


def widenings(old: Any, new: Any, *, identity: bool) -> Iterator[Widening]:
    """What `new` allows beyond `old`; both are documents, `old` may be None. Raises ValueError for no document."""
    before, after = statements(old), statements(new)
    yield from _lost_denials(before, after)
    allowed = [s for s in before if s.get("Effect") == "Allow"]
    for statement in after:
        if statement.get("Effect") == "Allow" and not any(_within(statement, known) for known in allowed):
            yield from _new_grant(statement, allowed, identity=identity)


def _lost_denials(before: list[Statement], after: list[Statement]) -> Iterator[Widening]:
    denials = [_comparable(s) for s in after if s.get("Effect") == "Deny"]
    for statement in before:
        if statement.get("Effect") == "Deny" and _comparable(statement) not in denials:
            yield Widening(f"the Deny {statement.get('Sid') or 'without a Sid'} is taken away or changed", wide=True)


def _comparable(statement: Statement) -> dict[str, Any]:
    lists = {"Action", "Resource", "NotAction", "NotResource"}
    return {
        key: sorted(values_of(statement, key)) if key in lists else plain(value)
        for key, value in statement.items()
        if key != "Sid"
    }


def _within(statement: Statement, known: Statement) -> bool:
    """Whether an older statement allowed all of this one, under no stricter conditions."""
    same = all(plain(statement.get(k)) == plain(known.get(k)) for k in ("Principal", "NotAction", "NotResource"))
    kept = known.get("Condition") in (None, {}) or plain(known.get("Condition")) == plain(statement.get("Condition"))
    return (
        same
        and kept
        and all(_covered(action, values_of(known, "Action")) for action in values_of(statement, "Action"))
        and all(_covered(arn, values_of(known, "Resource")) for arn in values_of(statement, "Resource"))
    )


def _covered(value: str, patterns: list[str]) -> bool:
    return any(value == pattern or fnmatchcase(value.lower(), pattern.lower()) for pattern in patterns)


def _new_grant(statement: Statement, allowed: list[Statement], *, identity: bool) -> Iterator[Widening]:
    actions, resources = values_of(statement, "Action"), values_of(statement, "Resource")
    was = next((s for s in allowed if s.get("Sid") and s.get("Sid") == statement.get("Sid")), None)
    grant = f"{_listed(actions) or 'everything but a list'} on {_listed(resources) or 'itself'}"
    if was:
        grant += f" (was {_listed(values_of(was, 'Action'))} on {_listed(values_of(was, 'Resource')) or 'itself'})"
        if was.get("Condition") and plain(was.get("Condition")) != plain(statement.get("Condition")):
            yield Widening(f"a condition of {statement['Sid']} is taken away or changed", wide=True)
    if identity:
        yield Widening(grant, wide=_is_wide(statement, actions, resources))
    else:
        yield from _new_principals(statement, allowed, grant)


def _is_wide(statement: Statement, actions: list[str], resources: list[str]) -> bool:
    star = "*" in resources and any(takes_resource(action) for action in actions)
    negated = "NotAction" in statement or "NotResource" in statement
    return star or negated or any("*" in action for action in actions) or bool(list(escalations([statement])))


def _new_principals(statement: Statement, allowed: list[Statement], grant: str) -> Iterator[Widening]:
    if is_open(statement):
        yield Widening(f"everybody is allowed {grant}", wide=True)
        return
    known = {name for older in allowed for name in _everyone(older)}
    named = _everyone(statement)
    fresh = [name for name in named if name not in known]
    # Another account is a door; a service is narrowed by conditions, which the pack checks.
    foreign = accounts_of(fresh) - accounts_of(known) if allowed else set()
    yield Widening(f"{_listed(fresh or named)} is allowed {grant}", wide=bool(foreign))


def _everyone(statement: Statement) -> list[str]:
    return [name for kind in ("AWS", "Service", "Federated") for name in principals(statement, kind)]


def _listed(values: list[str]) -> str:
    shown = [f"`{value}`" for value in values[:3]]
    return ", ".join(shown) + (f" and {len(values) - 3} more" if len(values) > 3 else "")


def trust_widenings(old: Any, new: Any) -> Iterator[Widening]:
    """Who may newly assume a role: every widening of a trust policy counts."""
    for found in widenings(old, new, identity=False):
        yield Widening(found.what, wide=old is not None or found.wide)
