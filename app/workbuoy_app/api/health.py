"""/healthz says that the process answers; /readyz, that all it rests on does."""

from __future__ import annotations

import asyncio
import time

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


class StorageCheck:
    """Asks the bucket at most every ten seconds, however many load balancers ask us."""

    def __init__(self, storage: ObjectStorage | None) -> None:
        self._storage = storage
        self._answer = "ok" if storage else "in the database"
        self._until = float("-inf") if storage else float("inf")
        self._lock = asyncio.Lock()

    async def answer(self) -> str:
        """`ok`, or what is wrong."""
        async with self._lock:
            if self._storage and time.monotonic() > self._until:
                try:
                    await self._storage.check()
                    self._answer = "ok"
                except Unavailable:
                    self._answer = "unavailable"
                self._until = time.monotonic() + STORAGE_CHECKED_EVERY_SECONDS
        return self._answer


@router.get("/healthz", response_model=Health)
async def healthz() -> Health:
    """The process answers, whatever else does not."""
    return Health(status="ok", version=__version__)


@router.get("/readyz", response_model=Readiness, responses=documented(503))
async def readyz(request: Request) -> Readiness:
    """Database, schema (at or past this release's head) and storage are there, and members could log in."""
    app = request.app.state
    (database, found), storage = await asyncio.gather(_database(app.database), _bounded(app.storage_check))
    SCHEMA.set(found == "ok")
    if database == "ok" and found == "ok" and storage != "unavailable":
        return Readiness(ready=True, database=database, schema_state=found, storage=storage)
    raise Refused(
        503, f"Not ready. Database: {database}; schema: {found}; storage: {storage}.", Unavailable.headers
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


async def _bounded(check: StorageCheck) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            return await check.answer()
    except TimeoutError:
        return "unavailable"
