"""`workbuoy-app tenant export`: one frozen tenant's rows and objects into another bucket, the manifest last."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from workbuoy_app.promotion.acting import acting_for, as_group, owner_that_may_act
from workbuoy_app.promotion.bucket import PAGE_OBJECTS, Bucket, Place, Sum, for_each, own_storage, place
from workbuoy_app.promotion.content import Content, Objects, ObjectSum, Sink, Write, measure
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant, find_frozen
from workbuoy_app.promotion.tables import Table
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings

FORMAT = 1
COMPRESSION = 6


def export(settings: Settings, name: str, to: str, region: str | None = None) -> Content:
    """Export a tenant; again, all anew. Its manifest is complete only when everything is there.

    `to` is s3://BUCKET/imports/NAME/, `region` the bucket's where it is not this service's own. One transaction of
    one state for the rows; memory is bounded whatever the tenant's size (README). Raises PromotionRefused.
    """
    target, storage = _place_of(name, to), own_storage(settings)
    source, destination = Bucket(storage), Bucket(storage, target.bucket, region)
    with owner_that_may_act(settings) as connection:
        tenant = find_frozen(connection, name)
        destination.put_json(target.manifest, {"format": FORMAT, "complete": False})
        content = measure(connection, tenant, _sink(destination, target))
        connection.rollback()  # the member and its session never were
        if _copied(connection, tenant, source, destination, target) != content.objects:
            raise PromotionRefused(f"{name} changed during the export. Export again.")
        if find_frozen(connection, name) != tenant:
            raise PromotionRefused(f"{name} was thawed and frozen again during the export. Export again.")
    document = {**asdict(content), "digest": content.digest, "format": FORMAT, "complete": True}
    destination.put_json(target.manifest, document)
    return content


def withdraw(settings: Settings, name: str, to: str, region: str | None = None) -> None:
    """Mark an export as unfinished, before the tenant writes again: no import takes it. Raises PromotionRefused."""
    target = _place_of(name, to)
    destination = Bucket(own_storage(settings), target.bucket, region)
    destination.put_json(target.manifest, {"format": FORMAT, "complete": False})


def _place_of(name: str, to: str) -> Place:
    target = place(to)
    if target.tenant != name:
        raise PromotionRefused(f"{to} is the place of {target.tenant}, not of {name}")
    return target


def _sink(bucket: Bucket, target: Place) -> Sink:
    @contextmanager
    def sink(table: Table) -> Iterator[Write]:
        with (
            bucket.writing(target.rows(table.name), "application/gzip") as upload,
            # Without a name and a time: the same rows are then the same bytes.
            gzip.GzipFile("", "wb", COMPRESSION, upload, mtime=0) as compressed,
        ):
            yield compressed.write

    return sink


def _copied(
    connection: Owner, tenant: Tenant, source: Bucket, destination: Bucket, target: Place
) -> ObjectSum:
    """Copy the objects that rows name; gives their sum."""
    objects = Objects()

    def copy(row: dict[str, Any]) -> None:
        key = row["object_key"]
        found = destination.put(target.object(row["id"]), source.read(key), row["content_type"])
        if found != Sum(row["size_bytes"], row["sha256"]):
            raise PromotionRefused(f"{source.name}/{key} is not what its row says: size or checksum differ")

    def counted() -> Iterator[dict[str, Any]]:
        for row in rows_with_objects(connection, tenant):
            objects.add(row)
            yield row

    for_each(counted(), copy)
    return objects.sum()


def rows_with_objects(connection: Owner, tenant: Tenant) -> Iterator[dict[str, Any]]:
    """What is copied of each, by id. In short transactions: none stays open while objects are copied."""
    columns = ("id", "object_key", "size_bytes", "sha256", "content_type")
    last = None
    while True:
        with acting_for(connection, tenant.id):
            as_group(connection)
            found = connection.execute(
                f"select {', '.join(columns)} from attachments where tenant_id = %(tenant)s"
                " and object_key is not null and (%(last)s::uuid is null or id > %(last)s::uuid)"
                " order by id limit %(limit)s",
                {"tenant": tenant.id, "last": last, "limit": PAGE_OBJECTS},
            ).fetchall()
        connection.rollback()
        yield from (dict(zip(columns, row, strict=True)) for row in found)
        if len(found) < PAGE_OBJECTS:
            return
        last = found[-1][0]
