"""API tokens, by which scripts act for a member: shown once, kept as a hash, scoped, rotated, revoked."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from workbuoy_app.access_models import TokenInput, TokenQuery, TokenRotation
from workbuoy_app.database import Row, Transaction
from workbuoy_app.identifiers import new_id
from workbuoy_app.problems import NotFound, Refused
from workbuoy_app.rights import Right
from workbuoy_app.sessions import Session, token_hash

PREFIX = "workbuoy_"  # scanners for leaked secrets find it by this
MOST_TOKENS = 50  # of one member
_COLUMNS = "id, member_id, name, scopes, created_at, expires_at, last_used_at"
_THIS = " where tenant_id = %(tenant_id)s and id = %(id)s"


def new_value() -> str:
    """256 random bits, to be known by whoever made it alone."""
    return PREFIX + secrets.token_urlsafe(32)


def prepared(token: TokenInput, value: str) -> Row:
    """A new token's row."""
    now = datetime.now(UTC)
    return {
        "id": new_id(),
        "name": token.name,
        "scopes": " ".join(scope.value for scope in Right if scope in token.scopes),
        "token_hash": token_hash(value),
        "created_at": now,
        "expires_at": now + timedelta(days=token.expires_in_days),
        "last_used_at": None,
    }


async def page(tx: Transaction, session: Session, query: TokenQuery) -> Row:
    """One's own, the newest first; or all of the tenant, for whoever may manage members."""
    if query.everyones and Right.MEMBERS_MANAGE not in session.rights:
        raise Refused(403, "Only who may manage members sees the tokens of all.")
    own_only = "" if query.everyones else _own(session)
    beyond = " and id < %(cursor)s" if query.cursor else ""
    rows = await tx.all(
        f"select {_COLUMNS} from api_tokens where tenant_id = %(tenant_id)s{own_only}{beyond}"
        " order by id desc limit %(limit)s",
        {**_who(session), "cursor": query.cursor, "limit": query.limit + 1},
    )
    return query.answer([_as_response(row) for row in rows])


async def make(tx: Transaction, session: Session, row: Row) -> Row:
    """Store a prepared token; again is no change. Raises Refused: 403 for a scope beyond the member's own rights."""
    if beyond := [scope for scope in row["scopes"].split() if scope not in session.rights]:
        raise Refused(403, f"You may not do this yourself: {', '.join(beyond)}")
    values = {**_who(session), **row}
    # Of two at once the second counts the first's, too. The member's own row is not theirs to lock.
    await tx.alone(f"tokens of {session.member_id}")
    others = "select id from api_tokens where tenant_id = %(tenant_id)s and member_id = %(member_id)s and id <> %(id)s"
    if len(await tx.all(others, values)) >= MOST_TOKENS:
        raise Refused(409, f"A member has at most {MOST_TOKENS} tokens. Revoke one first.")
    await tx.execute(
        "insert into api_tokens (tenant_id, id, member_id, name, scopes, token_hash, created_at, expires_at)"
        " values (%(tenant_id)s, %(id)s, %(member_id)s, %(name)s, %(scopes)s, %(token_hash)s, %(created_at)s,"
        " %(expires_at)s) on conflict (tenant_id, id) do nothing",
        values,
    )
    return _as_response({**row, "member_id": session.member_id})


async def rotate(
    tx: Transaction, session: Session, token_id: UUID, value: str, rotation: TokenRotation
) -> Row:
    """Give a token of one's own a new value, and let the former one be good for a while. Raises NotFound."""
    now = datetime.now(UTC)
    row = await tx.one(
        "update api_tokens set previous_hash = token_hash, token_hash = %(token_hash)s,"
        # Not beyond its own end: what has ended is not good again.
        " previous_expires_at = case when expires_at < %(overlap_end)s then expires_at else %(overlap_end)s end,"
        " expires_at = %(expires_at)s"
        f"{_THIS}{_own(session)} returning {_COLUMNS}",
        {
            **_who(session),
            "id": token_id,
            "token_hash": token_hash(value),
            "overlap_end": now + timedelta(minutes=rotation.overlap_minutes),
            "expires_at": now + timedelta(days=rotation.expires_in_days),
        },
    )
    if row is None:
        raise NotFound
    return _as_response(row)


async def revoke(tx: Transaction, session: Session, token_id: UUID) -> None:
    """End a token: one's own; anybody's, for whoever may manage members. Raises NotFound."""
    values = {**_who(session), "id": token_id}
    whose = "" if Right.MEMBERS_MANAGE in session.rights else _own(session)
    if not await tx.execute(f"delete from api_tokens{_THIS}{whose}", values):
        raise NotFound


def _own(session: Session) -> str:
    """The condition on one's own tokens, for the values of `_who`; through a token that one: others may do more."""
    return " and member_id = %(member_id)s" + (" and id = %(token_id)s" if session.token_id else "")


def _who(session: Session) -> Row:
    return {"tenant_id": session.tenant_id, "member_id": session.member_id, "token_id": session.token_id}


def _as_response(row: Row) -> Row:
    return {**row, "scopes": row["scopes"].split()}
