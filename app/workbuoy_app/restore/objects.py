"""Files as rows name them: the version that a row's size and checksum tell is written again as the newest one.

A row is the truth about its file: its key never changes and its checksum is of the content, so no clock decides which
version is meant. Nothing is deleted for good: what no row names gets a delete marker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from threading import Lock
from typing import Any
from uuid import UUID

from workbuoy_app.promotion.bucket import Bucket, Sum, Version, for_each
from workbuoy_app.promotion.errors import PromotionRefused

ARCHIVED = {"GLACIER": "3 to 12 hours", "DEEP_ARCHIVE": "12 to 48 hours"}
"""Classes that nobody can read at once, and how long AWS takes.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html"""
SHOWN = 3
ObjectRow = dict[str, Any]


@dataclass
class Brought:
    """Each file's newest version, read and found to be what its row says; how many were written again for it."""

    versions: dict[str, str] = field(default_factory=dict)
    again: int = 0


def bring(
    bucket: Bucket, tenant_id: UUID, rows: Iterable[ObjectRow], before: Brought | None = None
) -> Brought:
    """Make every row's file, read and found to be what the row says, the newest version of its key.

    What was read `before` is not read again. `rows` come in the order of their keys. Raises PromotionRefused, naming
    every kind of file that cannot be brought back; those that can have been.
    """
    found, lost, archived = Brought(again=before.again if before else 0), list[str](), list[Version]()
    known = before.versions if before else {}
    counting = Lock()

    def one(pair: tuple[ObjectRow, list[Version]]) -> None:
        row, versions = pair
        key, newest = str(row["object_key"]), versions[0] if versions else None
        if newest is not None and not newest.deleted and newest.id == known.get(key):
            outcome: Version | None = newest
        else:
            outcome = _bring(bucket, row, versions)
        with counting:
            if outcome is None:
                lost.append(key)
            elif outcome.storage_class in ARCHIVED:
                archived.append(outcome)
            else:
                found.versions[key] = outcome.id
                found.again += outcome != newest

    for_each(_joined(bucket, tenant_id, rows), one)
    if archived:
        longest = ARCHIVED[max((one.storage_class for one in archived), key=list(ARCHIVED).index)]
        raise PromotionRefused(
            f"{len(archived)} files lie in an archive that nobody can read at once, such as {archived[0].key}:"
            f" restore them in S3 first, which takes {longest}."
        )
    if lost:
        raise PromotionRefused(
            f"{len(lost)} files have no version any more that is what their rows say, such as"
            f" {', '.join(sorted(lost)[:SHOWN])}: the bucket keeps older versions for a set time."
        )
    return found


def missing(bucket: Bucket, tenant_id: UUID, rows: Iterable[ObjectRow]) -> tuple[int, int]:
    """How many rows name a file, and of how many no version of that size is left; reads no content."""
    named = gone = 0
    for row, versions in _joined(bucket, tenant_id, rows):
        named += 1
        gone += not any(one.size == row["size_bytes"] for one in versions if not one.deleted)
    return named, gone


def mark_others(bucket: Bucket, tenant_id: UUID, rows: Iterable[ObjectRow]) -> int:
    """Put a delete marker on every file of the tenant that no row names; gives how many."""
    keys = {str(row["object_key"]) for row in rows}
    live = (one.key for one in bucket.versions(_prefix(tenant_id)) if one.latest and not one.deleted)
    return for_each((key for key in live if key not in keys), bucket.delete)


def _bring(bucket: Bucket, row: ObjectRow, versions: list[Version]) -> Version | None:
    """What is newest now: it was already, or is made of an older one; an archived one stays. None where none fits."""
    wanted, key = Sum(int(row["size_bytes"]), str(row["sha256"])), str(row["object_key"])
    candidates = [one for one in versions if not one.deleted and one.size == wanted.size_bytes]
    for one in candidates:
        if one.storage_class in ARCHIVED:
            return one
        if bucket.sum(key, one.id) != wanted:
            continue
        if one.latest:
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
    return f"tenants/{tenant_id}/"
