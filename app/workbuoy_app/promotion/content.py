"""What a tenant's rows and objects come to: counts and checksums, equal where two places hold the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from workbuoy_app.promotion.acting import acting_for
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant
from workbuoy_app.promotion.tables import MOVED, Table, Value, canonical_rows, line, moved_tables
from workbuoy_app.roles import Owner

Write = Callable[[bytes], object]
Sink = Callable[[Table], AbstractContextManager[Write]]


@dataclass(frozen=True)
class RowSum:
    """How many rows, and the SHA-256 of their canonical lines in the order of the primary key."""

    rows: int
    sha256: str


@dataclass(frozen=True)
class ObjectSum:
    """How many objects, their bytes, and the SHA-256 over every one's key, size and own SHA-256."""

    objects: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Content:
    """All that a tenant has."""

    tenant_id: str
    tenant: str
    schema_revision: str
    tables: dict[str, RowSum]
    objects: ObjectSum

    @property
    def digest(self) -> str:
        """One checksum of everything; a receipt's."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def differences(self, other: Content) -> list[str]:
        """Where two differ, in words."""
        found = [
            f"{name} ({one.rows} rows here, {there.rows if (there := other.tables.get(name)) else 'no'} there)"
            for name, one in self.tables.items()
            if one != other.tables.get(name)
        ]
        if self.objects != other.objects:
            found.append(f"objects ({self.objects.objects} here, {other.objects.objects} there)")
        return found + [
            f"{name} ({getattr(self, name)} here, {getattr(other, name)} there)"
            for name in ("tenant_id", "tenant", "schema_revision")
            if getattr(self, name) != getattr(other, name)
        ]


def parse(document: dict[str, Any]) -> Content:
    """The content that a manifest or receipt names. Raises PromotionRefused."""
    try:
        return Content(
            str(UUID(document["tenant_id"])),
            str(document["tenant"]),
            str(document["schema_revision"]),
            {str(name): RowSum(**each) for name, each in document["tables"].items()},
            ObjectSum(**document["objects"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise PromotionRefused("The manifest is not of the form that an export writes.") from None


class _Rows:
    def __init__(self) -> None:
        self._hash, self._rows = hashlib.sha256(), 0

    def add(self, text: bytes) -> None:
        self._hash.update(text)
        self._rows += 1

    def sum(self) -> RowSum:
        return RowSum(self._rows, self._hash.hexdigest())


class Objects:
    """Adds up objects as rows of `attachments` name them, in the order of those rows."""

    def __init__(self) -> None:
        self._hash, self._objects, self._bytes = hashlib.sha256(), 0, 0

    def add(self, row: dict[str, Value]) -> None:
        """Count the row's object, if it has one."""
        if row["object_key"] is not None:
            self._hash.update(f"{row['object_key']} {row['size_bytes']} {row['sha256']}\n".encode())
            self._objects += 1
            self._bytes += int(row["size_bytes"] or 0)

    def sum(self) -> ObjectSum:
        """What it comes to."""
        return ObjectSum(self._objects, self._bytes, self._hash.hexdigest())


def revision(connection: Owner) -> str:
    """The schema's revision. Raises PromotionRefused where there is none."""
    row = connection.execute("select version_num from alembic_version").fetchone()
    if row is None:
        raise PromotionRefused("The database is not migrated: workbuoy-app migrate")
    return str(row[0])


def measure(
    connection: Owner, tenant: Tenant, sink: Sink | None = None, only: Collection[str] = MOVED
) -> Content:
    """Read every row of the tenant in `only` these tables, in this transaction, and add it up.

    `sink` is given the lines.

    Raises PromotionRefused.
    """
    tables, objects = {}, Objects()
    every = [table for table in moved_tables(connection) if table.name in only]
    known = revision(connection)
    with acting_for(connection, tenant.id):
        for table in every:
            rows = _Rows()
            with sink(table) if sink else nullcontext(_nowhere) as write:
                for row in canonical_rows(connection, table, tenant.id):
                    text = line(row)
                    write(text)
                    rows.add(text)
                    if table.name == "attachments":
                        objects.add(row)
            tables[table.name] = rows.sum()
    return Content(str(tenant.id), tenant.name, known, tables, objects.sum())


def _nowhere(_: bytes) -> None:
    """Only the sums are asked for."""


def lines_summed(name: str, lines: Iterator[bytes], expected: RowSum) -> Iterator[bytes]:
    """The lines of one table's file. Raises PromotionRefused at their end where they are not what was exported."""
    rows = _Rows()
    for text in lines:
        rows.add(text)
        yield text
    if (found := rows.sum()) != expected:
        raise PromotionRefused(
            f"{name}: the exported file is not what the manifest says"
            f" ({found.rows} of {expected.rows} rows). Export again."
        )
