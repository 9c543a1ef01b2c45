"""Whether a request is allowed, and by which statement.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
and, for two accounts, reference_policies_evaluation-logic-cross-account.html beside it. Organization policies are left
out: no stack declares any.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from facts.permissions.conditions import conditions_hold
from facts.permissions.patterns import Context, fill_variables, matches

Statement = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who asks: a role's session (`role_arn` and `arn` differ), a user, an account's root, or an AWS service."""

    arn: str
    account: str
    role_arn: str = ""
    service: str = ""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One action on one resource. `context` holds the request's condition keys in lower case."""

    principal: Principal
    action: str
    resource: str
    resource_account: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Policies:
    """Every policy that has a say: statements with the name of the policy that holds them.

    None for `boundary` or `session` means that there is none, an empty list that it allows nothing. With
    `resource_decides`, identity policies count only where the resource's policy lets its account decide (KMS keys and
    roles' trust: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html).
    """

    identity: Sequence["Held"] = ()
    boundary: Sequence["Held"] | None = None
    session: Sequence["Held"] | None = None
    resource: Sequence["Held"] = ()
    resource_decides: bool = False


@dataclass(frozen=True)
class Held:
    """A statement and the policy that it stands in."""

    policy: str
    statement: Statement

    def __str__(self) -> str:
        return f"{self.policy}/{self.statement.get('Sid', 'a statement without Sid')}"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Allowed or not, why in one line, and the statements that decided."""

    allowed: bool
    reason: str
    statements: tuple[Held, ...] = ()


class Grant(StrEnum):
    """How far a resource's policy reaches a principal."""

    NONE = "none"
    ACCOUNT = "account"  # the principal's account may decide by its identity policies
    PRINCIPAL = "principal"  # the role, the user or everyone, named directly
    SESSION = "session"  # this very session, which no boundary limits


def decide(request: Request, policies: Policies) -> Decision:  # noqa: PLR0911  AWS documents it as a ladder
    """Judge a request by IAM's logic: an explicit deny anywhere wins, then everything that must allow has to."""
    denied = next(_denials(request, policies), None)
    if denied:
        return Decision(allowed=False, reason=f"denied by {denied}", statements=(denied,))
    grant, granting = _resource_grant(request, policies.resource)
    if request.principal.service:
        return _settled(granting, "resource's policy") if granting else _refused(request, "the resource's policy")
    same_account = request.principal.account == request.resource_account
    if not same_account and grant is Grant.NONE:
        return _refused(request, "the resource's policy, which another account needs")
    if policies.resource_decides and grant is Grant.NONE:
        return _refused(request, "the resource's policy, which decides whether the account may")
    if same_account and grant is Grant.SESSION:
        return _settled(granting, "resource's policy")
    limits = [statements for statements in (policies.boundary, policies.session) if statements is not None]
    if not all(any(_allowances(request, statements)) for statements in limits):
        return _refused(request, "the permissions boundary or the session's policy")
    if same_account and grant is Grant.PRINCIPAL:
        return _settled(granting, "resource's policy")
    identity = next(_allowances(request, policies.identity), None)
    if identity is None:
        return _refused(request, "any policy of the principal")
    return Decision(
        allowed=True,
        reason=f"allowed by {identity}",
        statements=(identity, *([granting] if granting else [])),
    )


def _settled(granting: Held | None, what: str) -> Decision:
    assert granting is not None  # noqa: S101  a grant without its statement is a mistake in this file
    return Decision(allowed=True, reason=f"allowed by the {what} {granting}", statements=(granting,))


def _refused(request: Request, where: str) -> Decision:
    return Decision(allowed=False, reason=f"{request.action} on {request.resource} is not allowed by {where}")


def _denials(request: Request, policies: Policies) -> Iterator[Held]:
    own = [*policies.identity, *(policies.boundary or ()), *(policies.session or ())]
    for held in own:
        if _applies(held.statement, request, "Deny"):
            yield held
    for held in policies.resource:
        if _applies(held.statement, request, "Deny") and _names(held.statement, request.principal) is not Grant.NONE:
            yield held


def _allowances(request: Request, statements: Sequence[Held]) -> Iterator[Held]:
    return (held for held in statements if _applies(held.statement, request, "Allow"))


def _resource_grant(request: Request, statements: Sequence[Held]) -> tuple[Grant, Held | None]:
    order = list(Grant)
    best, by = Grant.NONE, None
    for held in _allowances(request, statements):
        grant = _names(held.statement, request.principal)
        if order.index(grant) > order.index(best):
            best, by = grant, held
    return best, by


def _applies(statement: Statement, request: Request, effect: Literal["Allow", "Deny"]) -> bool:
    return (
        statement.get("Effect") == effect
        and _covers_action(statement, request.action)
        and _covers_resource(statement, request)
        and conditions_hold(statement.get("Condition", {}), request.context)
    )


def _covers_action(statement: Statement, action: str) -> bool:
    if "NotAction" in statement:
        return not any(matches(one, action, ignore_case=True) for one in _listed(statement["NotAction"]))
    return any(matches(one, action, ignore_case=True) for one in _listed(statement.get("Action", [])))


def _covers_resource(statement: Statement, request: Request) -> bool:
    """A statement of a trust policy has no Resource: it stands on its role."""
    if "NotResource" in statement:
        return not _any_resource(_listed(statement["NotResource"]), request)
    return "Resource" not in statement or _any_resource(_listed(statement["Resource"]), request)


def _any_resource(patterns: Sequence[str], request: Request) -> bool:
    filled = (fill_variables(pattern, request.context) for pattern in patterns)
    return any(pattern is not None and matches(pattern, request.resource) for pattern in filled)


def _names(statement: Statement, principal: Principal) -> Grant:
    if "NotPrincipal" in statement:
        excepted = _grant(statement["NotPrincipal"], principal)
        return Grant.NONE if excepted is not Grant.NONE else Grant.PRINCIPAL
    return _grant(statement.get("Principal", {}), principal)


def _grant(named: Any, principal: Principal) -> Grant:
    """How a Principal element names a principal.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    if named == "*":
        return Grant.PRINCIPAL
    if principal.service:
        return Grant.PRINCIPAL if principal.service in _listed(named.get("Service", [])) else Grant.NONE
    names = _listed(named.get("AWS", []))
    if principal.role_arn and principal.arn in names:
        return Grant.SESSION
    if {"*", principal.role_arn or principal.arn} & set(names):
        return Grant.PRINCIPAL
    account = {principal.account, f"arn:aws:iam::{principal.account}:root"}
    return Grant.ACCOUNT if account & set(names) else Grant.NONE


def _listed(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]
