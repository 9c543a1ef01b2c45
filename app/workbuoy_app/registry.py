"""Tenants and their members: who may log in, and where to. Logging in enrols nobody."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import psycopg

from workbuoy_app.database_url import SqliteAddress
from workbuoy_app.identifiers import new_id
from workbuoy_app.owner import owner_connection
from workbuoy_app.removals import OWED_AFTER
from workbuoy_app.rights import Role
from workbuoy_app.settings import Settings
from workbuoy_app.sqlite import register_types, translated


class RegistryError(Exception):
    """Cannot be done; says why in words."""


class _Execute(Protocol):
    def __call__(self, statement: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]: ...


def add_tenant(settings: Settings, name: str) -> UUID:
    """Make a tenant, or find it again. Raises RegistryError for a second one on SQLite."""
    with _registry(settings) as execute:
        if found := execute("select id from tenants where name = %(name)s", {"name": name}):
            return UUID(str(found[0][0]))
        if isinstance(settings.database, SqliteAddress) and execute("select id from tenants", {}):
            raise RegistryError("SQLite keeps tenants apart by nothing, so it holds only one; use Postgres.")
        tenant_id = new_id()
        execute(
            "insert into tenants (id, name, created_at) values (%(id)s, %(name)s, %(now)s)",
            {"id": tenant_id, "name": name, "now": datetime.now(UTC)},
        )
        return tenant_id


def add_member(settings: Settings, tenant: str, issuer: str, subject: str, role: Role | None = None) -> UUID:
    """Let an identity log in to a tenant, as an editor where no role is named; again changes the role alone.

    Raises RegistryError.
    """
    with _registry(settings) as execute:
        tenants = execute("select id from tenants where name = %(name)s", {"name": tenant})
        if not tenants:
            raise RegistryError(f"There is no tenant {tenant}. Make it: workbuoy-app tenant add {tenant}")
        _expect_not_frozen(execute, tenants[0][0])
        identity = {"issuer": issuer, "subject": subject}
        found = execute(
            "select id, tenant_id from members where issuer = %(issuer)s and subject = %(subject)s", identity
        )
        if found:
            if str(found[0][1]) != str(tenants[0][0]):
                raise RegistryError("This identity is a member of another tenant; remove it there first.")
            if role is not None:
                values = {"id": found[0][0], "role": role.value}
                execute("update members set role = %(role)s where id = %(id)s", values)
            return UUID(str(found[0][0]))
        member_id = new_id()
        execute(
            "insert into members (id, tenant_id, issuer, subject, role, created_at)"
            " values (%(id)s, %(tenant_id)s, %(issuer)s, %(subject)s, %(role)s, %(now)s)",
            {
                **identity,
                "id": member_id,
                "tenant_id": tenants[0][0],
                "role": (role or Role.EDITOR).value,
                "now": datetime.now(UTC),
            },
        )
        return member_id


def remove_member(settings: Settings, issuer: str, subject: str) -> None:
    """Take an identity out of its tenant; its sessions end at once. Raises RegistryError."""
    identity = {"issuer": issuer, "subject": subject}
    with _registry(settings) as execute:
        this = "from members where issuer = %(issuer)s and subject = %(subject)s"
        found = execute(f"select tenant_id {this}", identity)
        if not found:
            raise RegistryError("There is no such member.")
        _expect_not_frozen(execute, found[0][0])  # before the ledger says that the membership is over
        _noted(settings, issuer, subject)
        if not execute(f"delete {this} returning 1", identity):
            raise RegistryError("There is no such member.")
        _expect_not_frozen(execute, found[0][0])


def _noted(settings: Settings, issuer: str, subject: str) -> None:
    """No backup brings the membership back. Raises RegistryError where the ledger cannot be written."""
    from workbuoy_app.erasures import note_member  # with S3's client
    from workbuoy_app.promotion.errors import PromotionRefused

    try:
        note_member(settings, issuer, subject, by="operator")
    except PromotionRefused as error:
        raise RegistryError(f"{error} The member was not removed.") from error


def owed_removals(settings: Settings) -> list[dict[str, object]]:
    """Objects that are to go and have not gone within `removals.OWED_AFTER`, of all tenants, the oldest first."""
    now = datetime.now(UTC)
    with _registry(settings) as execute:
        rows = execute(
            "select tenant_id, object_key, noted_at from object_removals where noted_at < %(before)s order by noted_at",
            {"before": now - OWED_AFTER},
        )
    found = []
    for tenant_id, key, noted_at in rows:
        noted = noted_at if isinstance(noted_at, datetime) else datetime.fromisoformat(noted_at)
        age = {
            "noted_at": noted.isoformat(timespec="seconds"),
            "age_seconds": round((now - noted).total_seconds()),
        }
        found.append({"tenant_id": str(tenant_id), "object_key": key, **age})
    return found


def _expect_not_frozen(execute: _Execute, tenant_id: object) -> None:
    """A member who came or went after the export would be lost, or come back."""
    if execute("select 1 from freezes where tenant_id = %(tenant_id)s", {"tenant_id": tenant_id}):
        raise RegistryError("This tenant is being moved; its members change again afterwards.")


@contextmanager
def _registry(settings: Settings) -> Iterator[_Execute]:
    """Statements of one transaction as the database's owner."""
    if isinstance(settings.database, SqliteAddress):
        register_types()
        file = sqlite3.connect(settings.database.path)
        try:
            with file:
                file.execute("pragma foreign_keys = on")
                yield lambda statement, values: file.execute(translated(statement), dict(values)).fetchall()
        except sqlite3.OperationalError as error:
            raise RegistryError(f"{error}. Is the database migrated? workbuoy-app migrate") from error
        finally:
            file.close()
        return
    with owner_connection(settings, autocommit=False) as connection:

        def execute(statement: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

        try:
            yield execute
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
            raise RegistryError(
                "The database is not migrated to this release: workbuoy-app migrate"
            ) from error
