"""One runner and one shard: each customer in a process of its own, noted before it begins and when it has ended."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from infra.fleet import FleetSettings
from infra.problems import ProblemsError
from infra.tenants.files import read_tenant
from infra.tenants.listing import record_path
from operations.ending import Notify
from operations.engine.errors import EngineError
from operations.fleet.journal import Journal, this_runner
from operations.fleet.lease import Heartbeat, Lease
from operations.fleet.plan import Digests
from operations.fleet.records import Entry, Run, ShardHead, ShardRecord, Watched
from operations.fleet.rule import failures_stop
from operations.tenant.deployment.board import board
from operations.tenant.deployment.every import GRACE_SECONDS
from operations.tenant.deployment.scheduler import Scheduler, SiloOutcome, Stop, run_child
from project.interrupts import heeded
from project.terminal import count

LOGS: Final = ".workbuoy/fleet"
RENEWALS: Final = 4
"""Within one lease, so that three may fail."""

Deployed = tuple[SiloOutcome, Mapping[str, Any]]
Deploy = Callable[[str, Entry, Stop], Deployed]
"""Deploys one customer: how it ended, and the output of `workbuoy deploy --json` as far as there is one."""
Watch = Callable[[ShardHead, Mapping[str, Entry]], Watched]


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What a runner needs besides the journal. `seconds_each` is the longest that one customer may take.

    `absent` says why a customer is left out of whose stacks one does not stand, and is not the rollout's to make.
    """

    root: Path
    settings: FleetSettings
    deploy: Deploy
    absent: Callable[[str], str]
    watch: Watch
    seconds_each: float
    sleep: Callable[[float], object] = time.sleep


@dataclass(frozen=True, kw_only=True)
class ShardResult:
    """How a runner left a shard; `interrupted` where it did not come to its end."""

    record: ShardRecord
    interrupted: bool
    lost: str = ""


def deploy_shard(journal: Journal, run: Run, name: str, worker: Worker, notify: Notify) -> ShardResult:
    """Take a shard and do whoever is left of it, then watch what was deployed.

    Raises:
        HeldError: another runner has it. OverError: the run was stopped. UnreachableError: the journal does not answer.
    """
    lease = Lease(journal, run, name, owner=this_runner(), seconds=worker.settings.lease_minutes * 60)
    return _Shift(journal, run, lease, worker, notify).work()


class _Shift:
    """One runner's work on one shard."""

    def __init__(self, journal: Journal, run: Run, lease: Lease, worker: Worker, notify: Notify) -> None:
        self._journal, self._run, self._lease, self._worker, self._notify = journal, run, lease, worker, notify
        self._digests = Digests(worker.root)
        self._digesting = threading.Lock()
        self._scheduler: Scheduler | None = None
        self._gone = ""

    def work(self) -> ShardResult:
        every = self._worker.settings.lease_minutes * 60 / RENEWALS
        with Heartbeat(self._lease, every, lambda: self._lose("another runner has taken the shard")):
            names = self._lease.record.left(self._run.round)
            ended = self._deploy(names) if names else True
            if ended and (names or self._lease.record.watched is None):
                ended = self._watch()
        with suppress(EngineError):  # it is another runner's by now, or its lease ends by itself
            self._lease.release()
        return ShardResult(record=self._lease.record, interrupted=not ended, lost=self._gone)

    def _deploy(self, names: tuple[str, ...]) -> bool:
        with board(names) as shown:
            scheduler = Scheduler(
                self._one,
                shown.record,
                parallel=self._worker.settings.parallel,
                timeout_seconds=self._worker.seconds_each,
                grace_seconds=GRACE_SECONDS,
            )
            self._scheduler = scheduler
            with heeded(scheduler.interrupt):
                scheduler.run(names)
        return not scheduler.interrupted and not self._gone

    def _one(self, name: str, stop: Stop) -> SiloOutcome:
        """In a thread of the scheduler's."""
        try:
            if against := self._against(name):
                return SiloOutcome("interrupted", self._leave_out(name, against))
            entry = self._lease.begin(name)
        except EngineError as error:  # nothing was begun, and nothing more is
            return self._lose(str(error))
        if entry is None:
            return self._noted(name)
        began = time.monotonic()
        outcome, output = self._worker.deploy(name, entry, stop)
        ended = _ended(entry, outcome, output, time.monotonic() - began)
        try:
            self._lease.end(name, ended)
        except EngineError as error:
            return self._lose(f"{name} ended as {outcome.state}, which could not be noted: {error}")
        self._heed_failures()
        return outcome

    def _noted(self, name: str) -> SiloOutcome:
        """What the journal says of a customer whom nobody is to do again in this round."""
        noted = self._lease.record.customers[name]
        return SiloOutcome(noted.state if noted.state in ("done", "failed") else "interrupted", noted.cause)

    def _against(self, name: str) -> str:
        """Why a customer is left out: its files are wrong, or changed since the plan, or a stack is absent."""
        root, head, entry = self._worker.root, self._lease.record.head, self._lease.record.customers[name]
        try:
            with self._digesting:
                same = self._digests.of(record_path(root, name), head.base) == entry.digest
                if same:
                    return self._worker.absent(name)
                read_tenant(root, name)
        except ProblemsError as error:
            problems = "; ".join(map(str, error.problems))
            return f"its files are wrong since the plan: {problems}: mend them, then `workbuoy tenant deploy {name}`"
        return f"its files changed since the plan: `workbuoy tenant deploy {name}` deploys it by itself"

    def _leave_out(self, name: str, cause: str) -> str:
        entry = self._lease.record.customers[name]
        self._lease.end(name, replace(entry, state="left out", cause=cause))
        return cause

    def _heed_failures(self) -> None:
        """More failures than the rule lets pass in a whole wave stop it here and now."""
        if self._lease.record.head.wave in self._run.accepted:
            return
        failed = [name for name, one in self._lease.record.customers.items() if one.state == "failed"]
        if failures_stop(len(failed), self._worker.settings.stop):
            head = self._lease.record.head
            causes = "; ".join(dict.fromkeys(self._lease.record.customers[one].cause for one in failed))
            self._journal.stop(
                [f"wave {head.wave}: {len(failed)} failed in {head.name}: {', '.join(failed)}: {causes}"]
            )

    def _lose(self, why: str) -> SiloOutcome:
        """The shard, or the run, is not this runner's any more: begin nothing, end what runs in good order."""
        if not self._gone:
            self._gone = why
            if self._scheduler is not None:
                self._scheduler.interrupt()
        return SiloOutcome("interrupted", why)

    def _watch(self) -> bool:
        """Look at what was deployed, for as long as the settings say; False where the hold was lost meanwhile."""
        record, minutes = self._lease.record, self._worker.settings.watch_minutes
        deployed = any(one.state == "done" for one in record.customers.values())
        if deployed and minutes and self._run.state == "running":  # who goes back knows what was wrong
            self._notify(
                f"{record.head.name}: watching {count(len(record.customers), 'stack')} for {minutes} minutes ..."
            )
            self._worker.sleep(minutes * 60)
        if self._gone:
            return False
        try:
            self._lease.watched(self._worker.watch(record.head, record.customers))
        except EngineError as error:
            self._lose(str(error))
        return not self._gone


def _ended(entry: Entry, outcome: SiloOutcome, output: Mapping[str, Any], seconds: float) -> Entry:
    state = outcome.state if outcome.state in ("done", "failed", "interrupted") else "failed"
    return replace(
        entry,
        state=state,
        cause=outcome.cause,
        before=output.get("imageBefore") or entry.before,
        went_back=output.get("outcome") == "went back",
        seconds=round(seconds, 1),
    )


def child_of(root: Path, run: Run) -> Deploy:
    """Deploys a customer's stack by `workbuoy tenant deploy`, in a process of its own."""
    logs = root / LOGS / run.run
    logs.mkdir(parents=True, exist_ok=True)

    def deploy(name: str, entry: Entry, stop: Stop) -> Deployed:
        printed, base = logs / f"{entry.stack}.json", entry.stack.removesuffix(f"-{name}")
        command = ["tenant", "deploy", name, "--base", base, "--yes", "--json", "--image", entry.image]
        outcome = run_child(root, command, logs / f"{entry.stack}.log", stop, printed)
        try:
            output = json.loads(printed.read_bytes())
        except (OSError, ValueError):
            output = {}
        return outcome, output if isinstance(output, dict) else {}

    return deploy
