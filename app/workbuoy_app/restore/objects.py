"""Files as rows name them: the version that a row's size and checksum tell is written again as the newest one.

A row is the truth about its file: its key never changes and its checksum is of the content, so no clock decides which
version is meant. Nothing is deleted for good: what no row names gets a delete marker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from threading import Lock
from typing import Any
from uuid import UUID

from workbuoy_app.promotion.bucket import Bucket, InArchive, Sum, Version, for_each
from workbuoy_app.promotion.errors import PromotionRefused

ARCHIVED = {
    "GLACIER": "3 to 5 hours",
    "DEEP_ARCHIVE": "12 hours",
    "ARCHIVE_ACCESS": "3 to 5 hours",
    "DEEP_ARCHIVE_ACCESS": "12 hours",
}
"""Classes, and tiers of Intelligent-Tiering, that nobody can read at once, and how long S3 takes to bring a file out of
them by a standard retrieval, the quickest first.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html"""
FOLDER = "tenants"  # one below it for each: workbuoy_app/storage.py
SHOWN = 3
ObjectRow = dict[str, Any]


class FilesWait(PromotionRefused):
    """S3 brings files out of an archive; the same command again goes on once it has. `tiers` counts them."""

    def __init__(self, tiers: Counter[str], example: str) -> None:
        longest = max(tiers, key=lambda tier: [*ARCHIVED, tier].index(tier))
        self.tiers, self.takes = dict(tiers), ARCHIVED.get(longest, "hours")
        super().__init__(
            f"{tiers.total()} files lie in an archive ({', '.join(sorted(tiers))}), such as {example}. S3 was asked to"
            f" bring them out, which takes {self.takes}. Then the same command goes on; nothing was replaced yet."
        )


@dataclass
class Brought:
    """Each file's newest version, read and found to be what its row says; how many were written again for it."""

    versions: dict[str, str] = field(default_factory=dict)
    again: int = 0


def bring(
    bucket: Bucket, tenant_id: UUID, rows: Iterable[ObjectRow], before: Brought | None = None
) -> Brought:
    """Make every row's file, read and found to be what the row says, the newest version of its key.

    What was read `before` is not read again. `rows` come in the order of their keys. Raises FilesWait where S3 must
    first bring versions out of an archive, which it is then asked to do; PromotionRefused, naming every kind of file
    that cannot be brought back. Those that can have been.
    """
    found, lost, waiting = Brought(again=before.again if before else 0), list[str](), dict[str, str]()
    known = before.versions if before else {}
    counting = Lock()

    def one(pair: tuple[ObjectRow, list[Version]]) -> None:
        row, versions = pair
        key, newest = str(row["object_key"]), versions[0] if versions else None
        try:
            if newest is not None and not newest.deleted and newest.id == known.get(key):
                outcome: Version | None = newest
            else:
                outcome = _bring(bucket, row, versions)
        except InArchive as archived:
            with counting:
                waiting[key] = archived.tier
            return
        with counting:
            if outcome is None:
                lost.append(key)
            else:
                found.versions[key] = outcome.id
                found.again += outcome != newest

    for_each(_joined(bucket, tenant_id, rows), one)
    if lost:
        raise PromotionRefused(
            f"{len(lost)} files have no version any more that is what their rows say, such as"
            f" {', '.join(sorted(lost)[:SHOWN])}: the bucket keeps older versions for a set time."
        )
    if waiting:
        raise FilesWait(Counter(waiting.values()), min(waiting))
    return found


def missing(bucket: Bucket, tenant_id: UUID, rows: Iterable[ObjectRow]) -> tuple[int, int]:
    """How many rows name a file, and of how many no version of that size is left; reads no content."""
    named = gone = 0
    for row, versions in _joined(bucket, tenant_id, rows):
        named += 1
        gone += not any(one.size == row["size_bytes"] for one in versions if not one.deleted)
    return named, gone


def mark_others(
    bucket: Bucket, tenant_id: UUID, rows: Iterable[ObjectRow], before: datetime | None = None
) -> int:
    """Put a delete marker on every file of the tenant that no row names; gives how many.

    With `before`, only on what was there before that moment.
    """
    keys = {str(row["object_key"]) for row in rows}
    live = (one for one in bucket.versions(_prefix(tenant_id)) if one.latest and not one.deleted)
    older = (one.key for one in live if before is None or one.modified < before)
    return for_each((key for key in older if key not in keys), bucket.delete)


def _bring(bucket: Bucket, row: ObjectRow, versions: list[Version]) -> Version | None:
    """What is newest now: it was already, or is made of an older one. None where none fits.

    Raises InArchive where a version that may fit lies in an archive, from which S3 was asked to bring it.
    """
    wanted, key = Sum(int(row["size_bytes"]), str(row["sha256"])), str(row["object_key"])
    candidates = [one for one in versions if not one.deleted and one.size == wanted.size_bytes]
    for one in sorted(
        candidates, key=lambda one: one.storage_class in ARCHIVED
    ):  # what can be read at once first
        try:
            found = bucket.sum(key, one.id)
        except InArchive as archived:
            bucket.fetch_from_archive(key, one.id, archived.tier)
            raise
        if found != wanted:
            continue
        # Out of an archive class a file can be read for some days only.
        if one.latest and one.storage_class not in ARCHIVED:
            return one
        # Inside S3, of the very version that was read.
        return replace(one, id=bucket.copy(key, key, row["content_type"], one.id), latest=True)
    return None


def _joined(
    bucket: Bucket, tenant_id: UUID, rows: Iterable[ObjectRow]
) -> Iterator[tuple[ObjectRow, list[Version]]]:
    """Each row with its file's versions, the newest first; both come in the order of their keys."""
    groups = groupby(bucket.versions(_prefix(tenant_id)), lambda one: one.key)
    key, versions = next(groups, ("", iter(())))
    for row in rows:
        while key and key < row["object_key"]:
            key, versions = next(groups, ("", iter(())))
        yield row, list(versions) if key == row["object_key"] else []


def _prefix(tenant_id: UUID) -> str:
    return f"{FOLDER}/{tenant_id}/"
