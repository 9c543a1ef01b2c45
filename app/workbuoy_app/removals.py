"""Objects that are to go, noted in the same transaction that makes them superfluous.

An upload is noted before its first byte and the note taken back with its row, a deletion is noted with the row's end.
Whatever happens in between, a killed process included, the note stays and the tenant's next upload removes the object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from workbuoy_app.database import Transaction
from workbuoy_app.sessions import Session

LEFT_BEHIND_AFTER = timedelta(hours=1)
AT_ONCE = 20
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
    """The object is needed after all; False where somebody has begun to remove it, by a later note."""
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


async def left_behind(tx: Transaction, session: Session) -> list[str]:
    """Some that nobody came back for, noted anew: an upload that is still under way then finds itself given up."""
    rows = await tx.all(
        "select object_key from object_removals"
        " where tenant_id = %(tenant_id)s and noted_at < %(before)s order by noted_at limit %(limit)s",
        {"tenant_id": session.tenant_id, "before": datetime.now(UTC) - LEFT_BEHIND_AFTER, "limit": AT_ONCE},
    )
    for row in rows:
        await note(tx, session, row["object_key"])
    return [row["object_key"] for row in rows]


async def done(tx: Transaction, session: Session, keys: Sequence[str]) -> None:
    """These are gone."""
    for key in keys:
        values = {"tenant_id": session.tenant_id, "key": key}
        await tx.execute("delete from object_removals" + _THIS, values)
