"""`workbuoy-app person erase`: one person goes from a tenant, noted in the ledger first, in one transaction."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg import IsolationLevel

from workbuoy_app.erasures import ledger_needed, person_identity
from workbuoy_app.identifiers import new_id
from workbuoy_app.person.rows import erase_rows, made_by
from workbuoy_app.promotion.acting import OPERATOR, owner_that_may_act
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant, find, lock
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings

ERASED_ACTION = "person.erased"


def erase(settings: Settings, name: str, member_id: UUID, confirmed: UUID) -> dict[str, Any]:
    """Erase one person of a tenant; again is no change, and tells when it was done.

    Killed before the ledger's entry nothing has happened; killed after it the same command goes on, and writes a second
    entry, which says the same. Raises PromotionRefused: nobody of that id is or was here, the tenant moves or is
    frozen, another admin is needed.
    """
    if confirmed != member_id:
        raise PromotionRefused(f"--yes-erase says {confirmed}, not {member_id}. Nothing was erased.")
    ledger = ledger_needed(settings)
    ledger.begin()
    with owner_that_may_act(settings) as connection:
        tenant = find(connection, name)
        mark = ledger.mark(person_identity(tenant.id, member_id))
        if (before := _done(connection, tenant, mark)) is not None:
            return {"tenant": name, "member": str(member_id), "mark": str(mark), "erased_at": before}
        _expect_erasable(connection, tenant, member_id)
        logins = connection.execute(
            "select issuer, subject from members where tenant_id = %s and id = %s", [tenant.id, member_id]
        ).fetchall()
        connection.rollback()
        connection.isolation_level = (
            IsolationLevel.READ_COMMITTED
        )  # to see what ends while the lock is waited for
        ledger.note_person(tenant.id, member_id, logins)
        with connection.transaction():
            lock(connection, tenant.id)
            _expect_still(connection, tenant)
            erased = erase_rows(connection, tenant.id, member_id, mark)
            connection.execute(
                "insert into audit_events (tenant_id, id, happened_at, action, subject_id, details)"
                " values (%s, %s, clock_timestamp(), %s, %s, '')",
                [tenant.id, new_id(), ERASED_ACTION, mark],
            )
        when = _done(connection, tenant, mark)
    result = {"tenant": name, "member": str(member_id), "mark": str(mark), "erased_at": when}
    return {**result, "rows": asdict(erased)}


def _done(connection: Owner, tenant: Tenant, mark: UUID) -> str | None:
    row = connection.execute(
        "select happened_at from audit_events where tenant_id = %s and action = %s and subject_id = %s"
        " order by happened_at limit 1",
        [tenant.id, ERASED_ACTION, mark],
    ).fetchone()
    return row[0].isoformat(timespec="seconds") if row else None


def _expect_erasable(connection: Owner, tenant: Tenant, member_id: UUID) -> None:
    _expect_still(connection, tenant)
    members = connection.execute(
        "select id, role from members where tenant_id = %s and issuer <> %s", [tenant.id, OPERATOR]
    ).fetchall()
    if [one for one, role in members if role == "admin"] == [member_id] and len(members) > 1:
        raise PromotionRefused(
            f"{member_id} is {tenant.name}'s only admin: somebody else must become one first. Nothing was erased."
        )
    if member_id in (one for one, _ in members):
        return
    event = connection.execute(
        "select 1 from audit_events where tenant_id = %s and (member_id = %s or subject_id = %s) limit 1",
        [tenant.id, member_id, member_id],
    ).fetchone()
    if not event and not any(made_by(connection, tenant.id, member_id).values()):
        raise PromotionRefused(f"Nobody of the id {member_id} is or was a member of {tenant.name}.")


def _expect_still(connection: Owner, tenant: Tenant) -> None:
    """What is copied elsewhere meanwhile would come back from there. Raises PromotionRefused."""
    moving = connection.execute("select 1 from copies where tenant_id = %s", [tenant.id]).fetchone()
    frozen = connection.execute("select 1 from freezes where tenant_id = %s", [tenant.id]).fetchone()
    if moving or frozen:
        why = "is on its way between two places" if moving else "is frozen"
        raise PromotionRefused(
            f"{tenant.name} {why}, and a copy of it would bring the person back: end that first. Nothing was erased."
        )
