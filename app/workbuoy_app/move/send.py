"""`workbuoy-app tenant send`: a serving tenant's rows and objects into the other place's bucket, in numbered batches.

A batch is what the database holds at one moment, of the rows that are next in turn and of all rows whose change was
noted. Its notes are taken away by their own ids once it lies in the bucket: a change that is committed later has a note
that stays, whatever its time or number. So after any batch a receiver has what stood here at that batch's moment.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql

from workbuoy_app import schema
from workbuoy_app.move.side import (
    SENDS,
    Channel,
    Side,
    alone,
    batch_key,
    kept_and_whole_tables,
    open_channel,
    side_of,
)
from workbuoy_app.move.sums import Sums, measure
from workbuoy_app.promotion.acting import acting_for, as_group, as_owner
from workbuoy_app.promotion.bucket import Sum, for_each
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant, find, lock
from workbuoy_app.promotion.tables import REGISTRY, Table, Value, canonical_rows, moved_tables
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings

COMPRESSION = 3
AT_ONCE = {
    "attachments": 500,
    "attachment_chunks": 20,
}  # pieces are of 1 MiB; an attachment may have an object
ROWS_AT_ONCE = 5_000
ROWS, CHECKPOINT, LAST = "rows", "checkpoint", "last"

Handles = dict[str, list[UUID]]


class _ObjectGone(Exception):
    """An object was deleted, with its row, after the batch's moment."""


@dataclass(frozen=True)
class _Moment:
    """What one batch is made of."""

    notes: list[int]
    changed: Handles
    next: Handles
    reading: str | None
    read_to: UUID | None


def send(settings: Settings, name: str, to: str, region: str | None = None) -> Side:
    """Send everything that the other place does not have yet; ends with the sums of all. Raises PromotionRefused."""
    channel = open_channel(settings, name, to, region)
    with alone(settings, name) as connection:
        tenant = find(connection, name)
        return batch(connection, all_rows(connection, tenant, channel), channel, CHECKPOINT)


def all_rows(connection: Owner, tenant: Tenant, channel: Channel) -> Side:
    """Send all rows once, unless an earlier command has. Raises PromotionRefused."""
    side = _begin(connection, tenant)
    channel.write("manifest", side)  # a command that was killed may have reported less
    while side.reading is not None:
        side = batch(connection, side, channel, ROWS)
    return side


def _begin(connection: Owner, tenant: Tenant) -> Side:
    """Note the tenant's changes from now on. A write under way ends first, so that none is missed."""
    connection.rollback()
    with connection.transaction():
        if (side := side_of(connection, tenant)) is None:
            lock(connection, tenant.id)
            kept, _ = kept_and_whole_tables(connection)
            connection.execute(
                "insert into copies (tenant_id, lineage, part, number, digest, reading) values (%s, %s, %s, 0, '', %s)",
                [tenant.id, uuid4(), SENDS, kept[0].name],
            )
            side = side_of(connection, tenant)
    assert side is not None  # noqa: S101 - just made
    if side.part != SENDS:
        raise PromotionRefused(
            f"{tenant.name} does not serve here, so nothing is sent from here: {side.part}"
        )
    return side


def batch(connection: Owner, side: Side, channel: Channel, kind: str) -> Side:
    """Send one, and report it. Raises PromotionRefused."""
    while True:
        try:
            sent = _batch(connection, side, channel, kind)
        except _ObjectGone as gone:
            connection.rollback()
            if _still_there(connection, side.tenant, UUID(str(gone))):
                raise PromotionRefused(
                    f"{channel.own_bucket.name}: the object of attachment {gone} is missing or is not what its row says"
                ) from gone
            continue
        channel.write("manifest", sent)
        return sent


def _batch(connection: Owner, side: Side, channel: Channel, kind: str) -> Side:
    tables, whole = kept_and_whole_tables(connection)
    with acting_for(connection, side.tenant.id):
        moment = _moment(connection, side, tables)
        _copy_objects(connection, side.tenant, tables, moment, channel)
        number, digest = side.number + 1, hashlib.sha256()
        with (
            channel.other_bucket.writing(batch_key(channel.outbox, number), "application/gzip") as upload,
            gzip.GzipFile("", "wb", COMPRESSION, upload, mtime=0) as compressed,
        ):
            for document in _documents(connection, side, tables, whole, moment, kind=kind):
                text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                digest.update(text)
                compressed.write(text)
    connection.rollback()
    sent = replace(
        side, number=number, digest=digest.hexdigest(), reading=moment.reading, read_to=moment.read_to
    )
    with connection.transaction():
        connection.execute(
            "delete from row_changes where tenant_id = %s and id = any(%s)", [side.tenant.id, moment.notes]
        )
        connection.execute(
            "update copies set number = %s, digest = %s, reading = %s, read_to = %s where tenant_id = %s",
            [sent.number, sent.digest, sent.reading, sent.read_to, side.tenant.id],
        )
    return sent


def _moment(connection: Owner, side: Side, tables: Sequence[Table]) -> _Moment:
    """Changes of tables that were read before, or are being read: what is not read yet refers to rows that are."""
    names = [table.name for table in tables]
    begun = names if side.reading is None else names[: names.index(side.reading) + 1]
    as_owner(connection)
    notes: list[int] = []
    changed: dict[str, set[UUID]] = {name: set() for name in begun}
    for note, name, handle in connection.execute(
        "select id, table_name, row_id from row_changes where tenant_id = %s and table_name = any(%s)",
        [side.tenant.id, begun],
    ):
        notes.append(note)
        changed[name].add(handle)
    changed_handles = {name: sorted(handles) for name, handles in changed.items() if handles}
    if side.reading is None:
        return _Moment(notes, changed_handles, {}, None, None)
    table = tables[len(begun) - 1]
    most = AT_ONCE.get(table.name, ROWS_AT_ONCE)
    handles = _next_handles(connection, side, table, most)
    if len(handles) == most:
        return _Moment(notes, changed_handles, {table.name: handles}, table.name, handles[-1])
    following = names[len(begun)] if len(begun) < len(names) else None
    return _Moment(notes, changed_handles, {table.name: handles}, following, None)


def _next_handles(connection: Owner, side: Side, table: Table, most: int) -> list[UUID]:
    (as_owner if table.name in REGISTRY else as_group)(connection)
    handle = sql.Identifier(table.handle)
    statement = sql.SQL(
        "select distinct {handle} from {table} where tenant_id = %(tenant)s"
        " and (%(after)s::uuid is null or {handle} > %(after)s::uuid) order by {handle} limit %(most)s"
    ).format(handle=handle, table=sql.Identifier(table.name))
    values = {"tenant": side.tenant.id, "after": side.read_to, "most": most}
    return [row[0] for row in connection.execute(statement, values)]


def _documents(
    connection: Owner,
    side: Side,
    tables: Sequence[Table],
    whole: dict[str, Table],
    moment: _Moment,
    *,
    kind: str,
) -> Iterator[dict[str, Any]]:
    (own,) = canonical_rows(connection, whole["tenants"], side.tenant.id)
    yield {
        "batch": side.number + 1,
        "kind": kind,
        "lineage": str(side.lineage),
        "previous": side.digest,
        "schema_revision": schema.HEAD,
        "tenant": own,
        "sent_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    yield from _deletions(connection, side.tenant.id, tables, moment)
    for table in tables:
        handles = sorted({*moment.changed.get(table.name, ()), *moment.next.get(table.name, ())})
        if handles:
            for row in canonical_rows(connection, table, side.tenant.id, handles):
                yield {"row": table.name, "values": row}
    if kind != ROWS:
        for row in canonical_rows(connection, whole["members"], side.tenant.id):
            yield {"row": "members", "values": row}
    sums = measure(connection, tables, side.tenant.id) if kind == CHECKPOINT else None
    yield {"end": side.number + 1, "sums": sums.document() if sums else None}


def _deletions(
    connection: Owner, tenant_id: UUID, tables: Sequence[Table], moment: _Moment
) -> Iterator[dict[str, Any]]:
    """Changed rows that are there no more, what refers to others first."""
    for table in reversed(tables):
        if changed := moment.changed.get(table.name):
            (as_owner if table.name in REGISTRY else as_group)(connection)
            handle = sql.Identifier(table.handle)
            statement = sql.SQL("select {} from {} where tenant_id = %s and {} = any(%s)").format(
                handle, sql.Identifier(table.name), handle
            )
            there = {row[0] for row in connection.execute(statement, [tenant_id, changed])}
            yield from ({"delete": table.name, "handle": str(one)} for one in changed if one not in there)


def _copy_objects(
    connection: Owner, tenant: Tenant, tables: Sequence[Table], moment: _Moment, channel: Channel
) -> None:
    table = next(one for one in tables if one.name == "attachments")
    handles = sorted({*moment.changed.get(table.name, ()), *moment.next.get(table.name, ())})
    if not handles:
        return
    rows = [
        row for row in canonical_rows(connection, table, tenant.id, handles) if row["object_key"] is not None
    ]

    def copy(row: dict[str, Value]) -> None:
        key, attachment = str(row["object_key"]), UUID(str(row["id"]))
        expected = Sum(int(row["size_bytes"] or 0), str(row["sha256"]))
        try:
            found = channel.other_bucket.put(
                channel.outbox.object(attachment), channel.own_bucket.read(key), str(row["content_type"])
            )
        except PromotionRefused as refused:
            if "NoSuchKey" in str(refused):
                raise _ObjectGone(attachment) from refused
            raise
        if found != expected:
            raise _ObjectGone(attachment)

    for_each(rows, copy)


def _still_there(connection: Owner, tenant: Tenant, attachment: UUID) -> bool:
    with acting_for(connection, tenant.id):
        as_group(connection)
        found = connection.execute(
            "select 1 from attachments where tenant_id = %s and id = %s", [tenant.id, attachment]
        ).fetchone()
    connection.rollback()
    return found is not None


def waiting(connection: Owner, tenant: Tenant) -> int:
    """How many changes are noted and not sent."""
    row = connection.execute("select count(*) from row_changes where tenant_id = %s", [tenant.id]).fetchone()
    connection.rollback()
    return int(row[0]) if row else 0


def sums_here(connection: Owner, tenant: Tenant) -> Sums:
    """Of everything that a move sends, members included, read anew."""
    with acting_for(connection, tenant.id):
        sums = measure(connection, moved_tables(connection), tenant.id)
    connection.rollback()
    return sums
