"""Which rows are one person's, and what becomes of them: the same on the database that serves and on a copy of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from workbuoy_app.erasures import ERASED, PERSON, Entry, Ledger, person_identity
from workbuoy_app.promotion.acting import OPERATOR, acting_for, as_group, as_owner
from workbuoy_app.roles import Owner

AUTHORED = ("things", "attachments")


@dataclass(frozen=True)
class Erased:
    """How many rows were let go of; all zero where nothing of the person was there."""

    members: int = 0
    authored: int = 0
    audit_events: int = 0

    def __bool__(self) -> bool:
        return bool(self.members or self.authored or self.audit_events)


def made_by(connection: Owner, tenant_id: UUID, member_id: UUID) -> dict[str, list[UUID]]:
    """Ids of what the person made, by table; of rows older than the column by the audit trail's word."""
    as_owner(connection)
    events = connection.execute(
        "select action, subject_id from audit_events where tenant_id = %s and member_id = %s"
        " and action in ('thing.created', 'attachment.created')",
        [tenant_id, member_id],
    ).fetchall()
    found: dict[str, list[UUID]] = {}
    with acting_for(connection, tenant_id):
        as_group(connection)
        for table in AUTHORED:
            older = [subject for action, subject in events if f"{action.partition('.')[0]}s" == table]
            rows = connection.execute(
                f"select id from {table} where tenant_id = %s"
                " and (created_by = %s or created_by is null and id = any(%s)) order by id",
                [tenant_id, member_id, older],
            ).fetchall()
            found[table] = [row[0] for row in rows]
    return found


def erase_rows(connection: Owner, tenant_id: UUID, member_id: UUID, mark: UUID) -> Erased:
    """Let go of one person, in the transaction that is open; `mark` stands for them in the audit trail.

    The membership goes, with its sessions, tokens and kept answers. What they wrote is the tenant's and stays, by the
    erased author. An entry of the trail keeps what was done and when.
    """
    made = made_by(connection, tenant_id, member_id)
    with acting_for(connection, tenant_id):
        as_group(connection)
        authored = sum(
            connection.execute(
                f"update {table} set created_by = %s where tenant_id = %s and id = any(%s)",
                [ERASED, tenant_id, ids],
            ).rowcount
            for table, ids in made.items()
        )
    as_owner(connection)
    members = connection.execute(
        "delete from members where tenant_id = %s and id = %s and issuer <> %s",
        [tenant_id, member_id, OPERATOR],
    ).rowcount  # first: its end is an entry of the trail too
    events = connection.execute(
        "update audit_events set member_id = case when member_id = %(id)s then %(mark)s else member_id end,"
        " subject_id = case when subject_id = %(id)s then %(mark)s else subject_id end"
        " where tenant_id = %(tenant)s and (member_id = %(id)s or subject_id = %(id)s)",
        {"tenant": tenant_id, "id": member_id, "mark": mark},
    ).rowcount
    return Erased(members, authored, events)


def erase_noted(
    connection: Owner, ledger: Ledger, entries: tuple[Entry, ...], tenant_id: UUID | None = None
) -> int:
    """Let go of everybody whom the ledger notes as an erased person, in one tenant or in all; gives how many."""
    noted = {one for entry in entries if entry.kind == PERSON for one in entry.ids}
    if not noted:
        return 0
    tenants = connection.execute("select id from tenants order by id").fetchall()
    erased = 0
    for (each,) in tenants if tenant_id is None else [(tenant_id,)]:
        for member_id in list(_known_in(connection, each)):
            identity = person_identity(each, member_id)
            if ledger.hashed(PERSON, identity) in noted:
                erased += bool(erase_rows(connection, each, member_id, ledger.mark(identity)))
    return erased


def _known_in(connection: Owner, tenant_id: UUID) -> Iterator[UUID]:
    """Everybody of whom a tenant's rows hold an id: who may log in, who did something, who made something."""
    as_owner(connection)
    ids = {
        row[0]
        for row in connection.execute(
            "select id from members where tenant_id = %(tenant)s and issuer <> %(operator)s"
            " union select member_id from audit_events where tenant_id = %(tenant)s and member_id is not null"
            " union select subject_id from audit_events where tenant_id = %(tenant)s and action like 'member.%%'",
            {"tenant": tenant_id, "operator": OPERATOR},
        ).fetchall()
    }
    with acting_for(connection, tenant_id):
        as_group(connection)
        for table in AUTHORED:
            statement = (
                f"select distinct created_by from {table} where tenant_id = %s and created_by is not null"
            )
            ids |= {row[0] for row in connection.execute(statement, [tenant_id]).fetchall()}
    as_owner(connection)
    yield from sorted(ids - {None, ERASED})
