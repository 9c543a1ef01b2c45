"""Sessions: an opaque value in the browser, its hash in the database, a tenant that comes from membership alone.

An API token begins one for each request that carries it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from workbuoy_app.database import Claims, Row, Transaction
from workbuoy_app.rights import Right, rights

IDLE_LIFETIME = timedelta(hours=12)
GREATEST_LIFETIME = timedelta(days=7)
MOST_SESSIONS = 20  # of one member; the oldest ends
RENEWED_AFTER = timedelta(minutes=10)
USE_NOTED_AFTER = timedelta(hours=1)  # of an API token


@dataclass(frozen=True)
class Session:
    """Who asks."""

    tenant_id: UUID
    member_id: UUID
    expires_at: datetime
    rights: frozenset[Right]
    token_id: UUID | None = None  # of the API token, where it is no browser


def new_token() -> str:
    """256 random bits, to be known by the browser alone."""
    return secrets.token_urlsafe(32)


def claims(token: str) -> Mapping[str, str]:
    """What the database judges by: the token's hash, from which a leaked database leads back to no session."""
    return {"session": token_hash(token)}


def token_claims(token: str) -> Mapping[str, str]:
    """The same for an API token."""
    return {"token": token_hash(token)}


def token_hash(token: str) -> str:
    """SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def read(row: Row | None) -> Session | None:
    """The session of a row that `Transaction.session_row` gave."""
    if row is None:
        return None
    allowed = rights(row["role"], row["scopes"])
    return Session(row["tenant_id"], row["member_id"], row["expires_at"], allowed, row["token_id"])


def is_to_be_noted(row: Row, now: datetime) -> bool:
    """Whether `find` would write down that it is in use."""
    if row["token_id"] is None:
        return bool(now - row["used_at"] > RENEWED_AFTER)
    return row["used_at"] is None or now - row["used_at"] > USE_NOTED_AFTER


async def find(tx: Transaction, session_claims: Claims) -> Session | None:
    """The live session that `session_claims` names. One in use is renewed, up to its greatest lifetime."""
    now = datetime.now(UTC)
    row = await tx.session_row(session_claims)
    if row is not None and is_to_be_noted(row, now):
        if row["token_id"] is None:
            row["expires_at"] = min(now + IDLE_LIFETIME, row["created_at"] + GREATEST_LIFETIME)
            await tx.execute(
                "update sessions set renewed_at = %(now)s, expires_at = %(expires_at)s"
                " where token_hash = %(session)s",
                {**session_claims, "now": now, "expires_at": row["expires_at"]},
            )
        else:
            await tx.execute(
                "update api_tokens set last_used_at = %(now)s where tenant_id = %(tenant_id)s and id = %(id)s",
                {"tenant_id": row["tenant_id"], "id": row["token_id"], "now": now},
            )
    return read(row)


async def start(tx: Transaction, session_claims: Claims, issuer: str, subject: str) -> bool:
    """Begin a session for a member; False where nobody made this identity a member. Clears what has expired."""
    member = await tx.one(
        "select id, tenant_id from members where issuer = %(issuer)s and subject = %(subject)s",
        {"issuer": issuer, "subject": subject},
    )
    if member is None:
        return False
    now = datetime.now(UTC)
    await tx.execute(
        "insert into sessions (token_hash, tenant_id, member_id, created_at, renewed_at, expires_at)"
        " values (%(session)s, %(tenant_id)s, %(id)s, %(now)s, %(now)s, %(expires_at)s)"
        " on conflict (token_hash) do nothing",
        {**session_claims, **member, "now": now, "expires_at": now + IDLE_LIFETIME},
    )
    await tx.execute(
        "delete from sessions where member_id = %(id)s and (expires_at < %(now)s or token_hash not in ("
        "select token_hash from sessions where member_id = %(id)s order by created_at desc limit %(most)s))",
        {**member, "now": now, "most": MOST_SESSIONS},
    )
    return True


async def prove(tx: Transaction, *, kept_apart: bool) -> None:
    """Do what a login does, for nobody: raises what the database raises where nobody could log in.

    `kept_apart` says that the database has the functions by which it keeps tenants apart.
    """
    session_claims = {"session": "", "issuer": "workbuoy:readiness", "subject": ""}
    if kept_apart:
        await tx.one("select session_tenant(), session_member()", {})
    if not await start(tx, session_claims, session_claims["issuer"], session_claims["subject"]):
        # A statement that changes no row is refused like one that does: by missing rights, by a read-only server.
        await tx.execute(
            "insert into sessions (token_hash, tenant_id, member_id, created_at, renewed_at, expires_at)"
            " select '', tenant_id, id, created_at, created_at, created_at from members where issuer = %(issuer)s",
            session_claims,
        )
        await find(tx, session_claims)


async def end(tx: Transaction, session_claims: Claims) -> None:
    """End one session."""
    await tx.execute("delete from sessions where token_hash = %(session)s", session_claims)


async def end_all(tx: Transaction, session: Session) -> None:
    """End every session of the member, on all devices."""
    await tx.execute("delete from sessions where member_id = %(member_id)s", {"member_id": session.member_id})


async def describe(tx: Transaction, session: Session) -> dict[str, object]:
    """Who is logged in, in words."""
    row = await tx.one(
        "select m.tenant_id, t.name as tenant, m.id as member_id, m.subject, m.role"
        " from members m join tenants t on t.id = m.tenant_id where m.id = %(member_id)s",
        {"member_id": session.member_id},
    )
    assert row is not None  # noqa: S101 - a session's member goes only together with the session
    return {**row, "rights": sorted(session.rights), "session_expires_at": session.expires_at}
