"""Deletion means deletion: a task of the service removes objects that are owed, and old answers and ways back.

It also says that a command or a promotion left a tenant frozen, since whoever is killed says nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial

from workbuoy_app import idempotency, removals
from workbuoy_app.database import Database, Row, Transaction
from workbuoy_app.logs import log
from workbuoy_app.metrics import FREEZE_OLDEST, REMOVALS_OLDEST, REMOVALS_OWED
from workbuoy_app.problems import Unavailable
from workbuoy_app.storage import ObjectStorage, StorageRefused

EVERY_SECONDS = 60.0
WAYS_BACK_EVERY_SECONDS = 3600.0  # a listing costs, and their days are seven
# CloudWatch counts this line's age and raises an alarm: components/alarms.py
STILL_OWED = "objects are still to be deleted"
# A cut-over ends or gives up within minutes, and a promotion freezes for three tasks; a restore writes some four
# million rows in this, 100,000 in 23 seconds.
FREEZE_LASTS = timedelta(minutes=15)
# CloudWatch counts `frozen_seconds` of this line and raises an alarm: components/alarms.py
STILL_FROZEN = "a tenant is frozen for longer than a restore, a cut-over or a promotion takes"


class Sweeper:
    """Several tasks may sweep at once: to delete an object twice is no harm."""

    def __init__(self, database: Database, storage: ObjectStorage | None) -> None:
        self._database, self._storage = database, storage
        self._ways_back_due = 0.0
        self._refused = set[str]()  # by the store, in this round through what is owed

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Sweep every minute until the block ends."""
        task = asyncio.create_task(self._again_and_again())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _again_and_again(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS * random.uniform(0.5, 1.0))  # noqa: S311 - so that tasks take turns
            try:
                await self.sweep()
            except Unavailable as problem:
                log.warning(
                    "the sweep was put off", extra={"operation": "sweep", "error": type(problem).__name__}
                )
            except Exception as error:
                log.error("the sweep failed", exc_info=error, extra={"operation": "sweep"})

    async def sweep(self) -> None:
        """Remove what is owed, then count what still is. Raises DatabaseUnavailable."""
        await self._database.run(idempotency.forget_old, {})
        await self._tell_of_freeze()
        try:
            if self._storage is not None:
                await self._remove(self._storage)
            if self._storage is not None and time.monotonic() >= self._ways_back_due:
                self._ways_back_due = time.monotonic() + WAYS_BACK_EVERY_SECONDS
                await self._storage.end_ways_back(datetime.now(UTC))
        finally:
            number, age_seconds = await self._database.run(removals.still_owed, {})
            REMOVALS_OWED.set(number)
            REMOVALS_OLDEST.set(age_seconds)
            if number:
                fields = {"operation": "sweep", "owed": number, "oldest_age_seconds": round(age_seconds)}
                log.warning(STILL_OWED, extra=fields)

    async def _tell_of_freeze(self) -> None:
        freeze = await self._database.run(_oldest_freeze, {})
        age = datetime.now(UTC) - freeze["frozen_at"] if freeze else timedelta()
        FREEZE_OLDEST.set(age.total_seconds())
        if freeze is None or age < FREEZE_LASTS:
            return
        fields = {
            "operation": "sweep",
            "tenant": str(freeze["tenant_id"]),
            "tenant_name": freeze["name"],
            "frozen_by": freeze["frozen_by"],
            "frozen_seconds": round(age.total_seconds()),
        }
        log.warning(STILL_FROZEN, extra=fields)

    async def _remove(self, storage: ObjectStorage) -> None:
        """The oldest first, up to a page that the store refuses whole: the next sweep goes on behind it.

        So a store that refuses everything is not asked for all of it, and what it refuses does not keep the rest.
        """
        while True:
            most = removals.PAGE + len(self._refused)
            owed = await self._database.run(partial(removals.owed, limit=most), {})
            rows = [row for row in owed if row["object_key"] not in self._refused]
            for row in rows:
                try:
                    await storage.delete(row["object_key"])
                except StorageRefused:
                    self._refused.add(row["object_key"])
                else:
                    await self._database.run(partial(removals.forget, row=row), {})
            if len(rows) < removals.PAGE:
                self._refused.clear()  # the next sweep begins with the oldest again
                break
            if self._refused.issuperset(row["object_key"] for row in rows):
                break


async def _oldest_freeze(tx: Transaction) -> Row | None:
    """Of all tenants; nobody has to be logged in."""
    return await tx.one(f"select tenant_id, name, frozen_by, frozen_at from {tx.oldest_freeze}", {})
