"""API tokens, by which scripts act for a member: shown once, kept as a hash, scoped, rotated, revoked."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from workbuoy_app.access_models import TokenInput, TokenRotation
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


async def all_of(tx: Transaction, session: Session, *, everyones: bool) -> Row:
    """One's own, the newest first; or all of the tenant, for whoever may manage members."""
    if everyones and Right.MEMBERS_MANAGE not in session.rights:
        raise Refused(403, "Only who may manage members sees the tokens of all.")
    own_only = "" if everyones else " and member_id = %(member_id)s"
    rows = await tx.all(
        f"select {_COLUMNS} from api_tokens where tenant_id = %(tenant_id)s{own_only} order by id desc limit 1000",
        {"tenant_id": session.tenant_id, "member_id": session.member_id},
    )
    return {"items": [_as_response(row) for row in rows]}


async def make(tx: Transaction, session: Session, row: Row) -> Row:
    """Store a prepared token; again is no change. Raises Refused: 403 for a scope beyond the member's own rights."""
    if beyond := [scope for scope in row["scopes"].split() if scope not in session.rights]:
        raise Refused(403, f"You may not do this yourself: {', '.join(beyond)}")
    values = {"tenant_id": session.tenant_id, "member_id": session.member_id, **row}
    others = await tx.one(
        "select count(*) as number from api_tokens where tenant_id = %(tenant_id)s and member_id = %(member_id)s"
        " and id <> %(id)s",
        values,
    )
    if others is not None and others["number"] >= MOST_TOKENS:
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
        " previous_expires_at = %(previous_expires_at)s, expires_at = %(expires_at)s"
        f"{_THIS} and member_id = %(member_id)s returning {_COLUMNS}",
        {
            "tenant_id": session.tenant_id,
            "member_id": session.member_id,
            "id": token_id,
            "token_hash": token_hash(value),
            "previous_expires_at": now + timedelta(minutes=rotation.overlap_minutes),
            "expires_at": now + timedelta(days=rotation.expires_in_days),
        },
    )
    if row is None:
        raise NotFound
    return _as_response(row)


async def revoke(tx: Transaction, session: Session, token_id: UUID) -> None:
    """End a token: one's own; anybody's, for whoever may manage members. Raises NotFound."""
    values = {"tenant_id": session.tenant_id, "member_id": session.member_id, "id": token_id}
    whose = "" if Right.MEMBERS_MANAGE in session.rights else " and member_id = %(member_id)s"
    if not await tx.execute(f"delete from api_tokens{_THIS}{whose}", values):
        raise NotFound


def _as_response(row: Row) -> Row:
    return {**row, "scopes": row["scopes"].split()}
