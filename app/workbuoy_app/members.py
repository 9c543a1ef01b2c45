"""Members of a tenant, as an admin of it manages them. `registry.py` is the operator's way, past the service."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from workbuoy_app.access_models import MemberInput
from workbuoy_app.database import ROW_LOCK, Row, Transaction
from workbuoy_app.identifiers import new_id
from workbuoy_app.models import PageQuery
from workbuoy_app.problems import NotFound, Refused
from workbuoy_app.rights import Role
from workbuoy_app.sessions import Session

_COLUMNS = "id, issuer, subject, role, created_at"
_THIS = " where tenant_id = %(tenant_id)s and id = %(id)s"


def prepared(member: MemberInput, issuer: str) -> Row:
    """A new member's row, of the service's own provider."""
    return {
        "id": new_id(),
        "issuer": issuer,
        "subject": member.subject,
        "role": member.role.value,
        "created_at": datetime.now(UTC),
    }


async def page(tx: Transaction, session: Session, query: PageQuery) -> Row:
    """The tenant's members, the oldest first."""
    values = {"tenant_id": session.tenant_id, "limit": query.limit + 1, "cursor": query.cursor}
    after = " and id > %(cursor)s" if query.cursor else ""
    rows = await tx.all(
        f"select {_COLUMNS} from members where tenant_id = %(tenant_id)s{after} order by id limit %(limit)s",
        values,
    )
    return query.answer(rows)


async def add(tx: Transaction, session: Session, row: Row) -> Row:
    """Let an identity log in to the tenant; the same row again is no change. Raises Refused (409)."""
    values = {"tenant_id": session.tenant_id, **row}
    await tx.execute(
        f"insert into members (tenant_id, {_COLUMNS})"
        " values (%(tenant_id)s, %(id)s, %(issuer)s, %(subject)s, %(role)s, %(created_at)s)"
        " on conflict (issuer, subject) do nothing",
        values,
    )
    found = await tx.one(
        "select id from members where tenant_id = %(tenant_id)s and issuer = %(issuer)s and subject = %(subject)s",
        values,
    )
    if found is None:
        raise Refused(409, "This identity cannot be a member here. Ask whoever runs the service.")
    if found["id"] != row["id"]:
        raise Refused(409, "This identity is a member already.")
    return row


async def change_role(tx: Transaction, session: Session, member_id: UUID, role: Role) -> Row:
    """Raises NotFound, Refused: 409 where no admin would be left, 403 where the caller is none any more."""
    await _expect_another_admin(tx, session, member_id, unless=role is Role.ADMIN)
    row = await tx.one(
        f"update members set role = %(role)s{_THIS} returning {_COLUMNS}",
        {"tenant_id": session.tenant_id, "id": member_id, "role": role.value},
    )
    if row is None:
        raise NotFound
    return row


async def removable(tx: Transaction, session: Session, member_id: UUID) -> Row:
    """The member whose membership may end. Raises as `remove` does."""
    await _expect_another_admin(tx, session, member_id)
    # A deletion of no row is refused like one that deletes: what a frozen tenant keeps is not noted as erased.
    await tx.execute("delete from members where 1 = 0", {})
    row = await tx.one(
        f"select {_COLUMNS} from members{_THIS}", {"tenant_id": session.tenant_id, "id": member_id}
    )
    if row is None:
        raise NotFound
    return {**row, "by": session.member_id}


async def remove(tx: Transaction, session: Session, member_id: UUID) -> None:
    """End a membership, its sessions and its tokens. Raises NotFound, Refused (409) where no admin would be left."""
    await _expect_another_admin(tx, session, member_id)
    if not await tx.execute(f"delete from members{_THIS}", {"tenant_id": session.tenant_id, "id": member_id}):
        raise NotFound


async def _expect_another_admin(
    tx: Transaction, session: Session, member_id: UUID, *, unless: bool = False
) -> None:
    """Under a lock of all admins: of two who demote each other at once the second is refused."""
    if unless:
        return
    admins = await tx.all(
        f"select id from members where tenant_id = %(tenant_id)s and role = 'admin' order by id{ROW_LOCK}",
        {"tenant_id": session.tenant_id},
    )
    ids = [row["id"] for row in admins]
    if session.member_id not in ids:  # since the request began; no member is shown to them any more
        raise Refused(403, "You may not do this any more: somebody has just changed your role.")
    if ids == [member_id]:
        raise Refused(409, "A tenant needs an admin: make somebody else one first.")
