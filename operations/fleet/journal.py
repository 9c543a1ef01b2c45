"""The journal of a rollout in the state bucket: what each runner and each person reads and changes, and how.

Every change names the version that it saw, so that of two that saw the same one is refused. The run is one small
object, the plan is written once, and a shard is one object of its own: no operation grows with the number of customers.
"""

import socket
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from os import getpid
from secrets import token_hex
from typing import Any, NoReturn

from bootstrap.names import fleet_folder
from operations.engine.errors import FailedError, MistakenError
from operations.fleet.plan import FleetPlan
from operations.fleet.records import (
    RUNNING,
    UNDER_WAY,
    Claim,
    Entry,
    Planned,
    Run,
    ShardRecord,
    as_bytes,
    planned_of,
    run_of,
    shard_of,
)
from operations.fleet.store import Store, Stored


class HeldError(MistakenError):
    """Another runner has the shard."""


class ChangedError(MistakenError):
    """Somebody else changed the run in the same moment."""


class OverError(MistakenError):
    """The run that a runner works for was stopped, or another one is under way."""


class BrokenError(FailedError):
    """The journal lacks what it must hold."""


def this_runner() -> str:
    """A name that no other runner has: a process that comes back is another one."""
    return f"{socket.gethostname()}:{getpid()}:{token_hex(4)}"


class Journal:
    """One environment's journal."""

    def __init__(self, store: Store, environment: str) -> None:
        self.store = store
        self._folder = fleet_folder(environment)

    def current(self) -> Run | None:
        """The latest run; None where there never was one."""
        found = self.store.read(self._current)
        return run_of(found.body) if found else None

    def require(self) -> Run:
        """The latest run. Raises MistakenError where there never was one."""
        found = self.current()
        if found is None:
            raise MistakenError("no rollout was begun", "`workbuoy fleet start --image DIGEST` begins one")
        return found

    def begin(self, plan: FleetPlan, commit: str) -> Run:
        """Begin a run, or go on with the one that is under way where it is of the very same plan.

        Raises MistakenError where another one is under way, or there is nobody to deploy.
        """
        if not plan.shards:
            raise MistakenError(
                f"no customer of {plan.environment} has a stack of its own: there is nothing to roll out"
            )
        found = self.store.read(self._current)
        before = run_of(found.body) if found else None
        if before is not None and before.plan == plan.run and before.state in (*UNDER_WAY, "done"):
            return before
        if before is not None and before.state in UNDER_WAY:
            self._refuse_second(before)
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S}-{token_hex(3)}"
        begun = Run(
            run=name,
            plan=plan.run,
            environment=plan.environment,
            image=plan.image,
            release=plan.release,
            commit=commit,
            state="running",
            wave=plan.waves[0],
            began=now.isoformat(timespec="seconds"),
            writes=before.writes + 1 if before else 1,
        )
        heads = tuple(one.head for one in plan.shards)
        settings = plan.settings.model_dump(mode="json", by_alias=True)
        planned = Planned(run=name, waves=plan.waves, shards=heads, settings=settings)
        self.store.create(self._plan(name), as_bytes(planned))
        for shard, head in zip(plan.shards, heads, strict=True):
            entries = {one.name: Entry(stack=one.stack, digest=one.digest, image=plan.image) for one in shard.customers}
            self.add_shard(ShardRecord(run=name, head=head, customers=entries))
        written = (
            self.store.create(self._current, as_bytes(begun))
            if found is None
            else self.store.replace(self._current, as_bytes(begun), found.version)
        )
        if written is None:
            self._refuse_second(self.require())
        return begun

    def _refuse_second(self, before: Run) -> NoReturn:
        raise MistakenError(
            f"{before.called} is {before.state} in {before.environment} since {before.began}, in wave {before.wave}: "
            "two rollouts at once would undo each other",
            "finish it, or `workbuoy fleet stop` and `workbuoy fleet end`",
        )

    def change(self, run: Run, **fields: Any) -> Run:
        """Change the run that was read. Raises ChangedError where somebody changed it since."""
        found = self.store.read(self._current)
        if found is None or run_of(found.body) != run:
            raise ChangedError(
                f"somebody changed {run.called} meanwhile", "`workbuoy fleet status` shows how it is now"
            )
        changed = replace(run, **fields, writes=run.writes + 1)
        if self.store.replace(self._current, as_bytes(changed), found.version) is None:
            raise ChangedError(
                f"somebody changed {run.called} meanwhile", "`workbuoy fleet status` shows how it is now"
            )
        return changed

    def stop(self, because: Iterable[str]) -> Run:
        """Let nobody begin another customer. Repeated until it holds, since whoever else changes it must not win."""
        while True:
            run = self.require()
            if run.state not in RUNNING:
                return run
            try:
                return self.change(run, state="stopped", because=tuple(because))
            except ChangedError:
                continue

    def require_open(self, run: Run, wave: str) -> None:
        """Raises OverError where the run that a runner works for is no longer the one that may go on."""
        now = self.require()
        if now.run != run.run:
            raise OverError(f"{run.called} is over: {now.called} is {now.state}", "nothing more is begun here")
        if now.state not in RUNNING:
            why = f": {now.because[0]}" if now.because else ""
            raise OverError(f"{run.called} is {now.state}{why}", "`workbuoy fleet status`; nothing more is begun here")
        if now.wave != wave:
            raise OverError(f"{run.called} is in wave {now.wave}, and this is of wave {wave}", "each wave has its turn")

    def planned(self, run: str) -> Planned:
        """The plan of a run."""
        found = self.store.read(self._plan(run))
        return planned_of(found.body) if found else self._broken(f"the plan of run {run}")

    def shard(self, run: str, name: str) -> ShardRecord:
        """A shard's record. Raises MistakenError for a name that the run has not."""
        return shard_of(self._shard_object(run, name).body)

    def wave(self, run: Run) -> list[ShardRecord]:
        """The records of the wave that a run is in; while it goes back, of those that bring it back."""
        back = run.state in ("rolling back", "rolled back")
        heads = [one for one in self.planned(run.run).shards if one.wave == run.wave]
        names = [back_of(one.name) if back else one.name for one in heads]
        found = [self.store.read(self._shard(run.run, name)) for name in names]
        if not back and None in found:
            self._broken(f"a shard of wave {run.wave}")
        return [shard_of(one.body) for one in found if one is not None]

    def add_shard(self, record: ShardRecord) -> None:
        """Write a shard for the first time; one that is there already stays as it is."""
        self.store.create(self._shard(record.run, record.head.name), as_bytes(record))

    def claim(self, run: Run, name: str, owner: str, seconds: float) -> tuple[ShardRecord, str]:
        """Take a shard that nobody has, or whose runner has been silent for longer than its lease.

        Whom that runner had begun counts as interrupted. Returns the record and its version.

        Raises HeldError where another runner has it.
        """
        found = self._shard_object(run.run, name)
        record = shard_of(found.body)
        self.require_open(run, record.head.wave)
        if record.claim is not None and found.age_seconds < record.claim.seconds:
            left = record.claim.seconds - found.age_seconds
            raise HeldError(
                f"shard {name} is {record.claim.owner}'s, who wrote {found.age_seconds:.0f} s ago",
                f"in {left:.0f} s it is free, if that runner is gone; the same command then goes on with it",
            )
        gone = record.claim.owner if record.claim else "nobody"
        entries = {
            one: replace(entry, state="interrupted", cause=f"its runner {gone} is gone")
            if entry.state == "running"
            else entry
            for one, entry in record.customers.items()
        }
        taken = replace(
            record,
            customers=entries,
            claim=Claim(owner=owner, seconds=seconds),
            claims=record.claims + 1,
            writes=record.writes + 1,
        )
        version = self.write(taken, found.version)
        if version is None:
            raise HeldError(f"shard {name}: another runner took it in the same moment", "take another shard")
        return taken, version

    def write(self, record: ShardRecord, version: str) -> str | None:
        """Write a shard over exactly this version; None where another write came first."""
        return self.store.replace(self._shard(record.run, record.head.name), as_bytes(record), version)

    def holder(self, run: Run, name: str) -> str | None:
        """The runner who has a shard now."""
        found = self._shard_object(run.run, name)
        claim = shard_of(found.body).claim
        return claim.owner if claim and found.age_seconds < claim.seconds else None

    def standing(self, record: ShardRecord) -> tuple[ShardRecord, str] | None:
        """What stands of a shard, and its version; None where it is another runner's by now."""
        found = self._shard_object(record.run, record.head.name)
        now = shard_of(found.body)
        return (now, found.version) if now.claims == record.claims else None

    def _shard_object(self, run: str, name: str) -> Stored:
        found = self.store.read(self._shard(run, name))
        if found is None:
            raise MistakenError(f"run {run} has no shard {name}", "`workbuoy fleet status` names those of its wave")
        return found

    def _broken(self, what: str) -> NoReturn:
        raise BrokenError(f"the journal lacks {what}", "was something in the state bucket deleted by hand?")

    @property
    def _current(self) -> str:
        return f"{self._folder}/current.json"

    def _plan(self, run: str) -> str:
        return f"{self._folder}/{run}/plan.json"

    def _shard(self, run: str, name: str) -> str:
        return f"{self._folder}/{run}/shards/{name}.json"


def back_of(shard: str) -> str:
    """The name of the shard that brings another one's customers back."""
    return f"{shard}-back"


def counts(records: Iterable[ShardRecord]) -> Mapping[str, int]:
    """How many customers are in which state."""
    found: dict[str, int] = {}
    for record in records:
        for entry in record.customers.values():
            found[entry.state] = found.get(entry.state, 0) + 1
    return found
