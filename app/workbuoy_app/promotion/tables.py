"""Which tables move with a tenant, and their rows in one canonical form.

The list stands here, and the database's catalogue is asked whether it is whole: a table added later stops the export.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg import sql

from workbuoy_app.promotion.acting import OPERATOR, acting_for, as_group, as_owner
from workbuoy_app.promotion.bucket import PAGE_OBJECTS
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant
from workbuoy_app.roles import Owner
from workbuoy_app.settings import MIB

MOVED = (
    "tenants",
    "members",
    "audit_events",
    "things",
    "attachments",
    "attachment_chunks",
)  # each after those that it refers to
LEFT = {
    "sessions": "a session is of one service: people log in again",
    "object_removals": "these objects are to go, so they are not moved",
    "thing_search": "made from the things, by a trigger",
    "freezes": "the state of the old place",
    "copies": "how far a move has come, as this place knows it",
    "row_changes": "what a move has still to send from this place",
    "api_tokens": "a token is of one service, as a session is: scripts get new ones",
    "idempotency_keys": "a day's answers to requests that may be sent again, to the old place",
}
# The owner's own: the service's group sees one's own member only, and writes no audit trail.
REGISTRY = ("tenants", "members", "audit_events")
# Types whose text is the same from every server. Others need a decision, and stop the export.
TYPES = ("uuid", "text", "timestamptz", "int8", "bytea")

# Every table with a tenant's rows: its columns, their types, and its primary key. One question, since each batch asks.
_TABLES = """
select c.relname, columns.names, columns.types, array(
    select a.attname::text
    from pg_index i, unnest(i.indkey) with ordinality as k (attnum, place), pg_attribute a
    where i.indrelid = c.oid and i.indisprimary and a.attrelid = c.oid and a.attnum = k.attnum
    order by place)
from pg_class c cross join lateral (
    select array_agg(a.attname::text order by a.attnum) as names, array_agg(t.typname::text order by a.attnum) as types
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
where c.relnamespace = to_regnamespace(current_schema()) and c.relkind in ('r', 'p')
    and ('tenant_id' = any(columns.names) or c.relname = 'tenants')
"""

Value = str | int | None
BATCH_BYTES = 4 * MIB


@dataclass(frozen=True)
class Table:
    """A table that moves: its columns with their types in order, and its primary key."""

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]

    @property
    def tenant_column(self) -> str:
        """The column that says whose a row is."""
        return "id" if self.name == "tenants" else "tenant_id"

    @property
    def handle(self) -> str:
        """The column that names what is copied as one: a file kept in the database goes with all its pieces."""
        return "attachment_id" if self.name == "attachment_chunks" else "id"


def moved_tables(connection: Owner) -> list[Table]:
    """The tables that move, as this database has them. Raises PromotionRefused where one is not provided for."""
    found = {
        name: Table(name, dict(zip(columns, types, strict=True)), tuple(key))
        for name, columns, types, key in connection.execute(_TABLES)
    }
    if unknown := sorted(set(found) - set(MOVED) - set(LEFT)):
        raise PromotionRefused(
            f"Nobody has decided whether {', '.join(unknown)} moves with a tenant: tables.py"
        )
    if missing := sorted(set(MOVED) - set(found)):
        raise PromotionRefused(f"There is no table {', '.join(missing)}: workbuoy-app migrate")
    for name in MOVED:
        for column, kind in found[name].columns.items():
            if kind not in TYPES:
                raise PromotionRefused(f"{name}.{column} is of a type that no export writes: {kind}")
    return [found[name] for name in MOVED]


def selection(table: Table, *, some: bool = False) -> sql.Composed:
    """A tenant's rows in the order of their primary key; takes the parameters `tenant`, `operator`, and `handles`.

    With `some`, those alone whose handle is among `handles`.
    """
    condition = sql.SQL("{} = %(tenant)s").format(sql.Identifier(table.tenant_column))
    if some:
        condition += sql.SQL(" and {} = any(%(handles)s)").format(sql.Identifier(table.handle))
    if table.name == "members":
        condition += sql.SQL(" and issuer <> %(operator)s")
    return sql.SQL("select {} from {} where {} order by {}").format(
        sql.SQL(", ").join(map(sql.Identifier, table.columns)),
        sql.Identifier(table.name),
        condition,
        sql.SQL(", ").join(map(sql.Identifier, table.key)),
    )


def canonical_rows(
    connection: Owner, table: Table, tenant_id: UUID, handles: Sequence[UUID] | None = None
) -> Iterator[dict[str, Value]]:
    """One tenant's rows as they come from the server, one at a time, within `acting_for`.

    All of them, or those with one of these handles. Raises PromotionRefused for a row of another tenant, whatever
    let it through.
    """
    (as_owner if table.name in REGISTRY else as_group)(connection)
    statement = sql.SQL("copy ({}) to stdout").format(selection(table, some=handles is not None))
    parameters = {"tenant": tenant_id, "operator": OPERATOR, "handles": list(handles or ())}
    with connection.cursor() as cursor, cursor.copy(statement, parameters) as copy:
        copy.set_types(list(table.columns.values()))
        for values in copy.rows():
            row = {column: as_plain(value) for column, value in zip(table.columns, values, strict=True)}
            expect_own(table, row, tenant_id)
            yield row


def expect_own(table: Table, row: dict[str, Value], tenant_id: UUID) -> None:
    """Raises PromotionRefused where a row is another tenant's."""
    if row.get(table.tenant_column) != str(tenant_id):
        raise PromotionRefused(f"{table.name}: a row of another tenant came along. Nothing of it was stored.")


def as_plain(value: Any) -> Value:
    """A column's value as an export's line has it."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    assert value is None or isinstance(value, str | int)  # noqa: S101 - `TYPES` holds no others
    return value


def line(row: dict[str, Value]) -> bytes:
    """A row as a line of JSON, always the same for the same values."""
    return json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def insertion_of_many(table: Table) -> sql.Composed:
    """Takes one list a column, of what `stored` gives: one statement for all rows, which asks the policies once."""
    kinds = [sql.SQL("%s::") + sql.Identifier(kind) + sql.SQL("[]") for kind in table.columns.values()]
    names = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    return sql.SQL("insert into {} ({}) select {} from unnest({}) as rows ({})").format(
        sql.Identifier(table.name), names, names, sql.SQL(", ").join(kinds), names
    )


def insertion(table: Table) -> sql.Composed:
    """Takes the values of `stored`."""
    return sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(map(sql.Identifier, table.columns)),
        sql.SQL(", ").join(sql.Placeholder() * len(table.columns)),
    )


def stored(table: Table, row: dict[str, Value]) -> list[object]:
    """A canonical row's values as the database takes them. Raises PromotionRefused for a row of another form."""
    if set(row) != set(table.columns):
        raise PromotionRefused(f"{table.name}: a row has other columns than the table here")
    return [
        base64.b64decode(str(row[column])) if kind == "bytea" and row[column] is not None else row[column]
        for column, kind in table.columns.items()
    ]


def rows_with_objects(connection: Owner, tenant: Tenant) -> Iterator[dict[str, Any]]:
    """What is copied of each object, by id."""
    columns = ("id", "object_key", "size_bytes", "sha256", "content_type")
    return attachments(connection, tenant, columns, " and object_key is not null")


def attachments(
    connection: Owner, tenant: Tenant, columns: Sequence[str], condition: str = ""
) -> Iterator[dict[str, Any]]:
    """These columns of each, `id` the first, by id. In short transactions: none stays open while files are copied."""
    last = None
    while True:
        with acting_for(connection, tenant.id):
            as_group(connection)
            found = connection.execute(
                f"select {', '.join(columns)} from attachments where tenant_id = %(tenant)s{condition}"
                " and (%(last)s::uuid is null or id > %(last)s::uuid) order by id limit %(limit)s",
                {"tenant": tenant.id, "last": last, "limit": PAGE_OBJECTS},
            ).fetchall()
        connection.rollback()
        yield from (dict(zip(columns, row, strict=True)) for row in found)
        if len(found) < PAGE_OBJECTS:
            return
        last = found[-1][0]


def insert(connection: Owner, table: Table, lines: Iterator[bytes], tenant: Tenant) -> None:
    """Rows as an export's lines have them. Raises PromotionRefused for one of another tenant."""
    statement = insertion_of_many(table)
    for batch in _batches(lines):
        rows = [parsed(text) for text in batch]
        for row in rows:
            expect_own(table, row, tenant.id)
        columns = zip(*(stored(table, row) for row in rows), strict=True)
        connection.execute(statement, [list(column) for column in columns])


def _batches(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch, size = [], 0
    for text in lines:
        batch.append(text)
        size += len(text)
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def parsed(text: bytes) -> dict[str, Value]:
    """A row of an export's line. Raises PromotionRefused."""
    try:
        row = json.loads(text)
    except ValueError:
        raise PromotionRefused("An exported file holds a line that is no JSON. Export again.") from None
    if not isinstance(row, dict):
        raise PromotionRefused("An exported file holds a line that is no row. Export again.")
    return row
