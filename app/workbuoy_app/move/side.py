"""What one of the two places knows of a move: its row of `copies`, and the two documents that places write each other.

A place writes into the other's bucket and reads its own, so that neither may read what the other has. Nothing here
compares clocks: an answer carries the word that it answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from workbuoy_app import schema
from workbuoy_app.move.sums import Sums, parse
from workbuoy_app.promotion.acting import owner_that_may_act
from workbuoy_app.promotion.bucket import Bucket, Place, own_storage, place
from workbuoy_app.promotion.content import revision
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import POLL_SECONDS, Tenant, turn
from workbuoy_app.promotion.tables import MOVED, Table, moved_tables
from workbuoy_app.roles import Owner
from workbuoy_app.settings import Settings

FORMAT = 2  # an export's is 1
SENDS, TAKES, HOLDS = "sends", "takes", "holds"
WHOLE = ("tenants", "members")  # few rows, sent whole with the last batch


@dataclass(frozen=True, kw_only=True)
class Side:
    """A row of `copies`. `reading` and `read_to` say how far the first copy has come; without `reading` it is whole."""

    tenant: Tenant
    lineage: UUID
    part: str
    number: int
    digest: str
    reading: str | None
    read_to: UUID | None
    sums: Sums | None


@dataclass(frozen=True, kw_only=True)
class Channel:
    """Where this place reads what comes, and where it writes what goes: both are `imports/NAME/` of a bucket."""

    own_bucket: Bucket
    other_bucket: Bucket
    inbox: Place
    outbox: Place

    @property
    def answers(self) -> bool:
        """Does the other place read what is written? Else both documents lie in this place's own bucket."""
        return self.inbox != self.outbox

    def read(self, name: str) -> dict[str, Any]:
        """A document that the other place wrote: `manifest` where it sends, `receipt` where it takes."""
        document = self.own_bucket.json(getattr(self.inbox, name)) or {}
        return document if document.get("format") == FORMAT else {}

    def write(self, name: str, side: Side, **more: Any) -> None:
        """Write one into the other's bucket."""
        known = {"format": FORMAT, "tenant": side.tenant.name, "tenant_id": str(side.tenant.id)}
        of_side = {"lineage": str(side.lineage), "number": side.number, "digest": side.digest}
        self.other_bucket.put_json(getattr(self.outbox, name), {**known, **of_side, **more})


def open_channel(settings: Settings, name: str, to: str, region: str | None) -> Channel:
    """Raises PromotionRefused for an address that is not this tenant's, or names this place itself."""
    storage, target = own_storage(settings), place(to)
    if target.tenant != name:
        raise PromotionRefused(f"{to} is the place of {target.tenant}, not of {name}")
    if target.bucket == storage.bucket:
        raise PromotionRefused(f"{to} is in this service's own bucket: name the other place's")
    own = place(f"s3://{storage.bucket}/imports/{name}/")
    return Channel(
        own_bucket=Bucket(storage),
        other_bucket=Bucket(storage, target.bucket, region),
        inbox=own,
        outbox=target,
    )


def own_channel(settings: Settings, address: str) -> Channel:
    """Of a place that takes a tenant in and answers in its own bucket. Raises PromotionRefused."""
    storage, own = own_storage(settings), place(address)
    if own.bucket != storage.bucket:
        raise PromotionRefused(f"{address} is not in this service's own bucket, {storage.bucket}")
    bucket = Bucket(storage)
    return Channel(own_bucket=bucket, other_bucket=bucket, inbox=own, outbox=own)


def batch_key(target: Place, number: int) -> str:
    """Of one batch."""
    return f"{target.prefix}/batches/{number:08d}.ndjson.gz"


@contextmanager
def alone(settings: Settings, name: str) -> Iterator[Owner]:
    """A connection of the owner's; no other command works on this tenant here. Raises PromotionRefused."""
    with turn(settings, name), owner_that_may_act(settings) as connection:
        if (found := revision(connection)) != schema.HEAD:
            raise PromotionRefused(
                f"The schema here is {found}, this image's {schema.HEAD}: bring the service to one release first."
            )
        connection.rollback()
        yield connection
        connection.rollback()


def kept_and_whole_tables(connection: Owner) -> tuple[list[Table], dict[str, Table]]:
    """The tables whose changes are kept, each after those that it refers to; and the two that are sent whole."""
    every = moved_tables(connection)
    kept = [one for one in every if one.name not in WHOLE]
    return kept, {one.name: one for one in every if one.name in WHOLE}


def side_of(connection: Owner, tenant: Tenant) -> Side | None:
    """What is known here of the tenant's move."""
    row = connection.execute(
        "select lineage, part, number, digest, reading, read_to, sums from copies where tenant_id = %s",
        [tenant.id],
    ).fetchone()
    if row is None:
        return None
    lineage, part, number, digest, reading, read_to, sums = row
    assert reading is None or reading in MOVED  # noqa: S101 - it stands in a statement
    return Side(
        tenant=tenant,
        lineage=lineage,
        part=part,
        number=number,
        digest=digest,
        reading=reading,
        read_to=read_to,
        sums=parse(sums) if sums else None,
    )


def is_opened(receipt: dict[str, Any], side: Side) -> bool:
    """Does the other place say that it opened what this side handed over, and not what it did an earlier time?"""
    known = (receipt.get("opened"), receipt.get("lineage"))
    return known == (True, str(side.lineage)) and int(receipt["number"]) >= side.number


def wait_for(seen: Callable[[], bool], seconds: float) -> bool:
    """Ask until it is so; False where it is not within this time."""
    deadline = time.monotonic() + seconds
    while not seen():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
