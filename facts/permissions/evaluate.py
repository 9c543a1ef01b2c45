"""Whether a request is allowed, and by which statement.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
and, for two accounts, reference_policies_evaluation-logic-cross-account.html beside it. Service control policies count
where whoever asks gives them; they limit every principal of an account, root too:
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from facts.permissions.documents import Statement, label_of, version_of
from facts.permissions.patterns import WITH_VARIABLES, Context, Keys
from facts.permissions.principals import Grant, Principal, grant, is_denied
from facts.permissions.statements import Read, read_statement
from facts.permissions.truth import Truth, every
from graph.values import document as document_of

__all__ = [
    "Decision",
    "Held",
    "Policies",
    "Principal",
    "Request",
    "Statement",
    "Undecided",
    "decide",
    "held_statements",
]


class Undecided(Enum):
    """What counts where a statement cannot be decided: a key's value is not known, or AWS's text does not say."""

    GRANTS = "grants"
    """An Allow applies, a Deny does not: for a verdict on who could reach something, where missing one is the harm."""
    REFUSES = "refuses"
    """An Allow does not apply, a Deny does: where a right has to suffice, as for a service that must work."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One action on one resource.

    `context` holds the request's condition keys in lower case, `unknown` patterns (lower case, `*`) of the keys whose
    values are not known; what is in neither, the request does not carry.
    """

    principal: Principal
    action: str
    resource: str
    resource_account: str
    context: Context = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Policies:
    """Every policy that has a say: statements with the name of the policy that holds them.

    None for `boundary`, `session` or `organization` means that there is none, an empty list that it allows nothing.
    With `resource_decides`, identity policies count only where the resource's policy lets its account decide (KMS keys
    and roles' trust: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html).
    """

    identity: Sequence["Held"] = ()
    boundary: Sequence["Held"] | None = None
    session: Sequence["Held"] | None = None
    organization: Sequence["Held"] | None = None
    resource: Sequence["Held"] = ()
    resource_decides: bool = False


@dataclass(frozen=True)
class Held:
    """A statement, the policy that it stands in, and that policy's `Version`."""

    policy: str
    statement: Statement
    version: str = WITH_VARIABLES

    def __str__(self) -> str:
        return f"{self.policy}/{label_of(self.statement)}"

    @cached_property
    def read(self) -> Read:
        """The statement, read once. Raises PolicyError."""
        return read_statement(self.statement, self.version)


def held_statements(policy: str, document: Any) -> list[Held]:
    """The statements of a document (a text or an object) under the name of its policy.

    Raises:
        ValueError: it is no JSON object.
    """
    body = document_of(document)
    if not isinstance(body, Mapping):
        raise ValueError(f"{policy}: a policy document is a JSON object")
    statements, version = body.get("Statement", []), version_of(body)
    return [Held(policy, one, version) for one in (statements if isinstance(statements, list) else [statements])]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Allowed or not, why in one line, and the statements that decided."""

    allowed: bool
    reason: str
    statements: tuple[Held, ...] = ()


def decide(request: Request, policies: Policies, undecided: Undecided = Undecided.REFUSES) -> Decision:
    """Judge a request by IAM's logic: an explicit deny anywhere wins, then everything that must allow has to.

    Raises:
        PolicyError: a statement is not one that AWS would take.
    """
    return _Judgement(request, policies, undecided).decision()


class _Judgement:
    """One request before its policies."""

    def __init__(self, request: Request, policies: Policies, undecided: Undecided) -> None:
        self._request, self._policies, self._undecided = request, policies, undecided
        self._keys = Keys(request.context, request.unknown)
        self._action = request.action.lower()

    def decision(self) -> Decision:
        request, policies, principal = self._request, self._policies, self._request.principal
        denied = next(self._denials(), None)
        if denied:
            return Decision(allowed=False, reason=f"denied by {denied}", statements=(denied,))
        if principal.has_identity_policies and not self._within(policies.organization):
            return self._refused("the organization's policies")
        grants = self._resource_grants()
        granting = grants[max(grants)] if grants else None
        if not principal.has_identity_policies:
            return _settled(granting) if granting else self._refused("the resource's policy")
        same_account = principal.account == request.resource_account
        if not granting and not same_account:
            return self._refused("the resource's policy, which another account needs")
        if not granting and policies.resource_decides:
            return self._refused("the resource's policy, which decides whether the account may")
        settling = self._settling(grants) if same_account else None
        return _settled(settling) if settling else self._by_identity(granting)

    def _settling(self, grants: Mapping[Grant, Held]) -> Held | None:
        """The resource's grant that needs no identity policy beside it, if the principal's limits allow as much."""
        if Grant.DIRECT in grants:
            return grants[Grant.DIRECT]
        named = grants.get(Grant.ROLE) or grants.get(Grant.EVERYONE)
        if named is not None and self._within_limits():
            return named
        return grants.get(Grant.EVERYONE) if self._undecided is Undecided.GRANTS else None

    def _by_identity(self, granting: Held | None) -> Decision:
        if not self._within_limits():
            return self._refused("the permissions boundary or the session's policy")
        if self._request.principal.is_root:
            return Decision(allowed=True, reason="the account's root may do what nothing denies")
        identity = next(self._allowances(self._policies.identity), None)
        if identity is None:
            return self._refused("any policy of the principal")
        statements = (identity, *([granting] if granting else []))
        return Decision(allowed=True, reason=f"allowed by {identity}", statements=statements)

    def _within_limits(self) -> bool:
        return self._within(self._policies.boundary) and self._within(self._policies.session)

    def _within(self, limit: Sequence[Held] | None) -> bool:
        return limit is None or any(self._allowances(limit))

    def _refused(self, where: str) -> Decision:
        request = self._request
        return Decision(allowed=False, reason=f"{request.action} on {request.resource} is not allowed by {where}")

    def _denials(self) -> Iterator[Held]:
        policies = self._policies
        limits = (*(policies.boundary or ()), *(policies.session or ()), *(policies.organization or ()))
        own = (*policies.identity, *limits)
        for held in own if self._request.principal.has_identity_policies else ():
            if held.read.denies and self._counts(held, self._covers(held.read)):
                yield held
        for held in policies.resource:
            if held.read.denies:
                denied = is_denied(held.statement, self._request.principal, bounded=policies.boundary is not None)
                if denied is not False and self._counts(held, every((denied, self._covers(held.read)))):
                    yield held

    def _allowances(self, statements: Sequence[Held]) -> Iterator[Held]:
        return (held for held in statements if not held.read.denies and self._counts(held, self._covers(held.read)))

    def _resource_grants(self) -> dict[Grant, Held]:
        """The first statement of each way in which the resource's policy reaches the principal."""
        found: dict[Grant, Held] = {}
        for held in self._allowances(self._policies.resource):
            reach = grant(held.statement, self._request.principal)
            if reach is not Grant.NONE:
                found.setdefault(reach, held)
        return found

    def _covers(self, read: Read) -> Truth:
        if not read.covers_action(self._action):
            return False
        resource = read.covers_resource(self._request.resource, self._keys)
        return resource if resource is False else every((resource, read.conditions_hold(self._keys)))

    def _counts(self, held: Held, truth: Truth) -> bool:
        if truth is not None:
            return truth
        return held.read.denies is (self._undecided is Undecided.REFUSES)


def _settled(granting: Held) -> Decision:
    return Decision(allowed=True, reason=f"allowed by the resource's policy {granting}", statements=(granting,))
