"""SQLite: one file, one tenant, for development. The same statements as on Postgres, one transaction at a time."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote
from uuid import UUID

from workbuoy_app.database import ROW_LOCK, Claims, DatabaseUnavailable, Row, Statement, Values
from workbuoy_app.database_url import SqliteAddress
from workbuoy_app.words import has_words

T = TypeVar("T")
BUSY_TIMEOUT_SECONDS = 5
# As revision 0011's asking() does on Postgres.
_OF_SESSION = (
    "select s.tenant_id, s.member_id, m.role, null as token_id, null as scopes, s.created_at, s.renewed_at as used_at,"
    " s.expires_at from sessions s join members m on m.id = s.member_id"
    " where s.token_hash = %(session)s and s.expires_at > %(now)s"
)
_OF_BEARER = (
    "select t.tenant_id, t.member_id, m.role, t.id as token_id, t.scopes, t.created_at, t.last_used_at as used_at,"
    " t.expires_at from api_tokens t join members m on m.id = t.member_id"
    " where (t.token_hash = %(token)s or t.previous_hash = %(token)s and t.previous_expires_at > %(now)s)"
    " and t.expires_at > %(now)s"
)
_PARAMETER = re.compile(r"%\((\w+)\)s")


def register_types() -> None:
    """Let columns declared `uuid` and `timestamptz` hold what Postgres holds in them. Times sort as text."""
    sqlite3.register_adapter(UUID, str)
    sqlite3.register_adapter(
        datetime, lambda time: time.astimezone(UTC).isoformat(" ", timespec="microseconds")
    )
    sqlite3.register_converter("uuid", lambda value: UUID(value.decode()))
    sqlite3.register_converter("timestamptz", lambda value: datetime.fromisoformat(value.decode()))


@lru_cache
def translated(statement: str) -> str:
    """Postgres drivers write a parameter %(name)s, SQLite :name. A transaction here has the whole file, not a row."""
    return _PARAMETER.sub(r":\1", statement.replace(ROW_LOCK, ""))


class SqliteTransaction:
    """See database.Transaction."""

    found = "has_words(title, body, %(search)s)"
    removals_owed = "object_removals"
    forget_removal = (
        "delete from object_removals where tenant_id = %(tenant_id)s and object_key = %(object_key)s"
        " and noted_at = %(noted_at)s"
    )
    forget_answers = "delete from idempotency_keys where created_at < %(before)s"
    oldest_freeze = "freezes join tenants on id = tenant_id"  # which is empty: one tenant moves nowhere

    async def session_row(self, claims: Claims) -> Row | None:
        statement = _OF_BEARER if "token" in claims else _OF_SESSION
        return await self.one(statement, {**claims, "now": datetime.now(UTC)})

    async def alone(self, key: str) -> None:
        """A transaction has the whole file."""

    async def limit(self, seconds: float) -> None:
        """One tenant's file: nobody else waits."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def one(self, statement: str, values: Values) -> Row | None:
        rows = await self.all(statement, values)
        return rows[0] if rows else None

    async def all(self, statement: str, values: Values) -> list[Row]:
        def fetch() -> list[Row]:
            return [dict(row) for row in self._connection.execute(translated(statement), dict(values))]

        return await asyncio.to_thread(fetch)

    async def execute(self, statement: str, values: Values) -> int:
        def change() -> int:
            return self._connection.execute(translated(statement), dict(values)).rowcount

        return await asyncio.to_thread(change)

    async def execute_many(self, statement: str, values: Sequence[Values]) -> None:
        await asyncio.to_thread(
            self._connection.executemany, translated(statement), [dict(each) for each in values]
        )


class SqliteDatabase:
    """See database.Database."""

    single_tenant = True
    refusal: str | None = None

    def __init__(self, address: SqliteAddress) -> None:
        register_types()
        self._path = address.path
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Nothing to do: each transaction opens the file anew, so a file that comes later is found."""

    async def close(self) -> None:
        """Nothing is held."""

    def statistics(self) -> Mapping[str, float]:
        return {}

    async def run(
        self,
        work: Callable[[SqliteTransaction], Awaitable[T]],
        claims: Claims,  # noqa: ARG002 - one tenant: nobody to keep apart
        *,
        repeatable: bool = True,  # noqa: ARG002 - a file's connection does not get lost
    ) -> T:
        async with self._lock:
            try:
                connection = await asyncio.to_thread(self._connect)
            except sqlite3.Error as error:
                raise DatabaseUnavailable("cannot open the file") from error
            try:
                result = await work(SqliteTransaction(connection))
                await asyncio.to_thread(connection.commit)
                return result
            except sqlite3.OperationalError as error:
                raise DatabaseUnavailable("OperationalError") from error
            finally:
                await asyncio.to_thread(connection.close)  # rolls back what was not committed

    async def at_once(
        self,
        statement: Statement,  # noqa: ARG002 - there is no server to send messages to
        claims: Claims,  # noqa: ARG002
    ) -> None:
        return None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(self._path)}?mode=rw",  # without `c`: migrate makes the file, not a mistyped address
            uri=True,
            timeout=BUSY_TIMEOUT_SECONDS,
            detect_types=sqlite3.PARSE_DECLTYPES,
            check_same_thread=False,
            isolation_level=None,
        )
        connection.row_factory = sqlite3.Row
        connection.create_function("has_words", 3, has_words, deterministic=True)
        connection.execute("pragma foreign_keys = on")
        connection.execute("begin immediate")
        return connection
