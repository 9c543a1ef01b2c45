"""`workbuoy-app tenant hand-over`: one tenant's rows and files into the exports bucket, the manifest last."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from workbuoy_app import __version__
from workbuoy_app.handover.archives import Archive, Series, Stored, buckets, writing
from workbuoy_app.handover.readme import README
from workbuoy_app.promotion.acting import acting_for, as_group, owner_that_may_act
from workbuoy_app.promotion.bucket import AT_ONCE, Bucket, own_storage
from workbuoy_app.promotion.content import Content, Objects, Sink, Write, measure
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import Tenant, find
from workbuoy_app.promotion.tables import Table, attachments
from workbuoy_app.roles import Owner
from workbuoy_app.settings import MIB, Settings

FORMAT, VERSION = "workbuoy-export", 1
SMALL_BYTES = MIB
"""Files up to this size are read a few at once."""
LONGEST_NAME_BYTES = 255
_LONGEST_ENDING = 16  # characters, the dot among them
_NOT_IN_A_NAME = re.compile(r"[/\\\x00-\x1f\x7f]")
COLUMNS = ("id", "thing_id", "name", "object_key", "size_bytes", "sha256")
"""What an export asks of each attachment."""


def hand_over(
    settings: Settings, name: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> dict[str, Any]:
    """Export a tenant as it is in one moment; each time into a folder of its own. Gives the manifest.

    A frozen tenant's export is of what it has until it goes. Of one that goes on, files may change meanwhile: then it
    is refused, and nothing but a new export helps. Memory is bounded whatever the tenant's size.

    Raises PromotionRefused. An export without a manifest did not end.
    """
    source, target = buckets(settings)
    made_at, done = now(), list[Stored]()
    folder = f"{name}/{made_at:%Y%m%dT%H%M%S.%fZ}"
    with owner_that_may_act(settings) as connection:
        tenant = find(connection, name)
        with writing(target, folder, "rows.zip", made_at, done) as archive:
            with archive.entry("README.txt", compressed=True) as file:
                file.write(README.encode())
            content = measure(connection, tenant, _sink(archive))
        connection.rollback()  # the member and its session never were
        found = _Found()
        files = Series(target, folder, "files", made_at, done).write(
            files_of(connection, tenant, source, found.passing(attachments(connection, tenant, COLUMNS)))
        )
        _expect_same(connection, tenant, content, found, files)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "complete": True,
        **asdict(content),
        "digest": content.digest,
        "region": own_storage(settings).region,
        "made_at": made_at.isoformat(timespec="seconds"),
        "frozen_at": tenant.frozen_at.isoformat() if tenant.frozen_at else None,
        "made_by": f"workbuoy-app {__version__}",
        "files": files,
        "archives": [asdict(one) for one in done],
    }
    if not target.put_new(f"{folder}/manifest.json", manifest):
        raise PromotionRefused(f"{target.name}/{folder} is there already. Export again.")
    return {**manifest, "address": f"s3://{target.name}/{folder}/manifest.json"}


def _expect_same(connection: Owner, tenant: Tenant, content: Content, found: _Found, files: int) -> None:
    if files != content.tables["attachments"].rows or found.objects.sum() != content.objects:
        raise PromotionRefused(f"{tenant.name} changed during the export. Freeze it, or export again.")
    if find(connection, tenant.name) != tenant:
        raise PromotionRefused(f"{tenant.name} was frozen or thawed during the export. Export again.")


def _sink(archive: Archive) -> Sink:
    @contextmanager
    def sink(table: Table) -> Iterator[Write]:
        with archive.entry(f"rows/{table.name}.jsonl", compressed=True) as file:
            yield file.write

    return sink


class _Found:
    """What was read, to be compared with what the rows said."""

    def __init__(self) -> None:
        self.objects = Objects()

    def passing(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The same rows, each counted."""
        for row in rows:
            self.objects.add(row)
            yield row


def files_of(
    connection: Owner, tenant: Tenant, source: Bucket, rows: Iterator[dict[str, Any]]
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """The files of these rows of attachments, each under its own name and in the order of its row."""

    def fetched(row: dict[str, Any]) -> Iterable[bytes]:
        return [b"".join(source.read(row["object_key"]))]

    with ThreadPoolExecutor(AT_ONCE) as several:
        while few := list(islice(rows, 2 * AT_ONCE)):
            ahead = {
                row["id"]: several.submit(fetched, row)
                for row in few
                if row["object_key"] is not None and row["size_bytes"] <= SMALL_BYTES
            }
            for row in few:
                if row["id"] in ahead:
                    pieces = ahead[row["id"]].result()
                elif row["object_key"] is not None:
                    pieces = source.read(row["object_key"])
                else:
                    pieces = _chunks(connection, tenant, row)
                yield path_of(row), _checked(row, pieces)


def path_of(row: dict[str, Any]) -> str:
    """Where an attachment lies in its archive: under its own name, as far as every file system takes it."""
    name = _NOT_IN_A_NAME.sub("_", row["name"])
    if name in (".", ".."):
        name = "_" * len(name)
    if len(name.encode()) > LONGEST_NAME_BYTES:
        ending = Path(name).suffix[:_LONGEST_ENDING]
        whole = name.encode()[: LONGEST_NAME_BYTES - len(ending.encode())]
        name = whole.decode(errors="ignore") + ending
    return f"files/{row['thing_id']}/{row['id']}/{name}"


def _checked(row: dict[str, Any], pieces: Iterable[bytes]) -> Iterator[bytes]:
    hashed, size = hashlib.sha256(), 0
    for piece in pieces:
        hashed.update(piece)
        size += len(piece)
        yield piece
    if (size, hashed.hexdigest()) != (row["size_bytes"], row["sha256"]):
        raise PromotionRefused(f"attachment {row['id']} is not what its row says: size or checksum differ")


def _chunks(connection: Owner, tenant: Tenant, row: dict[str, Any]) -> Iterator[bytes]:
    """Content that the database keeps, piece by piece."""
    position = 0
    while True:
        with acting_for(connection, tenant.id):
            as_group(connection)
            found = connection.execute(
                "select content from attachment_chunks where attachment_id = %s and position = %s",
                [row["id"], position],
            ).fetchone()
        connection.rollback()
        if found is None:
            return
        yield bytes(found[0])
        position += 1
