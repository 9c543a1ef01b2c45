"""One batch into the database, in one transaction with its number: wholly or not at all, and never twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from workbuoy_app import schema
from workbuoy_app.move.send import CHECKPOINT, LAST
from workbuoy_app.move.side import TAKES, Channel, Side, batch_key, kept_and_whole_tables, side_of
from workbuoy_app.move.sums import Sums, measure, parse
from workbuoy_app.promotion.acting import OPERATOR, acting_for, as_group, as_owner
from workbuoy_app.promotion.bucket import Sum, for_each
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant, lock
from workbuoy_app.promotion.tables import (
    REGISTRY,
    Table,
    Value,
    canonical_rows,
    expect_own,
    insertion,
    line,
    parsed,
    stored,
)
from workbuoy_app.roles import GRANTS, Owner
from workbuoy_app.settings import MIB
from workbuoy_app.storage import object_key

PAGE_ROWS = 500
PAGE_BYTES = 4 * MIB

Row = dict[str, Value]


def apply(connection: Owner, side: Side | None, channel: Channel, manifest: dict[str, Any]) -> Side:
    """The next batch. Raises PromotionRefused, and then nothing of it was stored."""
    number, hashed = (side.number if side else 0) + 1, hashlib.sha256()
    key = batch_key(channel.inbox, number)

    def read() -> Iterator[dict[str, Any]]:
        for text in channel.own_bucket.lines(key):
            hashed.update(text)
            yield parsed(text)

    documents = read()
    head = next(documents, {})
    _expect(head, side, manifest, number, f"{channel.own_bucket.name}/{key}")
    try:
        with connection.transaction():
            side = side or _new_tenant(connection, manifest, head)
            applied = _Applying(connection, side, channel, str(head["kind"])).run(documents)
            if number == int(manifest["number"]) and hashed.hexdigest() != manifest["digest"]:
                raise PromotionRefused(
                    f"{channel.own_bucket.name}/{key} is not what the other place sent. Send anew."
                )
            side = replace(side, number=number, digest=hashed.hexdigest(), sums=applied)
            connection.execute(
                "update copies set number = %s, digest = %s, sums = %s where tenant_id = %s",
                [side.number, side.digest, side.sums.text() if side.sums else None, side.tenant.id],
            )
    except (KeyError, TypeError, ValueError):
        raise PromotionRefused(
            f"{channel.own_bucket.name}/{key} is not of the form that a move writes. Send anew."
        ) from None
    except psycopg.errors.UniqueViolation as error:
        raise PromotionRefused(
            f"Somebody of {side.tenant.name if side else 'the tenant'} is a member of another tenant here"
            f" ({error.diag.constraint_name}). Remove that membership first; nothing of batch {number} was stored."
        ) from None
    return side


def _expect(
    head: dict[str, Any], side: Side | None, manifest: dict[str, Any], number: int, where: str
) -> None:
    previous = side.digest if side else ""
    expected = (number, manifest["lineage"], previous)
    if (head.get("batch"), head.get("lineage"), head.get("previous")) != expected:
        raise PromotionRefused(
            f"{where} does not follow what is here: it was changed, or is of another move."
        )
    if head.get("schema_revision") != schema.HEAD:
        raise PromotionRefused(
            f"The schemas differ: sent from {head.get('schema_revision')}, this image {schema.HEAD}."
            " Bring both services to one release, then send again."
        )


def _new_tenant(connection: Owner, manifest: dict[str, Any], head: dict[str, Any]) -> Side:
    """A copy that nobody may write to, and into which nobody can log in before its members come."""
    row, tenant = (
        head["tenant"],
        Tenant(UUID(manifest["tenant_id"]), str(manifest["tenant"]), datetime.now(UTC)),
    )
    _, whole = kept_and_whole_tables(connection)
    table = whole["tenants"]
    expect_own(table, row, tenant.id)
    if row.get("name") != tenant.name:
        raise PromotionRefused(f"The batch is of {row.get('name')}, the manifest of {tenant.name}")
    connection.execute(insertion(table), stored(table, row))
    connection.execute(
        "insert into freezes (tenant_id, frozen_at) values (%s, %s)", [tenant.id, tenant.frozen_at]
    )
    connection.execute(
        "insert into copies (tenant_id, lineage, part, number, digest) values (%s, %s, %s, 0, '')",
        [tenant.id, manifest["lineage"], TAKES],
    )
    side = side_of(connection, tenant)
    assert side is not None  # noqa: S101 - just made
    return side


class _Applying:
    def __init__(self, connection: Owner, side: Side, channel: Channel, kind: str) -> None:
        self._connection, self._tenant, self._channel, self._kind = connection, side.tenant, channel, kind
        self._sums = side.sums
        kept, self._whole = kept_and_whole_tables(connection)
        self._tables = {one.name: one for one in kept}

    def run(self, documents: Iterator[dict[str, Any]]) -> Sums | None:
        """Gives the sums of what is here then, where they are known."""
        connection, tenant = self._connection, self._tenant
        lock(connection, tenant.id)
        if connection.execute(
            "select 1 from freezes where tenant_id = %s and removal_begun_at is not null", [tenant.id]
        ).fetchone():
            raise PromotionRefused(
                f"The removal of {tenant.name} has begun here: nothing comes back to this place."
            )
        # In this transaction alone: whoever else asks waits for the lock, and then finds it frozen.
        connection.execute("delete from freezes where tenant_id = %s", [tenant.id])
        connection.execute(
            "select set_config('workbuoy.import', 'on', true)"
        )  # the trail comes as it was kept
        members: list[Row] = []
        end: dict[str, Any] | None = None
        with acting_for(connection, tenant.id):
            for page in _pages(documents):
                if "end" in page[0]:
                    end = page[0]
                elif "delete" in page[0]:
                    self._delete(self._table(page[0]["delete"]), [UUID(one["handle"]) for one in page])
                elif page[0].get("row") == "members":
                    members += [one["values"] for one in page]
                else:
                    self._store(self._table(str(page[0].get("row"))), [one["values"] for one in page])
            if end is None:
                raise PromotionRefused("The batch has no end. Send again.")
            if self._kind == CHECKPOINT:
                self._compare(parse(end["sums"]))
            if self._kind != "rows":
                self._members(members)
        connection.execute(
            "insert into freezes (tenant_id, frozen_at) values (%s, %s)", [tenant.id, tenant.frozen_at]
        )
        return self._sums

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            raise PromotionRefused(f"The batch names {name}, which no move sends. Send anew.")
        return self._tables[name]

    def _act_for(self, table: Table) -> None:
        (as_owner if table.name in REGISTRY else as_group)(self._connection)

    def _here(self, table: Table, handles: list[UUID]) -> list[bytes]:
        return [line(row) for row in canonical_rows(self._connection, table, self._tenant.id, handles)]

    def _delete(self, table: Table, handles: list[UUID]) -> None:
        if self._sums is not None:
            for text in self._here(table, handles):
                self._sums.of(table.name).take(text)
        if table.name == "attachments":  # first: without their rows nobody would find them again
            for_each((object_key(self._tenant.id, one) for one in handles), self._channel.own_bucket.delete)
        self._act_for(table)
        if table.name == "attachment_chunks":
            return  # pieces go with their attachment, and the service itself may not delete them
        self._connection.execute(
            sql.SQL("delete from {} where tenant_id = %s and {} = any(%s)").format(
                sql.Identifier(table.name), sql.Identifier(table.handle)
            ),
            [self._tenant.id, handles],
        )

    def _store(self, table: Table, rows: list[Row]) -> None:
        """Store rows; where sums are known, read them again and follow the change."""
        for row in rows:
            expect_own(table, row, self._tenant.id)
        if table.name == "attachments":
            for_each((row for row in rows if row.get("object_key") is not None), self._bring)
        handles = sorted({UUID(str(row[table.handle])) for row in rows})
        before = self._here(table, handles) if self._sums is not None else []
        self._act_for(table)
        with self._connection.cursor() as cursor:
            cursor.executemany(_upsert(table), [stored(table, row) for row in rows])
        if self._sums is None:
            return
        after = self._here(table, handles)
        if sorted(after) != sorted(line(row) for row in rows):
            raise PromotionRefused(f"{table.name}: what was stored is not what was sent. It was rolled back.")
        sums = self._sums.of(table.name)
        for text in before:
            sums.take(text)
        for text in after:
            sums.add(text)

    def _bring(self, row: Row) -> None:
        attachment, here = UUID(str(row["id"])), self._channel.own_bucket
        key = object_key(self._tenant.id, attachment)  # never one that a file names
        here.copy(self._channel.inbox.object(attachment), key, str(row["content_type"]))
        if here.sum(key) != Sum(int(row["size_bytes"] or 0), str(row["sha256"])):
            raise PromotionRefused(f"{here.name}/{key} is not what its row says: size or checksum differ")

    def _compare(self, sent: Sums) -> None:
        """Everything that is here with everything that was there, whatever came before."""
        here = measure(self._connection, self._tables.values(), self._tenant.id)
        if differences := here.differences(sent):
            raise PromotionRefused(
                f"What is here differs from what was sent: {', '.join(differences)}. Send anew."
            )
        self._sums = here

    def _members(self, rows: list[Row]) -> None:
        """All of them at the last batch; before, only whether they could come."""
        as_owner(self._connection)
        table = self._whole["members"]
        for row in rows:
            expect_own(table, row, self._tenant.id)
        if self._kind != LAST:
            self._expect_free(rows)
            return
        ids = [row["id"] for row in rows]
        self._connection.execute(
            "delete from members where tenant_id = %s and issuer <> %s and not id = any(%s::uuid[])",
            [self._tenant.id, OPERATOR, ids],
        )
        with self._connection.cursor() as cursor:
            cursor.executemany(_upsert(table), [stored(table, row) for row in rows])
        if self._sums is None:
            raise PromotionRefused("The last batch came before any sums. Send anew.")
        for one in self._whole.values():  # few rows: read whole
            self._sums.tables[one.name] = measure(self._connection, [one], self._tenant.id).of(one.name)
        if self._sums.of("members").rows != len(rows):
            raise PromotionRefused("members: what was stored is not what was sent. It was rolled back.")

    def _expect_free(self, rows: list[Row]) -> None:
        taken = self._connection.execute(
            "select count(*) from members m join unnest(%s::text[], %s::text[]) as asked (issuer, subject)"
            " using (issuer, subject) where m.tenant_id <> %s",
            [[row["issuer"] for row in rows], [row["subject"] for row in rows], self._tenant.id],
        ).fetchone()
        if taken and taken[0]:
            raise PromotionRefused(
                f"{taken[0]} of {self._tenant.name}'s members are members of another tenant here, and a person is of"
                " one. Remove these memberships first; nothing of this batch was stored."
            )


def _upsert(table: Table) -> sql.Composed:
    """Change what is there where the service itself may; what it never changes is the same already."""
    key = sql.SQL(", ").join(map(sql.Identifier, table.key))
    changeable = "update" in GRANTS[table.name] or table.name == "members"
    columns = [name for name in table.columns if name not in table.key]
    changes = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(one)) for one in columns)
    then = sql.SQL("update set {}").format(changes) if changeable else sql.SQL("nothing")
    return insertion(table) + sql.SQL(" on conflict ({}) do {}").format(key, then)


def _pages(documents: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Documents of one kind and table together, never parting the pieces of one file."""
    page: list[dict[str, Any]] = []
    kind, handle, size = None, None, 0
    for one in documents:
        of = (
            ("end",)
            if "end" in one
            else ("delete", one["delete"])
            if "delete" in one
            else ("row", one.get("row"))
        )
        values = one.get("values") or {}
        piece_of = values.get("attachment_id") if of == ("row", "attachment_chunks") else None
        full = (len(page) >= PAGE_ROWS or size >= PAGE_BYTES) and (piece_of is None or piece_of != handle)
        if page and (of != kind or full):
            yield page
            page, size = [], 0
        page.append(one)
        size += sum(len(value) for value in values.values() if isinstance(value, str))
        kind, handle = of, piece_of
    if page:
        yield page
