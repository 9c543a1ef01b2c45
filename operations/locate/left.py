"""Copies that remain where a customer was before a move: backups, versions, logs and exports, each until its day.

The record of the removal lists them (`operations.tenant.remains`). A record that cannot be read hides what remains, so
that it is a gap, and the answer does not pass.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from infra.problems import ProblemsError
from infra.tenants.listing import MOVED_FOLDER
from infra.tenants.record import Tenant
from infra.tenants.residency import allowed_regions
from infra.yaml_text import read_yaml
from operations.tenant.move.record import moved_records
from operations.tenant.remains import RECORD, Remaining, read_remaining


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftCopy:
    """One copy; `ends` is its last day, and None where a person ends it, which `how` says."""

    what: str
    where: str
    place: str
    region: str
    ends: date | None
    how: str
    allowed: bool

    @property
    def until(self) -> str:
        """Its last day, or who ends it."""
        return f"until {self.ends}" if self.ends else self.how


def left_of(root: Path, tenant: Tenant, today: date) -> tuple[tuple[LeftCopy, ...], tuple[str, ...]]:
    """What may be there still, by the records of the places that the customer left; and which cannot be read."""
    found: list[LeftCopy] = []
    unread: list[str] = []
    try:
        files = moved_records(root, tenant.name)
    except ProblemsError as error:
        return (), tuple(f"what remains where {tenant.name} was before: {problem}" for problem in error.problems)
    for file in files:
        path = f"{MOVED_FOLDER}/{file.name}"
        try:
            record: dict[str, Any] = read_yaml(file, path).content
            found += _of_record(record, tenant, today)
        except (ProblemsError, ValueError, KeyError) as error:
            unread.append(f"{path}: what remains there cannot be read: {' '.join(str(error).split())}")
    return tuple(found), tuple(unread)


def _of_record(record: Mapping[str, Any], tenant: Tenant, today: date) -> Iterator[LeftCopy]:
    place, allowed = str(record.get("stack") or record["base"]), allowed_regions(tenant.residency)
    for one in read_remaining(record):
        if one.form == RECORD or (one.ends is not None and one.ends < today and not one.waits_for_a_person):
            continue
        region = _region(one, str(record["region"]))
        yield LeftCopy(
            what=one.what,
            where=one.where,
            place=place,
            region=region,
            ends=one.ends,
            how=one.how,
            allowed=region in allowed,
        )


def _region(one: Remaining, of_record: str) -> str:
    """A copy out of reach is named by its vault's ARN, whose region is its own."""
    return one.where.split(":")[3] if one.where.startswith("arn:") else of_record
