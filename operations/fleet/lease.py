"""A runner's hold on one shard: each change names the version that its last one left, so a lost hold is noticed."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from operations.engine.errors import LockedError, UnreachableError
from operations.fleet.journal import Journal
from operations.fleet.records import Entry, Run, ShardRecord, Watched


class LostError(LockedError):
    """The shard is another runner's by now: whatever this one finds out counts no more."""


class Lease:
    """One shard, held by one runner.

    `clock` measures this runner's own time alone: when it could not renew for as long as its lease lasts, somebody else
    may have the shard, and it must begin nothing more.
    """

    def __init__(
        self,
        journal: Journal,
        run: Run,
        shard: str,
        *,
        owner: str,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises HeldError where another runner has the shard, OverError where the run was stopped."""
        self._journal, self._run, self._seconds, self._clock = journal, run, seconds, clock
        self._lock = threading.Lock()
        self._unsure = False
        self._good_until = clock() + seconds
        self.record, self._version = journal.claim(run, shard, owner, seconds)

    @property
    def expired(self) -> bool:
        """Whether the hold may have gone to another runner."""
        return self._clock() >= self._good_until

    def begin(self, name: str) -> Entry | None:
        """Note that a customer's deployment begins; None where the journal says that nobody is to do it in this round.

        What was seen of the shard before counts no more: it has to be watched again.

        Raises LostError where the shard is another's by now, OverError where the run was stopped, UnreachableError
        where the journal does not answer: then nothing may be begun.
        """
        self._journal.require_open(self._run, self.record.head.wave)
        with self._lock:
            self._settle()
            entry = self.record.customers[name]
            if not entry.is_left(self._run.round):
                return None
            begun = replace(entry, state="running", begun=entry.begun + 1, round=self._run.round, cause="")
            self._write(replace(self.record.with_entry(name, begun), watched=None))
            return begun

    def end(self, name: str, entry: Entry) -> None:
        """Note what came of it. Raises LostError, UnreachableError."""
        with self._lock:
            self._settle()
            self._write(self.record.with_entry(name, entry))

    def watched(self, watched: Watched) -> None:
        """Note what was seen after the deployment. Raises LostError, UnreachableError."""
        with self._lock:
            self._settle()
            self._write(replace(self.record, watched=watched))

    def renew(self) -> None:
        """Say that this runner is still there. Raises LostError, UnreachableError."""
        with self._lock:
            self._settle()
            self._write(self.record)

    def release(self) -> None:
        """Leave the shard to whoever comes next. Raises LostError, UnreachableError."""
        with self._lock:
            self._settle()
            self._write(replace(self.record, claim=None))

    def _settle(self) -> None:
        """After a write whose answer never came: take what stands now, where the same claim wrote it."""
        if self._unsure:
            standing = self._journal.standing(self.record)
            if standing is None:
                raise self._lost("another runner has taken it")
            (self.record, self._version), self._unsure = standing, False

    def _write(self, record: ShardRecord) -> None:
        if self.expired:
            raise self._lost("this runner could not renew its hold in time")
        began = self._clock()
        written = replace(record, writes=self.record.writes + 1)
        self._unsure = True
        version = self._journal.write(written, self._version)
        self._unsure = False
        if version is None:
            self._good_until = began
            raise self._lost("another runner has taken it")
        self.record, self._version, self._good_until = written, version, began + self._seconds

    def _lost(self, why: str) -> LostError:
        name = self.record.head.name
        return LostError(f"shard {name}: {why}", "what this runner does counts no more; `workbuoy fleet status`")


class Heartbeat:
    """Renews a lease for as long as it beats, and calls `lost` once when the hold is gone."""

    def __init__(self, lease: Lease, every_seconds: float, lost: Callable[[], object]) -> None:
        self._lease, self._every, self._lost = lease, every_seconds, lost
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="fleet-lease", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(self._every):
            try:
                self._lease.renew()
            except LostError:
                self._lost()
                return
            except UnreachableError:
                continue  # the next beat tries again, and the lease itself says when it is too late
