"""Who asks, and whether a policy on a resource names them.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html and
reference_policies_elements_notprincipal.html beside it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from facts.permissions.errors import PrincipalError
from facts.permissions.truth import Truth

KINDS: Final = ("AWS", "Service", "Federated", "CanonicalUser")
_NAMED = re.compile(
    r"\*|\d{12}"
    r"|arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)/[^*?]+)"
    r"|arn:aws[a-z-]*:sts::\d{12}:(assumed-role/[^*?/]+/[^*?]+|federated-user/[^*?]+)"
    r"|arn:aws[a-z-]*:iam::cloudfront:user/[^*?]+"
    r"|A[A-Z0-9]{15,}"  # the unique id that AWS puts in place of whoever was deleted
)


class Grant(IntEnum):
    """How far a resource's policy reaches a principal."""

    NONE = 0
    ACCOUNT = 1
    """The principal's account may decide by its identity policies."""
    EVERYONE = 2
    """By a wildcard; whether a boundary limits that, AWS's text does not say."""
    ROLE = 3
    """A session's role, named; the role's boundary limits that."""
    DIRECT = 4
    """This very session, user, service or provider, which no boundary limits."""


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who asks: a role's session (`role_arn` and `arn` differ), a user, an account's root, an AWS service, whoever an
    identity provider vouches for (`federated`, its ARN or name), an account by the id that S3 knows it by
    (`canonical`), or, with nothing given, somebody anonymous.
    """

    arn: str = ""
    account: str = ""
    role_arn: str = ""
    service: str = ""
    federated: str = ""
    canonical: str = ""

    @property
    def has_identity_policies(self) -> bool:
        """Whether an account of AWS holds policies for them; for the others a resource's policy alone decides."""
        return bool(self.account) and not self.service and not self.federated

    @property
    def is_root(self) -> bool:
        """Whether it is an account's root, which needs no policy of its own."""
        return self.arn.endswith(":root")


def check_principals(element: Any) -> None:
    """Raise PrincipalError where a Principal or NotPrincipal element is not one that AWS takes."""
    if element == "*":
        return
    if not isinstance(element, Mapping) or not element:
        raise PrincipalError(f'{element!r} is no principal: it is "*" or an object of {", ".join(KINDS)}')
    for kind, names in element.items():
        if kind not in KINDS:
            raise PrincipalError(f"{kind!r} is no kind of principal: {', '.join(KINDS)}")
        for name in listed(names):
            if not isinstance(name, str) or not name:
                raise PrincipalError(f"{name!r} is no principal")
            if kind == "AWS" and not _NAMED.fullmatch(name):
                raise PrincipalError(f"{name!r} names no account, user, role or session, and wildcards name none")
            if kind != "AWS" and name != "*" and ("*" in name or "?" in name):
                raise PrincipalError(f"{name!r}: a wildcard names no {kind.lower()} principal")


def grant(statement: Mapping[str, Any], principal: Principal) -> Grant:
    """How far an Allow of a resource's policy reaches a principal.

    AWS does not support NotPrincipal with Allow any more; where it stands, it lets in everybody but whom it names.
    """
    if "NotPrincipal" in statement:
        excepted = _grant(statement["NotPrincipal"], principal)
        return Grant.NONE if excepted is not Grant.NONE else Grant.EVERYONE
    return _grant(statement.get("Principal", {}), principal)


def is_denied(statement: Mapping[str, Any], principal: Principal, *, bounded: bool) -> Truth:
    """Whether a Deny of a resource's policy is meant for a principal.

    With NotPrincipal: a role or user with a boundary always; else somebody is spared for sure by their own name (a
    session by its role's) beside their account's. With less, as a session's name or the account alone, AWS says that
    it "might" deny, so that is not decided.
    """
    if "NotPrincipal" not in statement:
        return _grant(statement.get("Principal", {}), principal) is not Grant.NONE
    named = statement["NotPrincipal"]
    if not principal.has_identity_policies:
        return _grant(named, principal) is Grant.NONE
    if bounded:
        return True
    if named == "*":
        return False
    names = set(listed(named.get("AWS", [])))
    account = bool(names & _account_names(principal)) or "*" in names
    own = "*" in names or (principal.role_arn or principal.arn) in names
    if account and own:
        return False
    return None if account or own or principal.arn in names else True


def _grant(named: Any, principal: Principal) -> Grant:
    if named == "*":
        return Grant.EVERYONE
    for kind, own in (
        ("Service", principal.service),
        ("Federated", principal.federated),
        ("CanonicalUser", principal.canonical),
    ):
        if own and own in listed(named.get(kind, [])):
            return Grant.DIRECT
    return _grant_by_name(set(listed(named.get("AWS", []))), principal)


def _grant_by_name(names: set[Any], principal: Principal) -> Grant:
    if principal.arn in names:
        return Grant.DIRECT
    if principal.role_arn in names:
        return Grant.ROLE
    if "*" in names:  # AWS: the same as "*" alone
        return Grant.EVERYONE
    by_account = principal.has_identity_policies and _account_names(principal) & names
    return Grant.ACCOUNT if by_account else Grant.NONE


def _account_names(principal: Principal) -> set[str]:
    partition = (principal.role_arn or principal.arn or "arn:aws").split(":")[1]
    return {principal.account, f"arn:{partition}:iam::{principal.account}:root"}


def listed(value: Any) -> Sequence[Any]:
    """One value stands for a list of one."""
    return list(value) if isinstance(value, list | tuple) else [value]
