"""Postgres: a pool that outlives rotated passwords, killed connections and a database that went away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncClientCursor, AsyncConnection, AsyncCursor, errors, sql
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from workbuoy_app import postgres_session
from workbuoy_app.database import Claims, DatabaseUnavailable, Row, Statement, Values
from workbuoy_app.database_url import PostgresAddress
from workbuoy_app.logins import LoginSource
from workbuoy_app.logs import log
from workbuoy_app.postgres_session import startup_options
from workbuoy_app.problems import Frozen
from workbuoy_app.roles import GROUP

T = TypeVar("T")
WORK_TIMEOUT_SECONDS = 10
CONNECTION_LIFETIME_SECONDS = 1_800
RECONNECT_TIMEOUT_SECONDS = 2
ASKING = "select * from asking()"  # revision 0011
FROZEN = "tenant_is_frozen"  # how revision 0003's trigger names its refusal

# Not the caller's doing: the schema or its grants are not there yet, or the server is out of something.
_NOT_READY = (
    errors.UndefinedTable,
    errors.UndefinedColumn,
    errors.UndefinedFunction,
    errors.InvalidSchemaName,
    errors.InsufficientPrivilege,
    errors.QueryCanceled,
    errors.LockNotAvailable,
    errors.DeadlockDetected,
    errors.ReadOnlySqlTransaction,
)


class SessionRefused(psycopg.OperationalError):
    """A session lacks what was asked for at its start: with it, tenants would not be kept apart."""


def _connection_class(source: LoginSource) -> type[AsyncConnection[Row]]:
    class LoggingInAgain(AsyncConnection[Row]):
        """A connection whose login is looked up when it is made, and once more when it is refused."""

        @classmethod
        async def connect(cls, conninfo: str = "", **kwargs: Any) -> LoggingInAgain:
            login = await source.current()
            try:
                return await super().connect(conninfo, user=login.user, password=login.password, **kwargs)
            except psycopg.OperationalError:
                # libpq tells a refused login only by its (translated) words; a changed value tells it surely.
                newer = await source.newer_than(login)
                if newer == login:
                    raise
                log.info("database login refreshed after a refusal", extra={"operation": "database login"})
                return await super().connect(conninfo, user=newer.user, password=newer.password, **kwargs)

    return LoggingInAgain


class PostgresTransaction:
    """See database.Transaction."""

    found = "id in (select found from search_things(%(search)s) as found)"
    removals_owed = "removals_owed(%(most)s)"
    forget_removal = "select forget_removal(%(tenant_id)s, %(object_key)s, %(noted_at)s)"
    forget_answers = "select forget_answers()"  # which knows the time itself: revision 0014
    oldest_freeze = "oldest_freeze()"  # revision 0017

    async def session_row(self, claims: Claims) -> Row | None:  # noqa: ARG002 - the transaction has declared them
        return await self.one(ASKING, {})

    async def alone(self, key: str) -> None:
        await self._connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])

    async def limit(self, seconds: float) -> None:
        milliseconds = str(round(seconds * 1000))
        await self._connection.execute("select set_config('statement_timeout', %s, true)", [milliseconds])

    def __init__(self, connection: AsyncConnection[Row]) -> None:
        self._connection = connection

    async def one(self, statement: str, values: Values) -> Row | None:
        return await (await self._connection.execute(statement, values)).fetchone()

    async def all(self, statement: str, values: Values) -> list[Row]:
        return await _rows(await self._connection.execute(statement, values))

    async def execute(self, statement: str, values: Values) -> int:
        return (await self._connection.execute(statement, values)).rowcount

    async def execute_many(self, statement: str, values: Sequence[Values]) -> None:
        async with self._connection.cursor() as cursor:
            await cursor.executemany(statement, values)


class PostgresDatabase:
    """See database.Database."""

    single_tenant = False

    def __init__(self, address: PostgresAddress, source: LoginSource) -> None:
        self.refusal: str | None = None
        # Killed connections are found one by one: at worst all of them before a new one.
        self._attempts = address.connection_limit + 2
        # Behind a pooler in transaction mode nothing outlives a transaction: neither options nor prepared statements.
        pooled = address.pgbouncer
        self._begin = "begin" + (postgres_session.transaction_options(address) if pooled else "")
        settings = {"prepare_threshold": None} if pooled else {"options": startup_options(address, GROUP)}
        self._pool: AsyncConnectionPool[AsyncConnection[Row]] = AsyncConnectionPool(
            connection_class=_connection_class(source),
            kwargs={
                **address.connection_parameters(),
                **settings,
                "autocommit": True,  # `run` begins and commits by itself
                "row_factory": dict_row,
            },
            configure=self._expect_safe_session,
            min_size=1,
            max_size=address.connection_limit,
            timeout=address.pool_timeout,
            max_waiting=500,
            max_lifetime=CONNECTION_LIFETIME_SECONDS,
            # Then the next request tries afresh: the pool itself would wait twice as long after every failure.
            reconnect_timeout=RECONNECT_TIMEOUT_SECONDS,
            open=False,
        )

    async def open(self) -> None:
        await self._pool.open(wait=False)

    async def close(self) -> None:
        await self._pool.close(timeout=5)

    def statistics(self) -> Mapping[str, float]:
        return self._pool.get_stats()

    async def run(
        self,
        work: Callable[[PostgresTransaction], Awaitable[T]],
        claims: Claims,
        *,
        repeatable: bool = True,
    ) -> T:
        begin, committing = self._begin + _declared(claims), False

        async def transaction(connection: AsyncConnection[Row]) -> T:
            nonlocal committing
            committing = False
            await connection.execute(begin, prepare=False)
            result = await work(PostgresTransaction(connection))
            committing = True
            await connection.execute("commit")
            return result

        return await self._attempted(transaction, may_repeat=lambda: repeatable or not committing)

    async def at_once(self, statement: Statement, claims: Claims) -> tuple[Row | None, list[Row]] | None:
        begin = f"{self._begin}{_declared(claims)}; {ASKING}; "

        async def message(connection: AsyncConnection[Row]) -> tuple[Row | None, list[Row]]:
            text = AsyncClientCursor(connection).mogrify(statement.text, statement.values)
            cursor = await connection.execute(f"{begin}{text}; commit", prepare=False)
            await cursor.set_result(-3)
            session_row = await cursor.fetchone()
            await cursor.set_result(-2)
            return session_row, await _rows(cursor)

        try:
            return await self._attempted(message, may_repeat=lambda: True)
        except errors.IntegrityError:  # nobody asks, so the tenant is not theirs
            return None
        except DatabaseUnavailable as unavailable:
            if isinstance(unavailable.__cause__, errors.InsufficientPrivilege):  # a policy's refusal
                return None
            raise

    async def _attempted(
        self, work: Callable[[AsyncConnection[Row]], Awaitable[T]], may_repeat: Callable[[], bool]
    ) -> T:
        gone = False
        for _ in range(self._attempts):
            try:
                return await self._once(work)
            except errors.ForeignKeyViolation:
                if gone:
                    raise
                gone = True  # what it rests on went meanwhile, such as a member: again, it finds that out by itself
            except _ConnectionLost as lost:
                if not may_repeat():
                    raise DatabaseUnavailable("connection lost while committing") from lost
            except (*_NOT_READY, psycopg.OperationalError) as error:
                if error.diag.constraint_name == FROZEN:
                    raise Frozen from error
                raise DatabaseUnavailable(type(error).__name__) from error
        raise DatabaseUnavailable("connection lost again and again")

    async def _expect_safe_session(self, connection: AsyncConnection[Row]) -> None:
        """Before a connection's first use. The pool drops it, and tries again later, where this raises."""
        async with connection.cursor() as cursor:
            await cursor.execute(self._begin)
            found = await (await cursor.execute(postgres_session.ASK)).fetchone()
            await cursor.execute("commit")
        assert found is not None  # noqa: S101 - it asks for one row
        self.refusal = postgres_session.problem(found)
        if self.refusal:
            log.error(self.refusal, extra={"operation": "database session"})
            raise SessionRefused(self.refusal)

    async def _once(self, work: Callable[[AsyncConnection[Row]], Awaitable[T]]) -> T:
        connection = await self._pool.getconn()
        timer = asyncio.get_running_loop().call_later(WORK_TIMEOUT_SECONDS, _cut, connection)
        try:
            return await work(connection)
        except BaseException as error:
            if isinstance(error, psycopg.Error) and connection.closed:
                if timer.when() <= asyncio.get_running_loop().time():
                    raise DatabaseUnavailable("no answer in time") from error
                raise _ConnectionLost from error
            if isinstance(error, errors.ReadOnlySqlTransaction):
                await (
                    connection.close()
                )  # to a server that is the primary no longer: a new one finds out which is
            else:
                await _roll_back(connection)
            raise
        finally:
            timer.cancel()
            await self._pool.putconn(connection)


async def _rows(cursor: AsyncCursor[Row]) -> list[Row]:
    return await cursor.fetchall() if cursor.description else []


class _ConnectionLost(Exception):
    """It may have happened while committing."""


def _cut(connection: AsyncConnection[Row]) -> None:
    """End a connection that does not answer: cancelling the task would first wait for its answer all the same."""
    with socket.socket(fileno=os.dup(connection.fileno())) as its_socket, contextlib.suppress(OSError):
        its_socket.shutdown(socket.SHUT_RDWR)


async def _roll_back(connection: AsyncConnection[Row]) -> None:
    try:
        await connection.execute("rollback")
    except psycopg.Error:
        await connection.close()  # the server then rolls back by itself


def _declared(claims: Claims) -> str:
    """Tell a transaction who asks, in the same message to the server that begins it."""
    if not claims:
        return ""
    settings = ", ".join(
        f"set_config('workbuoy.{name}', {sql.Literal(value).as_string()}, true)"
        for name, value in claims.items()
    )
    return f"; select {settings}"
