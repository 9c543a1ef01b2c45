"""Which revisions of the schema this release knows, without loading Alembic (10 MB) into the service."""

from __future__ import annotations

from workbuoy_app.database import Transaction

REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
)
HEAD = REVISIONS[-1]


async def state(tx: Transaction) -> str:
    """`ok` where the schema is at this release's head or at a later, unknown revision; else what is missing."""
    row = await tx.one("select version_num from alembic_version", {})
    revision = row["version_num"] if row else None
    if revision is None:
        return "not migrated"
    return "ok" if revision == HEAD or revision not in REVISIONS else f"behind: {revision} of {HEAD}"
