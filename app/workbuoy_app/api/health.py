"""/healthz says that the process answers; /readyz, that all it rests on does."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from fastapi import APIRouter, Request

from workbuoy_app import __version__, schema, sessions
from workbuoy_app.database import Database, Transaction
from workbuoy_app.logs import log
from workbuoy_app.metrics import SCHEMA
from workbuoy_app.models import Health, Readiness
from workbuoy_app.problems import Refused, Unavailable, documented
from workbuoy_app.storage import ObjectStorage

router = APIRouter(tags=["health"])
CHECK_TIMEOUT_SECONDS = 5
STORAGE_CHECKED_EVERY_SECONDS = 10.0


@dataclass(frozen=True)
class Found:
    """Each `ok`, or what is wrong."""

    database: str
    schema: str
    storage: str


class Checks:
    """One is under way at a time, and whoever asks meanwhile gets its answer: nobody has to log in to ask.

    The bucket is asked at most every ten seconds.
    """

    def __init__(self, database: Database, storage: ObjectStorage | None) -> None:
        self._database, self._storage = database, storage
        self._storage_answer = "ok" if storage else "in the database"
        self._storage_until = float("-inf") if storage else float("inf")
        self._under_way: asyncio.Task[Found] | None = None

    async def answer(self) -> Found:
        """What holds now."""
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._look())
        return await asyncio.shield(self._under_way)

    async def _look(self) -> Found:
        (database, found), storage = await asyncio.gather(_database(self._database), self._of_storage())
        return Found(database, found, storage)

    async def _of_storage(self) -> str:
        if self._storage and time.monotonic() > self._storage_until:
            try:
                async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                    await self._storage.check()
                self._storage_answer = "ok"
            except (Unavailable, TimeoutError):
                self._storage_answer = "unavailable"
            self._storage_until = time.monotonic() + STORAGE_CHECKED_EVERY_SECONDS
        return self._storage_answer


@router.get("/healthz", response_model=Health)
async def healthz() -> Health:
    """The process answers, whatever else does not."""
    return Health(status="ok", version=__version__)


@router.get("/readyz", response_model=Readiness, responses=documented(503))
async def readyz(request: Request) -> Readiness:
    """Database, schema (at or past this release's head) and storage are there, and members could log in."""
    found: Found = await request.app.state.checks.answer()
    SCHEMA.set(found.schema == "ok")
    if found.database == "ok" and found.schema == "ok" and found.storage != "unavailable":
        return Readiness(
            ready=True, database=found.database, schema_state=found.schema, storage=found.storage
        )
    raise Refused(
        503,
        f"Not ready. Database: {found.database}; schema: {found.schema}; storage: {found.storage}.",
        Unavailable.headers,
    )


async def _database(database: Database) -> tuple[str, str]:
    try:
        found = await database.run(schema.state, {})
    except Unavailable:
        if database.refusal:
            return "refused, because its sessions are not safe; the log says why", "unknown"
        return "unavailable or not migrated", "unknown"
    if found != "ok":
        return "ok", found

    async def prove(tx: Transaction) -> None:
        await sessions.prove(tx, kept_apart=not database.single_tenant)

    try:
        await database.run(prove, {})
    except Unavailable as problem:
        log.warning("nobody could log in", extra={"error": str(problem)})
        return f"no login possible ({problem})", found
    return "ok", found
