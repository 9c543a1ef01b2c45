"""What somebody may do that an older set of grants did not allow."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from facts.permissions.actions import takes_resource
from facts.permissions.copies import serves_copies
from facts.permissions.documents import (
    LIMITING_TYPES,
    PolicyKind,
    Statement,
    accounts_of,
    demanded,
    is_open,
    label_of,
    principals,
    values_of,
)
from facts.permissions.escalation import escalations
from facts.permissions.narrowing import loosens, narrows
from facts.permissions.patterns import includes
from facts.permissions.principals import KINDS
from facts.permissions.resources import attaches_functions_alone, is_every_one
from facts.reach import Grants, WrittenStatement
from graph.resource import type_of
from graph.values import items, plain

_SWEEPING: Final = re.compile(r"(?:[^:]*:)?[A-Z]?[a-z]*[*?]")
_ACCOUNT: Final = re.compile(r"^(?:arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):.*|(\d{12}))$")


@dataclass(frozen=True, slots=True)
class Widening:
    """One thing that is newly allowed, by which resource; `wide` where a reviewer must not overlook it.

    `controls` are the policies that would refuse it of an identity, where that alone makes it wide.
    """

    what: str
    wide: bool
    by: str
    controls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts that a stack calls its own, and those that keep copies of its backups."""

    own: frozenset[str]
    copied_to: frozenset[str] = frozenset()


def widenings(before: Grants | None, after: Grants, accounts: Accounts) -> Iterator[Widening]:
    """What `after` allows beyond `before`; None where the subject is new."""
    old = before.statements if before else []
    for name, by in _denials_beyond(old, after.statements):
        yield Widening(f"the Deny {name} is taken away or changed", wide=True, by=by)
    allowed = [one.statement for one in old if one.statement.get("Effect") == "Allow"]
    for one in after.statements:
        if one.statement.get("Effect") != "Allow" or one.statement in allowed:  # most stay as they are
            continue
        if not within(one.statement, allowed):
            yield from _new_grant(one, allowed, after.kind, accounts, new=before is None)
    for arn, by in after.managed.items():
        if before is None or arn not in before.managed:
            yield Widening(f"{arn.rpartition('/')[2]} is attached, whose content is not known here", wide=True, by=by)


def _denials_beyond(ones: Sequence[WrittenStatement], others: Sequence[WrittenStatement]) -> Iterator[tuple[Any, str]]:
    """The name of each Deny that others do not hold, and what says it."""
    denials = [one.statement for one in others if one.statement.get("Effect") == "Deny"]
    for one in ones:
        if one.statement.get("Effect") == "Deny" and not within(one.statement, denials):
            yield one.statement.get("Sid") or "without a Sid", one.by


def ended(before: Grants | None, after: Grants) -> Iterator[Widening]:
    """What a service of AWS may not do any more, and so does not write, tell or encrypt; what is refused to anybody."""
    for name, by in _denials_beyond(after.statements, before.statements) if before else ():
        yield Widening(f"the Deny {name} refuses more than before", wide=False, by=by)
    allowed = [one.statement for one in after.statements if one.statement.get("Effect") == "Allow"]
    for one in before.statements if before else ():
        if one.statement.get("Effect") != "Allow":
            continue
        alone = {
            name: {**one.statement, "Principal": {"Service": name}} for name in principals(one.statement, "Service")
        }
        lost = [name for name, statement in alone.items() if not within(statement, allowed)]
        if lost:
            actions = _listed(values_of(one.statement, "Action"))
            may = "is" if len(lost) == 1 else "are"
            yield Widening(f"{_listed(lost)} {may} not allowed all of {actions} any more", wide=False, by=one.by)


def within(statement: Statement, known: Sequence[Statement]) -> bool:
    """Whether other statements of the same effect hold all of this one together, each under no stricter conditions."""
    alike = [one for one in known if _same_kind(statement, one) and narrows(statement, one)]
    return any(_covers(statement, one) for one in alike) or (
        len(alike) > 1 and all(any(_covers(part, one) for one in alike) for part in _parts(statement))
    )


def _parts(statement: Statement) -> Iterator[Statement]:
    """Each action on each resource; what says neither is whole."""
    for action in items(statement.get("Action")) or [None]:
        for resource in items(statement.get("Resource")) or [None]:
            yield {**statement, "Action": action, "Resource": resource}


def _same_kind(statement: Statement, known: Statement) -> bool:
    """Whether another statement is for everybody whom this one names, and leaves out the same."""
    left_out = ("NotPrincipal", "NotAction", "NotResource")
    return all(plain(statement.get(key)) == plain(known.get(key)) for key in left_out) and all(
        set(principals(statement, kind)) <= set(principals(known, kind))
        or (kind == "AWS" and "*" in principals(known, kind))
        for kind in KINDS
    )


def _covers(statement: Statement, known: Statement) -> bool:
    """Whether another statement's actions and resources hold all of this one's, whatever the conditions."""
    actions = [pattern.lower() for pattern in values_of(known, "Action")]
    return all(_covered(action.lower(), actions) for action in values_of(statement, "Action")) and all(
        _covered(arn, values_of(known, "Resource")) for arn in values_of(statement, "Resource")
    )


def _covered(value: str, patterns: list[str]) -> bool:
    return value in patterns or any(includes(pattern, value) for pattern in patterns)


def _new_grant(
    one: WrittenStatement, allowed: Sequence[Statement], kind: PolicyKind, accounts: Accounts, *, new: bool
) -> Iterator[Widening]:
    statement = one.statement
    actions, resources = values_of(statement, "Action"), values_of(statement, "Resource")
    was = next((s for s in allowed if s.get("Sid") and s.get("Sid") == statement.get("Sid")), None)
    grant = f"{_listed(actions) or 'everything but a list'} on {_listed(resources) or 'itself'}"
    if was:
        grant += f" (was {_listed(values_of(was, 'Action'))} on {_listed(values_of(was, 'Resource')) or 'itself'})"
    if kind == "identity":
        limited = _limited(statement, was, allowed)
        if limited is not None:
            yield _loosened(limited, one)
            return
        controls = tuple(_refused_by(statement, actions, resources))
        yield Widening(grant, wide=bool(controls), by=one.by, controls=controls)
    else:
        yield from _new_principals(one, allowed, grant, kind, accounts, new=new)


def _limited(statement: Statement, was: Statement | None, allowed: Sequence[Statement]) -> Statement | None:
    """The statement that allowed the same under a condition, under whatever Sid."""
    held = next((one for one in allowed if one.get("Condition") and _covers(statement, one)), None)
    if held is None and was is not None and was.get("Condition") and not narrows(statement, was):
        return was
    return held


def _loosened(limited: Statement, one: WrittenStatement) -> Widening:
    name = label_of(limited if limited.get("Sid") else one.statement)
    return Widening(f"a condition of {name} is taken away or changed", wide=True, by=one.by)


def _refused_by(statement: Statement, actions: list[str], resources: list[str]) -> Iterator[str]:
    """The controls that a new grant of an identity would have to answer to."""
    takes = any(takes_resource(action) for action in actions)
    every = takes and any(map(is_every_one, resources)) and not attaches_functions_alone(statement)
    if every or "NotResource" in statement:
        yield "role-name-resources"
    if "NotAction" in statement or any("*" in action or "?" in action for action in actions):
        yield "role-name-actions"
    if any(escalations([statement])):
        yield "role-refuse-escalation"


def _new_principals(
    one: WrittenStatement,
    allowed: Sequence[Statement],
    grant: str,
    kind: PolicyKind,
    accounts: Accounts,
    *,
    new: bool,
) -> Iterator[Widening]:
    statement = one.statement
    if is_open(statement) and not only_known_callers(statement, accounts.own, type_of(one.by)):
        yield Widening(f"everybody is allowed {grant}", wide=True, by=one.by)
        return
    same = [known for known in allowed if _same_kind(statement, known) and _covers(statement, known)]
    if kind == "resource" and same and all(loosens(statement, known) for known in same):
        yield _loosened(same[0], one)
        return
    known = {name for older in allowed for name in _everyone(older)}
    named = _everyone(statement)
    fresh = [name for name in named if name not in known]
    services = set(principals(statement, "Service"))
    trusted = accounts.own | accounts_of(known)  # an account that this very policy let in before is no new one
    if serves_copies(type_of(one.by), statement, accounts.copied_to):  # the plan that copies there is what counts
        trusted |= accounts_of(named)
    outside = [name for name in fresh if name not in services and is_outsider(name, trusted)]
    # Every other widening of an existing trust counts too: somebody else becomes the role.
    wide = bool(outside) or (not new and (kind == "trust" or _is_sweeping(statement, allowed)))
    yield Widening(f"{_listed(fresh or named)} is allowed {grant}", wide=wide, by=one.by)


def _is_sweeping(statement: Statement, allowed: Sequence[Statement]) -> bool:
    """Whether it newly allows actions by no more than a verb, as `kms:*` and `s3:Put*` do, or all but a list."""
    held = [action.lower() for one in allowed if _same_kind(statement, one) for action in values_of(one, "Action")]
    fresh = (action for action in values_of(statement, "Action") if not _covered(action.lower(), held))
    return "NotAction" in statement or any(map(_SWEEPING.match, fresh))


def only_known_callers(statement: Statement, own_accounts: frozenset[str], kind: str) -> bool:
    """Whether an open statement's conditions let in this account's own callers alone.

    Through an endpoint, also whoever reaches only what is this account's; of anything else that is no condition.
    """
    keys = ["aws:principalaccount", "aws:sourceaccount", "kms:calleraccount", "aws:sourceowner"]
    if kind in LIMITING_TYPES:
        keys.append("aws:resourceaccount")
    return any(own_accounts.issuperset(values) for _, values in demanded(statement, *keys))


def is_outsider(name: str, own_accounts: Set[str]) -> bool:
    """Whether a principal is of another account, or of nobody knows which: a unique id, a foreign identity provider."""
    account = _ACCOUNT.match(name)
    return account is None or (account[1] or account[2]) not in own_accounts


def _everyone(statement: Statement) -> list[str]:
    return [name for kind in KINDS for name in principals(statement, kind)]


def _listed(values: list[str]) -> str:
    shown = [f"`{value}`" for value in values[:3]]
    return ", ".join(shown) + (f" and {len(values) - 3} more" if len(values) > 3 else "")
