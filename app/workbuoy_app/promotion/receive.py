"""`workbuoy-app tenant import`: a finished export becomes a tenant here, compared with its manifest in every byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from workbuoy_app import schema
from workbuoy_app.promotion.acting import acting_for, as_group, as_owner, owner_that_may_act
from workbuoy_app.promotion.bucket import Bucket, Place, Sum, for_each, own_storage, place
from workbuoy_app.promotion.content import Content, lines_summed, measure, parse, revision
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.export import FORMAT
from workbuoy_app.promotion.freeze import Tenant
from workbuoy_app.promotion.tables import (
    REGISTRY,
    Table,
    Value,
    expect_own,
    insertion_of_many,
    moved_tables,
    stored,
)
from workbuoy_app.roles import Owner
from workbuoy_app.settings import MIB, Settings
from workbuoy_app.storage import object_key

BATCH_BYTES = 4 * MIB


def receive(settings: Settings, source: str) -> tuple[Content, bool]:
    """Import a tenant from this service's own bucket; False where it was here already, in every byte the same.

    Objects first, each read back; then all rows in one transaction, counted and summed before it is committed;
    then the receipt. Raises PromotionRefused, leaving no row, naming the table or object that differs.
    """
    origin, storage = place(source), own_storage(settings)
    if origin.bucket != storage.bucket:
        raise PromotionRefused(f"{source} is not in this service's own bucket, {storage.bucket}")
    bucket = Bucket(storage)
    manifest = _manifest(bucket, origin)
    with owner_that_may_act(settings) as connection:
        here = revision(connection)
        if not manifest.schema_revision == here == schema.HEAD:
            raise PromotionRefused(
                f"The schemas differ: exported {manifest.schema_revision}, this database {here},"
                f" this image {schema.HEAD}. Bring both services to one release, then export again."
            )
        existing = _existing(connection, manifest)
        connection.rollback()
        _objects(bucket, origin, manifest, copy=not existing)
        if not existing:
            _rows(connection, bucket, origin, manifest)
    imported_at = datetime.now(UTC).isoformat(timespec="seconds")
    document = {**asdict(manifest), "digest": manifest.digest, "format": FORMAT, "complete": True}
    bucket.put_json(origin.receipt, {**document, "imported_at": imported_at})
    return manifest, not existing


def clear(settings: Settings, source: str) -> int:
    """Delete an imported export, its receipt excepted; gives the number of objects. Raises PromotionRefused."""
    origin, storage = place(source), own_storage(settings)
    if origin.bucket != storage.bucket:
        raise PromotionRefused(f"{source} is not in this service's own bucket, {storage.bucket}")
    bucket = Bucket(storage)
    if not (bucket.json(origin.receipt) or {}).get("complete"):
        raise PromotionRefused(f"{source} has no receipt, so it may be needed: workbuoy-app tenant import")
    keys = (key for key in bucket.keys(f"{origin.prefix}/") if key != origin.receipt)
    return for_each(keys, bucket.delete)


def _manifest(bucket: Bucket, origin: Place) -> Content:
    document = bucket.json(origin.manifest)
    if document is None:
        raise PromotionRefused(f"{bucket.name}/{origin.manifest} is not there: export first")
    if not document.get("complete"):
        raise PromotionRefused(
            f"{bucket.name}/{origin.manifest} is of an export that did not end: export again"
        )
    if document.get("format") != FORMAT:
        raise PromotionRefused(f"The export has format {document.get('format')}, this image reads {FORMAT}")
    content = parse(document)
    if content.digest != document.get("digest"):
        raise PromotionRefused(f"{bucket.name}/{origin.manifest} was changed after the export: export again")
    if content.tenant != origin.tenant:
        raise PromotionRefused(f"The manifest is of {content.tenant}, its place of {origin.tenant}")
    return content


def _existing(connection: Owner, manifest: Content) -> bool:
    """Is the tenant here, the same in every row? Raises PromotionRefused where it is another."""
    found = connection.execute(
        "select id, name from tenants where name = %s or id = %s", [manifest.tenant, manifest.tenant_id]
    ).fetchall()
    if not found:
        return False
    if len(found) > 1 or found[0] != (UUID(manifest.tenant_id), manifest.tenant):
        raise PromotionRefused(
            f"Another tenant has the name or id of {manifest.tenant} here. Nothing was changed."
        )
    content = measure(connection, Tenant(*found[0], frozen_at=None))
    if differences := content.differences(manifest):
        raise PromotionRefused(
            f"{manifest.tenant} is here already, with other content: {', '.join(differences)}. Nothing was changed."
        )
    return True


def _objects(bucket: Bucket, origin: Place, manifest: Content, *, copy: bool) -> None:
    """Bring every object that rows name to its key, and read it there."""

    def bring(row: dict[str, Any]) -> None:
        attachment_id = UUID(row["id"])
        key = object_key(UUID(manifest.tenant_id), attachment_id)  # never one that a file names
        if copy:
            bucket.copy(origin.object(attachment_id), key, row["content_type"])
        if bucket.sum(key) != Sum(row["size_bytes"], row["sha256"]):
            raise PromotionRefused(f"{bucket.name}/{key} is not what its row says: size or checksum differ")

    lines = _lines(bucket, origin, manifest, "attachments")
    rows = (row for row in map(parsed, lines) if row.get("object_key") is not None)
    for_each(rows, bring)


def _rows(connection: Owner, bucket: Bucket, origin: Place, manifest: Content) -> None:
    tenant = Tenant(UUID(manifest.tenant_id), manifest.tenant, frozen_at=None)
    with connection.transaction():
        tables = moved_tables(connection)
        connection.execute(
            "select set_config('workbuoy.import', 'on', true)"
        )  # the trail comes as it was kept
        for table in tables:
            if table.name in REGISTRY:
                insert(connection, table, _lines(bucket, origin, manifest, table.name), tenant)
        with acting_for(connection, tenant.id):
            as_group(connection)
            for table in tables:
                if table.name not in REGISTRY:
                    insert(connection, table, _lines(bucket, origin, manifest, table.name), tenant)
        as_owner(connection)
        if differences := measure(connection, tenant).differences(manifest):
            raise PromotionRefused(f"What was stored differs: {', '.join(differences)}. It was rolled back.")


def _lines(bucket: Bucket, origin: Place, manifest: Content, table: str) -> Iterator[bytes]:
    if table not in manifest.tables:
        raise PromotionRefused(f"The manifest names no table {table}. Export again.")
    return lines_summed(table, bucket.lines(origin.rows(table)), manifest.tables[table])


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
