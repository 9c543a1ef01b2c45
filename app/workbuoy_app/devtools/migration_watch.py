"""What a migration does to a database in use: its statements, who waits for its locks, and tables of a real size.

    python -m workbuoy_app.devtools.migration_watch fill --rows 200000 things
    python -m workbuoy_app.devtools.migration_watch migrate STATEMENTS.jsonl
    python -m workbuoy_app.devtools.migration_watch waits      # until SIGTERM, then prints them as JSON

Each reads the settings that `migrate` reads, and connects as the owner.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
from psycopg import sql

from workbuoy_app import cli
from workbuoy_app.database_url import PostgresAddress
from workbuoy_app.owner import owner_connection
from workbuoy_app.settings import Settings, load

SAMPLE_SECONDS = 0.02
SHOWN = 20
Connection = psycopg.Connection[Any]

# Whoever waits for a lock that a session of ours holds or waits for: which session, for how long, behind what.
WAITS = """
select waiting.pid, coalesce(waiting.relation::regclass::text, ''), waiting.mode,
       extract(epoch from clock_timestamp() - waiting.waitstart), holder.query
from pg_locks waiting
join lateral unnest(pg_blocking_pids(waiting.pid)) blocking(pid) on true
join pg_stat_activity holder on holder.pid = blocking.pid and holder.usename = current_user
where not waiting.granted and waiting.waitstart is not null
  and waiting.pid not in (select pid from pg_stat_activity where usename = current_user)
"""


# ---- statements


@contextmanager
def recorded_statements(file: Path) -> Iterator[None]:
    """Write each statement that psycopg sends, with the seconds that it took, as a line of JSON."""
    execute = psycopg.Cursor.execute
    with file.open("w", encoding="utf-8") as lines:

        def timed(cursor: Any, query: Any, *given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return execute(cursor, query, *given, **named)
            finally:
                text = query.as_string(cursor) if isinstance(query, sql.Composable) else query
                statement = text.decode() if isinstance(text, bytes) else str(text)
                seconds = round(time.perf_counter() - began, 4)
                lines.write(json.dumps({"statement": statement.strip(), "seconds": seconds}) + "\n")
                lines.flush()

        psycopg.Cursor.execute = timed  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            psycopg.Cursor.execute = execute  # type: ignore[method-assign]


# ---- waits


@dataclass
class Wait:
    """One session's wait for one lock, and how much of it passed during which statement of the owner's."""

    table: str
    mode: str
    seconds: float = 0.0
    behind: dict[str, float] = field(default_factory=dict)

    def last(self, seconds: float, statement: str) -> None:
        """It lasts so long by now."""
        self.behind[statement] = self.behind.get(statement, 0.0) + seconds - self.seconds
        self.seconds = seconds

    def as_json(self) -> dict[str, Any]:
        """The statement is the one during which most of it passed."""
        statement = max(self.behind, key=self.behind.__getitem__)
        return {
            "statement": statement,
            "table": self.table,
            "mode": self.mode,
            "seconds": round(self.seconds, 3),
        }


def watch_waits(connection: Connection, ended: Event) -> list[dict[str, Any]]:
    """The longest waits behind the owner's statements until `ended` is set, the longest first."""
    ongoing: dict[int, Wait] = {}
    over: list[Wait] = []
    while not ended.wait(SAMPLE_SECONDS):
        seen: dict[int, Wait] = {}
        for pid, table, mode, seconds, statement in connection.execute(WAITS):
            wait = seen.get(pid) or ongoing.get(pid)
            if wait is None or wait.seconds > seconds:
                wait = Wait(table, mode)
            wait.last(float(seconds), statement.strip())
            seen[pid] = wait
        over += [wait for pid, wait in ongoing.items() if seen.get(pid) is not wait]
        over = sorted(over, key=lambda one: -one.seconds)[:SHOWN]
        ongoing = seen
    return [one.as_json() for one in sorted([*over, *ongoing.values()], key=lambda one: -one.seconds)]


# ---- tables of a real size


def fill(connection: Connection, schema: str, tables: Sequence[str], rows: int) -> dict[str, int | str]:
    """Copy one row of each table until it has so many, parents first: table -> its rows, or why it was not filled.

    Names of which there is no table are passed over: whoever read them in statements cannot tell. What the service's
    triggers would do to each row is left out: they would take longer than the migration.
    """
    done: dict[str, int | str] = {}
    query = "select relname from pg_class where relkind = 'r' and relnamespace = %s::regnamespace"
    known = {name for (name,) in connection.execute(query, [schema])} - {"alembic_version"}
    for table in _parents_first(connection, schema, [one for one in tables if one in known]):
        try:
            with connection.transaction():
                _copy_rows(connection, schema, table, rows)
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier(schema, table)))
            done[table] = _count(connection, schema, table)
        except (psycopg.Error, LookupError) as error:
            done[table] = str(error).strip().splitlines()[0]
    return done


def _copy_rows(connection: Connection, schema: str, table: str, rows: int) -> None:
    name = sql.Identifier(schema, table)
    connection.execute(sql.SQL("alter table {} disable trigger user").format(name))
    # Row-level security would hide the table's and its parents' rows from their owner.
    hiding = [sql.SQL(one) for (one,) in connection.execute(_HIDING, {"table": _quoted(name)})]
    for one in hiding:
        connection.execute(sql.SQL("alter table {} no force row level security").format(one))
    connection.execute(_insert(connection, name, rows))
    for one in hiding:
        connection.execute(sql.SQL("alter table {} force row level security").format(one))
    connection.execute(sql.SQL("alter table {} enable trigger user").format(name))


def _insert(connection: Connection, name: sql.Identifier, rows: int) -> sql.Composed:
    """An insert of copies that differ where a unique index wants it: by value, or by another row of the parent."""
    columns = dict(connection.execute(_COLUMNS, [_quoted(name)]).fetchall())
    parents = connection.execute(_PARENTS, [_quoted(name)]).fetchall()
    from_parents = {column for _, own, _ in parents for column in own}
    # A value that a check ties to the row's id would not fit the copy's.
    varied: dict[str, sql.Composable] = {
        column: sql.SQL("null") for (column,) in connection.execute(_CHECKED, [_quoted(name)])
    }
    parent: tuple[str, list[str], list[str]] | None = None
    for (unique,) in connection.execute(_UNIQUE, [_quoted(name)]):
        free = [one for one in unique if one not in from_parents and columns[one] in _VARIED]
        if free:
            varied[free[0]] = sql.SQL(_VARIED[columns[free[0]]]).format(
                column=sql.Identifier("seed", free[0])
            )
        elif parent is None:
            parent = next((one for one in parents if set(one[1]) & set(unique)), None)
            if parent is None:
                raise LookupError(f"no column of its unique index {', '.join(unique)} can be varied")
    source = sql.SQL("generate_series(1, {rows}) as copies (number)").format(rows=rows)
    if parent is not None:
        other, own, parent_columns = parent
        varied |= {
            one: sql.Identifier("parent", their) for one, their in zip(own, parent_columns, strict=True)
        }
        source = sql.SQL(
            "(select *, row_number() over () as number from {other} limit {rows}) as parent"
            " cross join lateral (select parent.number) as copies"
        ).format(other=sql.SQL(other), rows=rows)
    values = [varied.get(one, sql.Identifier("seed", one)) for one in columns]
    return sql.SQL(
        "insert into {name} ({columns}) select {values} from (select * from {name} limit 1) as seed, {source}"
        " on conflict do nothing"
    ).format(
        name=name,
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(values),
        source=source,
    )


_VARIED = {
    "uuid": "gen_random_uuid()",
    "text": "{column} || '-' || copies.number",
    "bigint": "{column} + copies.number",
    "integer": "{column} + copies.number",
    "timestamp with time zone": "{column} - make_interval(secs => copies.number)",
}
_COLUMNS = (
    "select attname, format_type(atttypid, null) from pg_attribute where attrelid = %s::regclass"
    " and attnum > 0 and not attisdropped and attgenerated = '' and attidentity = '' order by attnum"
)
_HIDING = (
    "select oid::regclass::text from pg_class where relforcerowsecurity and (oid = %(table)s::regclass or oid in"
    " (select confrelid from pg_constraint where contype = 'f' and conrelid = %(table)s::regclass))"
)
_CHECKED = (
    "select distinct attname from pg_constraint join pg_attribute on attrelid = conrelid and attnum = any(conkey)"
    " where contype = 'c' and not attnotnull and conrelid = %s::regclass"
)
_NAMES = (
    "(select array_agg(a.attname::text order by k.place) from unnest({keys}) with ordinality k (number, place)"
    " join pg_attribute a on a.attrelid = {table} and a.attnum = k.number)"
)
_PARENTS = (
    f"select confrelid::regclass::text, {_NAMES.format(keys='conkey', table='conrelid')},"
    f" {_NAMES.format(keys='confkey', table='confrelid')}"
    " from pg_constraint where contype = 'f' and conrelid = %s::regclass"
)
_UNIQUE = (
    f"select {_NAMES.format(keys='indkey::int2[]', table='indrelid')} from pg_index"
    " where indisunique and indexprs is null and indrelid = %s::regclass"
)


def _parents_first(connection: Connection, schema: str, tables: Sequence[str]) -> list[str]:
    ordered: list[str] = []

    def add(table: str, seen: frozenset[str]) -> None:
        rows = connection.execute(_PARENTS, [_quoted(sql.Identifier(schema, table))]).fetchall()
        for other, _, _ in rows:
            name = other.rpartition(".")[2].strip('"')
            if name in tables and name not in seen:
                add(name, seen | {name})
        if table not in ordered:
            ordered.append(table)

    for table in tables:
        add(table, frozenset({table}))
    return ordered


def _count(connection: Connection, schema: str, table: str) -> int:
    """By the planner's count, which row-level security does not hide."""
    name = _quoted(sql.Identifier(schema, table))
    return int(_one(connection, "select reltuples from pg_class where oid = %s::regclass", name))


def _quoted(name: sql.Identifier) -> str:
    return name.as_string(None)


def _one(connection: Connection, query: str, *given: object) -> Any:
    row = connection.execute(query, given).fetchone()
    return None if row is None else row[0]


# ---- the command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the three; gives back its exit status."""
    parser = argparse.ArgumentParser(prog="migration_watch", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    filling = commands.add_parser("fill")
    filling.add_argument("--rows", type=int, required=True)
    filling.add_argument("tables", nargs="+")
    commands.add_parser("migrate").add_argument("statements", type=Path)
    commands.add_parser("waits")
    options = parser.parse_args(arguments)
    if options.command == "migrate":
        with recorded_statements(options.statements):
            return cli.main(["migrate"])
    return _with_connection(load(os.environ), options)


def _with_connection(settings: Settings, options: argparse.Namespace) -> int:
    with owner_connection(settings) as connection:
        if options.command == "fill":
            assert isinstance(settings.database, PostgresAddress)  # noqa: S101 - SQLite has no owner
            schema = settings.database.schema
            print(json.dumps(fill(connection, schema, options.tables, options.rows)), flush=True)
            return 0
        ended = Event()
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        print("watching", flush=True)
        print(json.dumps(watch_waits(connection, ended)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
