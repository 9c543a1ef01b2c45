"""Objects that are to go, noted in the same transaction that makes them superfluous.

An upload is noted before its first byte and the note taken back with its row, a deletion is noted with the row's end.
Whatever happens in between, a killed process included, the note stays and the tenant's next upload removes the object.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from workbuoy_app.database import Transaction
from workbuoy_app.sessions import Session

LEFT_BEHIND_AFTER = timedelta(hours=1)
AT_ONCE = 20
_THIS = " where tenant_id = %(tenant_id)s and object_key = %(key)s"


async def note(tx: Transaction, session: Session, keys: Sequence[str]) -> None:
    """Remember to remove these; again is no change."""
    if keys:
        now = datetime.now(UTC)
        await tx.execute_many(
            "insert into object_removals (tenant_id, object_key, noted_at)"
            " values (%(tenant_id)s, %(key)s, %(now)s) on conflict (tenant_id, object_key) do nothing",
            [{"tenant_id": session.tenant_id, "key": key, "now": now} for key in keys],
        )


async def take_back(tx: Transaction, session: Session, key: str) -> bool:
    """The object is needed after all; False where it was given up already."""
    values = {"tenant_id": session.tenant_id, "key": key}
    return await tx.execute("delete from object_removals" + _THIS, values) > 0


async def confirmed(tx: Transaction, session: Session, keys: Sequence[str]) -> list[str]:
    """Those of `keys` that are still noted: a row that was committed after all has taken its note back."""
    noted = []
    for key in keys:
        values = {"tenant_id": session.tenant_id, "key": key}
        if await tx.one("select object_key from object_removals" + _THIS, values) is not None:
            noted.append(key)
    return noted


async def left_behind(tx: Transaction, session: Session) -> list[str]:
    """Some that nobody came back for."""
    rows = await tx.all(
        "select object_key from object_removals"
        " where tenant_id = %(tenant_id)s and noted_at < %(before)s order by noted_at limit %(limit)s",
        {"tenant_id": session.tenant_id, "before": datetime.now(UTC) - LEFT_BEHIND_AFTER, "limit": AT_ONCE},
    )
    return [row["object_key"] for row in rows]


async def done(tx: Transaction, session: Session, keys: Sequence[str]) -> None:
    """These are gone."""
    for key in keys:
        await take_back(tx, session, key)
