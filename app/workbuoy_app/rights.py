"""What a member may do: by the role in the tenant, and through an API token only what the token names of that."""

from __future__ import annotations

from enum import StrEnum


class Right(StrEnum):
    """What an operation asks for. The names are also the scopes of API tokens."""

    THINGS_READ = "things:read"
    THINGS_WRITE = "things:write"
    MEMBERS_MANAGE = "members:manage"
    AUDIT_READ = "audit:read"


class Role(StrEnum):
    """What a member is in the tenant."""

    ADMIN = "admin"
    EDITOR = "editor"
    READER = "reader"


# Revision 0009's function rights_of() says the same to row-level security; a test compares them.
OF_ROLE = {
    Role.ADMIN: frozenset(Right),
    Role.EDITOR: frozenset({Right.THINGS_READ, Right.THINGS_WRITE}),
    Role.READER: frozenset({Right.THINGS_READ}),
}


def rights(role: str, scopes: str | None = None) -> frozenset[Right]:
    """Of a session, or of a token with these scopes, written one after the other."""
    of_role = OF_ROLE[Role(role)]
    return of_role if scopes is None else of_role & {Right(scope) for scope in scopes.split()}
