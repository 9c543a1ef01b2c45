"""The restored copy: brought to this release's schema, freed of what was erased, and looked at. Nobody else reads it.

It stands beside the database that serves, with an owner's login of its own. Whatever reads it asks first whether the
ledger as it is now was applied to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from psycopg import sql

from workbuoy_app import schema
from workbuoy_app.erasures import (
    ARRIVAL,
    MEMBER,
    ORIGINAL,
    TENANT,
    Entry,
    Ledger,
    ledger_needed,
    member_identity,
)
from workbuoy_app.identifiers import new_id
from workbuoy_app.owner import owner_connection, owner_login
from workbuoy_app.person.rows import erase_noted
from workbuoy_app.promotion.acting import owner_that_may_act
from workbuoy_app.promotion.bucket import Bucket, own_storage
from workbuoy_app.promotion.content import Content, measure, revision
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant, expect_postgres
from workbuoy_app.promotion.remove import delete_tenant
from workbuoy_app.promotion.tables import rows_with_objects
from workbuoy_app.restore.objects import missing
from workbuoy_app.roles import LOGINS, Owner
from workbuoy_app.settings import Settings

MARK = "restored_database"  # a table of a copy, which it keeps where it serves
READ_AGAIN = ("sessions", "api_tokens", "idempotency_keys")


@dataclass(frozen=True)
class Prepared:
    """What was taken out of a copy before anybody read it."""

    schema_before: str
    entries: int
    tenants_erased: int
    members_erased: int
    persons_erased: int


@dataclass(frozen=True)
class Checked:
    """What a copy holds: each tenant's content, and how many of its files have no version left."""

    tenants: tuple[Content, ...]
    files_missing: int
    ready: str

    @property
    def good(self) -> bool:
        """The service could work with it, and no row is without its file."""
        return not self.files_missing and self.ready == "ok"


def copy_settings(settings: Settings) -> Settings:
    """As if the copy were the database. Raises PromotionRefused where no copy is named."""
    if settings.restored is None:
        raise PromotionRefused("RESTORED_DATABASE_URL is not set: there is no copy to read")
    return replace(
        settings,
        database=settings.restored,
        database_secret_id=None,
        owner_user=None,
        owner_password=None,
        owner_secret_id=settings.restored_secret_id,
        restored=None,
    )


def prepare(settings: Settings) -> Prepared:
    """Make a copy fit to be read: schema, erasures, no session. Again is no harm.

    Raises PromotionRefused, also without a ledger; what `migrate` and psycopg raise.
    """
    copy, ledger = copy_settings(settings), ledger_needed(settings)
    entries = ledger.entries()
    with owner_connection(copy) as connection:
        before = revision(connection)
        # Logins of the service have the passwords of the database that serves.
        for login in LOGINS:
            if connection.execute("select 1 from pg_roles where rolname = %s", [login]).fetchone():
                connection.execute(sql.SQL("alter role {} nologin").format(sql.Identifier(login)))
    _bring_up_to_date(copy)
    with owner_that_may_act(copy) as connection, connection.transaction():
        tenants, members, persons = _take_out(connection, ledger, entries)
        connection.execute(f"create table if not exists {MARK} (id uuid, entries bigint)")
        connection.execute(f"delete from {MARK}")  # the copied database's own, where that was a copy, too
        connection.execute(f"insert into {MARK} values (%s, %s)", [new_id(), len(entries)])
    return Prepared(before, len(entries), tenants, members, persons)


def _take_out(connection: Owner, ledger: Ledger, entries: tuple[Entry, ...]) -> tuple[int, int, int]:
    """End every session and token, and erase what the ledger says was: how many tenants, members and persons."""
    connection.execute(f"truncate {', '.join(READ_AGAIN)}")
    return _erase_again(connection, ledger, entries)


def _erase_again(connection: Owner, ledger: Ledger, entries: tuple[Entry, ...]) -> tuple[int, int, int]:
    """Erase what the ledger says was: how many tenants, members and persons. Again is no change."""
    tenants = _erase_tenants(connection, ledger, entries)
    persons = erase_noted(connection, ledger, entries)
    return tenants, _erase_members(connection, ledger, entries), persons


def admit(settings: Settings) -> None:
    """Before a database serves: where another one served last, what was erased meanwhile goes from it first.

    Again is no change. Raises PromotionRefused, psycopg.Error.
    """
    ledger = ledger_needed(settings)
    if serves_last(settings, ledger):
        return
    entries = ledger.entries()
    with owner_that_may_act(settings) as connection:
        database, applied = _mark(connection)
        with connection.transaction():
            if applied is None:
                _erase_again(connection, ledger, entries)
            elif applied != len(entries):
                _take_out(connection, ledger, entries)
    ledger.note_serving(database)


def serves_last(settings: Settings, ledger: Ledger) -> bool:
    """Whether no other database has served since this one did. Raises PromotionRefused, psycopg.Error."""
    with owner_connection(settings, autocommit=False) as connection:
        return _mark(connection)[0] == ledger.served_last()


def _mark(connection: Owner) -> tuple[UUID, int | None]:
    """Which database this is, and how many entries of the ledger were applied before it was read, if it was a copy."""
    found = connection.execute("select to_regclass(%s)", [MARK]).fetchone()
    row = connection.execute(f"select id, entries from {MARK}").fetchone() if found and found[0] else None
    connection.rollback()
    return (row[0], int(row[1])) if row else (ORIGINAL, None)


def _bring_up_to_date(copy: Settings) -> None:
    from sqlalchemy.exc import SQLAlchemyError  # Alembic and SQLAlchemy are for this alone

    from workbuoy_app.migrate import MigrationFailed, migrate

    try:
        migrate(copy)
    except MigrationFailed as error:
        raise PromotionRefused(f"The copy's schema: {error}") from error
    except SQLAlchemyError as error:
        raise PromotionRefused(f"The copy's schema could not be migrated: {type(error).__name__}") from error


@contextmanager
def prepared_copy(settings: Settings) -> Iterator[Owner]:
    """A connection to a copy that may be read. Raises PromotionRefused where the ledger was not applied to it."""
    copy, entries = copy_settings(settings), ledger_needed(settings).entries()
    with owner_that_may_act(copy) as connection:
        if _mark(connection)[1] != len(entries):
            raise PromotionRefused(
                "What was erased since is still in the copy: workbuoy-app restore prepare, before anything reads it"
            )
        if (found := revision(connection)) != schema.HEAD:
            raise PromotionRefused(
                f"The copy's schema is {found}, this image's {schema.HEAD}: a later release made it. Use its image."
            )
        connection.rollback()
        yield connection


def check(settings: Settings) -> Checked:
    """Add up every tenant of a prepared copy, look for its files' versions, and ask the service whether it is ready."""
    bucket, found, gone = Bucket(own_storage(settings)), [], 0
    with prepared_copy(settings) as connection:
        names = connection.execute("select id, name from tenants order by name").fetchall()
        connection.rollback()
        for tenant in (Tenant(tenant_id, name, None) for tenant_id, name in names):
            content = measure(connection, tenant)
            connection.rollback()
            named, lost = missing(bucket, tenant.id, rows_with_objects(connection, tenant))
            if named != content.objects.objects:
                raise PromotionRefused(
                    f"{tenant.name} names {named} files, and {content.objects.objects} before"
                )
            found.append(content)
            gone += lost
    return Checked(tuple(found), gone, asyncio.run(_readiness(copy_settings(settings))))


async def _readiness(copy: Settings) -> str:
    """What the service itself answers to /readyz on the copy: `ok`, or why not."""
    from fastapi import Request  # the service, which this command alone needs

    from workbuoy_app.api.health import readyz
    from workbuoy_app.application import create_app
    from workbuoy_app.problems import Refused

    login, address = owner_login(copy), expect_postgres(copy)
    app = create_app(replace(copy, database=replace(address, user=login.user, password=login.password)))
    await app.state.database.open()
    try:
        await readyz(Request({"type": "http", "app": app}))
    except Refused as problem:
        return str(problem)
    finally:
        await app.state.database.close()
        if app.state.storage:
            await app.state.storage.close()
    return "ok"


def _erase_tenants(connection: Owner, ledger: Ledger, entries: tuple[Entry, ...]) -> int:
    """Those that were removed after they had been made: a later one of the same name stays."""
    erased = 0
    for tenant_id, made_at in connection.execute("select id, created_at from tenants").fetchall():
        hashed = ledger.hashed(TENANT, str(tenant_id))
        arrivals = (one.erased_at for one in entries if one.kind == ARRIVAL and hashed in one.ids)
        if _erased(entries, TENANT, hashed, max(arrivals, default=made_at)):
            delete_tenant(connection, tenant_id)
            erased += 1
    return erased


def _erase_members(connection: Owner, ledger: Ledger, entries: tuple[Entry, ...]) -> int:
    erased = 0
    rows = connection.execute("select id, issuer, subject, created_at from members").fetchall()
    for member_id, issuer, subject, made_at in rows:
        if _erased(entries, MEMBER, ledger.hashed(MEMBER, member_identity(issuer, subject)), made_at):
            connection.execute("delete from members where id = %s", [member_id])
            erased += 1
    return erased


def _erased(entries: tuple[Entry, ...], kind: str, hashed: str, made_at: datetime) -> bool:
    return any(one.kind == kind and hashed in one.ids and made_at <= one.erased_at for one in entries)
