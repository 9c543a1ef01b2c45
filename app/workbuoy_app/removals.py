"""Objects that are to go, noted in the same transaction that makes them superfluous.

An upload is noted before its first byte and the note taken back with its row, a deletion is noted with the row's end.
Whatever happens in between, a killed process included, the note stays, and the sweeper removes the object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from workbuoy_app.database import Row, Transaction
from workbuoy_app.sessions import Session

# An upload that takes longer is given up before the sweeper begins to think so; the minutes between are for clocks.
UPLOAD_LIFETIME = timedelta(minutes=17)
OWED_AFTER = timedelta(minutes=20)  # also in revision 0011's functions
PAGE = 100
_THIS = " where tenant_id = %(tenant_id)s and object_key = %(key)s"


@dataclass(frozen=True)
class Note:
    """That an object is to go, unless this very note is taken back."""

    key: str
    noted_at: datetime


async def note(tx: Transaction, session: Session, key: str) -> Note:
    """Remember to remove an object."""
    noted = Note(key, datetime.now(UTC))
    await tx.execute(
        "insert into object_removals (tenant_id, object_key, noted_at)"
        " values (%(tenant_id)s, %(key)s, %(noted_at)s) on conflict (tenant_id, object_key)"
        " do update set noted_at = %(noted_at)s",
        {"tenant_id": session.tenant_id, "key": key, "noted_at": noted.noted_at},
    )
    return noted


async def take_back(tx: Transaction, session: Session, noted: Note) -> bool:
    """The object is needed after all; False where it may be removed already."""
    if noted.noted_at < datetime.now(UTC) - UPLOAD_LIFETIME:
        return False
    values = {"tenant_id": session.tenant_id, "key": noted.key, "noted_at": noted.noted_at}
    return await tx.execute(f"delete from object_removals{_THIS} and noted_at = %(noted_at)s", values) > 0


async def confirmed(tx: Transaction, session: Session, keys: Sequence[str]) -> list[str]:
    """Those of `keys` that are still noted: a row that was committed after all has taken its note back."""
    noted = []
    for key in keys:
        values = {"tenant_id": session.tenant_id, "key": key}
        if await tx.one("select object_key from object_removals" + _THIS, values) is not None:
            noted.append(key)
    return noted


async def done(tx: Transaction, session: Session, keys: Sequence[str]) -> None:
    """These are gone."""
    for key in keys:
        values = {"tenant_id": session.tenant_id, "key": key}
        await tx.execute("delete from object_removals" + _THIS, values)


async def owed(tx: Transaction, limit: int = PAGE) -> list[Row]:
    """The oldest notes of all tenants that nobody came back for; nobody has to be logged in."""
    return await tx.all(
        f"select tenant_id, object_key, noted_at from {tx.removals_owed}"
        " where noted_at < %(before)s order by noted_at limit %(most)s",
        {"before": datetime.now(UTC) - OWED_AFTER, "most": limit},
    )


async def forget(tx: Transaction, row: Row) -> None:
    """The object of this note is gone; nobody has to be logged in."""
    await tx.all(tx.forget_removal, row)


async def still_owed(tx: Transaction) -> tuple[int, float]:
    """How many there are, and the age of the oldest in seconds (0 where there is none)."""
    now = datetime.now(UTC)
    row = await tx.one(
        f"select count(*) as number from {tx.removals_owed} where noted_at < %(before)s",
        {"before": now - OWED_AFTER, "most": None},
    )
    oldest = await owed(tx, 1)
    return row["number"] if row else 0, (now - oldest[0]["noted_at"]).total_seconds() if oldest else 0.0
