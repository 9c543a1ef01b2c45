"""The database's roles: one group that may use the tables and owns none, two logins that take turns in it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from workbuoy_app.database_url import PostgresAddress

GROUP = "workbuoy_app"
OLDEST_MAJOR = 14  # functions with a parsed body (`begin atomic`), whose names nobody can redirect
LOGINS = ("workbuoy_app_1", "workbuoy_app_2")
LOCK_WAIT_SECONDS = 60.0
POLL_SECONDS = 0.2
LOCK_TABLE = "migration_lock"  # of the schema: migrate and rotation wait for each other
_MADE_BY_ANOTHER = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DuplicateSchema,
    psycopg.errors.DuplicateTable,
    psycopg.errors.DuplicateObject,  # the table's type, which is made a moment before it
)

# Row-level security decides about rows; these decide about whole tables.
GRANTS = {
    "alembic_version": "select",
    "tenants": "select",
    "members": "select, insert, delete",
    "sessions": "select, insert, update, delete",
    "things": "select, insert, update, delete",
    "attachments": "select, insert, delete",
    "attachment_chunks": "select, insert",
    "object_removals": "select, insert, update, delete",
    "idempotency_keys": "select, insert, update, delete",
    "api_tokens": "select, insert, delete",
    "audit_events": "select",  # triggers write it
}
# Who a member is never changes, nor what a token may do. An author changes when a person is erased, by an operator who
# acts as the group; of a member's own session or token a trigger takes none (revision 0013).
UPDATES = {
    "attachments": ("created_by",),
    "members": ("role",),
    "api_tokens": ("token_hash", "previous_hash", "previous_expires_at", "expires_at", "last_used_at"),
}
Owner = psycopg.Connection[tuple[Any, ...]]


class LockNotFree(Exception):
    """Another migration or rotation did not end in time."""


@contextmanager
def exclusive(
    holder: Owner, address: PostgresAddress, wait_seconds: float = LOCK_WAIT_SECONDS
) -> Iterator[None]:
    """Hold the one lock for changes of roles and schema, on a connection in autocommit that does nothing else.

    It is the lock of a table, which only who owns it may take: an advisory lock anybody could hold for ever. It is
    polled, and the transaction that holds it keeps no snapshot, for which CREATE INDEX CONCURRENTLY would wait.
    Raises LockNotFree.
    """
    table = sql.Identifier(address.schema, LOCK_TABLE)
    _ensure_lock_table(holder, address, table)
    deadline = time.monotonic() + wait_seconds
    while True:
        holder.execute(
            "begin isolation level read committed; set local idle_in_transaction_session_timeout = 0"
        )
        try:
            holder.execute(sql.SQL("lock table {} in exclusive mode nowait").format(table))
            break
        except psycopg.errors.LockNotAvailable:
            holder.execute("rollback")
            if time.monotonic() > deadline:
                raise LockNotFree(
                    f"another migration or rotation still runs after {wait_seconds:.0f} s"
                ) from None
            time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        if not holder.closed:
            holder.execute("rollback")


def _ensure_lock_table(connection: Owner, address: PostgresAddress, table: sql.Identifier) -> None:
    """Make the schema and the table where they are missing; several at once is no harm."""
    lookup = "select to_regclass(quote_ident(%s) || '.' || quote_ident(%s))"
    while not _scalar(connection, lookup, address.schema, LOCK_TABLE):
        with contextlib.suppress(*_MADE_BY_ANOTHER), connection.transaction():
            if not _scalar(connection, "select 1 from pg_namespace where nspname = %s", address.schema):
                connection.execute(sql.SQL("create schema {}").format(sql.Identifier(address.schema)))
            connection.execute(sql.SQL("create table {} ()").format(table))
            # No row is ever in it, and no policy lets anybody see one.
            connection.execute(sql.SQL("alter table {} enable row level security").format(table))
            connection.execute(sql.SQL("alter table {} force row level security").format(table))


def ensure_roles(connection: Owner) -> None:
    """Make the group and the logins where they are missing. A login without a password cannot log in."""
    wanted = [(GROUP, "nologin"), *((login, "login noinherit") for login in LOGINS)]
    for name, kind in wanted:
        if not _scalar(connection, "select 1 from pg_roles where rolname = %s", name):
            connection.execute(sql.SQL("create role {} " + kind).format(sql.Identifier(name)))
    for login in LOGINS:
        if not _is_member(connection, login):
            connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(GROUP), sql.Identifier(login)))


def let_owner_act_as_group(connection: Owner) -> None:
    """Where no login has been rotated in (a laptop), the service connects as the owner and acts as the group."""
    user = _scalar(connection, "select current_user")
    if not _is_member(connection, str(user)):
        # Without INHERIT the owner's own statements do not fall under the group's policies.
        inherit = " with inherit false, set true" if connection.info.server_version >= 160_000 else ""
        connection.execute(
            sql.SQL("grant {} to {}" + inherit).format(sql.Identifier(GROUP), sql.Identifier(str(user)))
        )


def _is_member(connection: Owner, role: str) -> bool:
    if _scalar(connection, "select rolsuper from pg_roles where rolname = %s", role):
        return True
    kind = "SET" if connection.info.server_version >= 160_000 else "MEMBER"
    return bool(_scalar(connection, "select pg_has_role(%s, %s, %s)", role, GROUP, kind))


def grant(connection: Owner, address: PostgresAddress) -> None:
    """Let the group do what this release needs. What an earlier one needs stays: it may have to come back."""
    group, schema = sql.Identifier(GROUP), sql.Identifier(address.schema)
    with connection.transaction():
        connection.execute(
            sql.SQL("grant connect on database {} to {}").format(sql.Identifier(address.database), group)
        )
        connection.execute(sql.SQL("grant usage on schema {} to {}").format(schema, group))
        for table, privileges in GRANTS.items():
            name = sql.Identifier(address.schema, table)
            connection.execute(sql.SQL("grant " + privileges + " on {} to {}").format(name, group))
            if columns := UPDATES.get(table):
                listed = sql.SQL(", ").join(map(sql.Identifier, columns))
                connection.execute(sql.SQL("grant update ({}) on {} to {}").format(listed, name, group))


def set_password(connection: Owner, login: str, password: str) -> None:
    """Give a login its password, already hashed: the server's log and statistics then never see it."""
    hashed = connection.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256")
    connection.execute(
        sql.SQL("alter role {} with login password {}").format(
            sql.Identifier(login), sql.Literal(hashed.decode())
        )
    )


def _scalar(connection: Owner, statement: str, *values: object) -> object:
    row = connection.execute(statement, values or None).fetchone()
    return row[0] if row else None
