"""`workbuoy-app migrate`: roles, schema and grants. Repeating it, or running several at once, does no harm."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from workbuoy_app import roles
from workbuoy_app.database_url import PostgresAddress, SqliteAddress
from workbuoy_app.logs import log
from workbuoy_app.owner import owner_connection
from workbuoy_app.settings import Settings
from workbuoy_app.sqlite import register_types

MIGRATIONS = Path(__file__).with_name("migrations")


class MigrationFailed(Exception):
    """The schema could not be brought to this release's head; says why in words."""


def migrate(settings: Settings, *, target: str = "head", back: bool = False) -> str:
    """Bring roles, schema and grants to this release's state; gives back the revision that then holds.

    A revision that this release does not know is a later release's: success, and nothing is changed, so that a
    rollback starts. `target` with `back` is the way back, for tests and for hands.
    Raises MigrationFailed, roles.LockNotFree, psycopg.Error.
    """
    address = settings.database
    if isinstance(address, SqliteAddress):
        with _sqlite_lock(address):
            return _change(_sqlite_engine(address), None, target, back=back)
    if address.pgbouncer:
        raise MigrationFailed(
            "migrate holds a lock for longer than one transaction, which PgBouncer cannot: give it a DATABASE_URL"
            " that reaches Postgres itself, without pgbouncer=true"
        )
    with owner_connection(settings) as owner, owner_connection(settings) as holder:
        _expect_known_version(owner)
        with roles.exclusive(holder, address):
            return _migrate_alone(settings, address, owner, target, back=back)


def _migrate_alone(
    settings: Settings, address: PostgresAddress, owner: roles.Owner, target: str, *, back: bool
) -> str:
    roles.ensure_roles(owner)
    if not settings.database_secret_id:
        roles.let_owner_act_as_group(owner)
    engine = _postgres_engine(settings)
    try:
        revision = _change(engine, address.schema, target, back=back)
    finally:
        engine.dispose()
    if revision == ScriptDirectory(str(MIGRATIONS)).get_current_head():
        roles.grant(owner, address)
    return revision


def _change(engine: sqlalchemy.Engine, schema: str | None, target: str, *, back: bool) -> str:
    script = ScriptDirectory(str(MIGRATIONS))
    known = {revision.revision for revision in script.walk_revisions()}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table_schema": schema})
        before = context.get_current_revision()
        connection.rollback()
        if before is not None and before not in known:
            log.info("the schema is of a later release; nothing to do", extra={"revision": before})
            return before
        config = Config(attributes={"connection": connection, "schema": schema})
        config.set_main_option("script_location", str(MIGRATIONS))
        (command.downgrade if back else command.upgrade)(config, target)
        after = context.get_current_revision()
        connection.rollback()
    log.info("schema migrated", extra={"revision": after or "none", "operation": "migrate"})
    return after or "none"


def _expect_known_version(connection: psycopg.Connection[Any]) -> None:
    major = connection.info.server_version // 10_000
    if major < roles.OLDEST_MAJOR:
        raise MigrationFailed(f"Postgres {major} is too old: Workbuoy needs {roles.OLDEST_MAJOR} or later")


def _postgres_engine(settings: Settings) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(
        "postgresql+psycopg://",
        creator=lambda: owner_connection(settings, autocommit=False),
        poolclass=sqlalchemy.NullPool,
    )


def _sqlite_engine(address: SqliteAddress) -> sqlalchemy.Engine:
    register_types()
    engine = sqlalchemy.create_engine(f"sqlite:///{address.path}", poolclass=sqlalchemy.NullPool)

    # Python's driver begins no transaction before DDL: an interrupted revision would stay half done.
    @sqlalchemy.event.listens_for(engine, "connect")
    def leave_transactions_alone(driver_connection: Any, _: object) -> None:
        driver_connection.isolation_level = None

    @sqlalchemy.event.listens_for(engine, "begin")
    def begin(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql("begin immediate")

    return engine


@contextmanager
def _sqlite_lock(address: SqliteAddress) -> Iterator[None]:
    """Hold the file's folder: a lock on the file itself would stand in the migration's own way."""
    folder = Path(address.path).absolute().parent
    if not folder.is_dir():
        raise MigrationFailed(f"DATABASE_URL names a file in a folder that does not exist: {folder}")
    descriptor = os.open(folder, os.O_RDONLY)
    deadline = time.monotonic() + roles.LOCK_WAIT_SECONDS
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise MigrationFailed("another migration in this folder did not end") from None
                time.sleep(roles.POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)
