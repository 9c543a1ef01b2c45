"""A runner as the command starts it: it has the run's own code, and goes on where others were lost."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.fleet import FleetSettings
from infra.stack_files import stack_file
from infra.tenants.files import read_tenant
from operations.changed.estate import read_bases
from operations.ending import Notify
from operations.engine.account import check_account
from operations.engine.cli import find_cli
from operations.engine.errors import MistakenError
from operations.fleet.journal import HeldError, Journal, OverError
from operations.fleet.records import Run, ShardHead
from operations.fleet.release import customers_files, release_of
from operations.fleet.rule import failures_stop
from operations.fleet.shard import ShardResult, Worker, child_of, deploy_shard
from operations.fleet.watching import Watching
from operations.tenant import standing
from project.files import find_project
from project.placement import placement_of


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Works for one run."""

    journal: Journal
    run: Run
    worker: Worker
    notify: Notify

    @classmethod
    def ready(cls, root: Path, journal: Journal, seconds_each: float, notify: Notify) -> "Runner":
        """Raises MistakenError where the run is of other code than what is checked out here, or a base stack is gone.

        What is wrong with a customer's record leaves that customer out, and nobody else.
        """
        run = journal.require()
        gone = sorted({one.base for one in journal.planned(run.run).shards} - set(read_bases(root)))
        if gone:
            files = ", ".join(stack_file(root, base).name for base in gone)
            raise MistakenError(
                f"{run.called} goes to base stacks that are not here any more: no {files}",
                f"check out its commit, {run.commit[:12]}; nothing was changed",
            )
        here = release_of(root, customers_files(root))
        if here != run.release:
            raise MistakenError(
                f"{run.called} is of code {run.release}, and {here} is here",
                f"check out its commit, {run.commit[:12]}; nothing was changed",
            )
        settings = settings_of(journal)
        worker = Worker(
            root=root,
            settings=settings,
            deploy=child_of(root, run),
            absent=lambda name: standing.not_to_update(find_project(root), read_tenant(root, name)),
            watch=Watching(root, settings.watch_minutes),
            seconds_each=seconds_each,
        )
        return cls(journal=journal, run=run, worker=worker, notify=notify)

    def do(self, name: str) -> ShardResult:
        """One shard; one that is finished is left as it is. Raises as `deploy_shard` and `expect_able` do."""
        record = self.journal.shard(self.run.run, name)
        if record.finished(self.run.round):
            self.notify(f"{name} is finished: nothing is left to do")
            return ShardResult(record=record, interrupted=False)
        if record.left(self.run.round):
            expect_able(self.worker.root, record.head)
        return deploy_shard(self.journal, self.run, name, self.worker, self.notify)

    def too_many(self, failed: Sequence[str]) -> bool:
        """Whether so many failures stop the rollout; in a wave that a person accepted, none does."""
        return self.run.wave not in self.run.accepted and failures_stop(len(failed), self.worker.settings.stop)

    def do_others(self, name: str) -> Iterator[ShardResult]:
        """Shards beside this one that nobody has: of the same wave and account, whose credentials are here."""
        head = self.journal.shard(self.run.run, name).head
        for other in self.journal.wave(self.run):
            same = (other.head.account, other.head.region) == (head.account, head.region)
            if not same or other.head.name == name or other.finished(self.run.round):
                continue
            try:
                yield self.do(other.head.name)
            except HeldError as held:
                self.notify(str(held))
            except OverError:
                return


def expect_able(root: Path, head: ShardHead) -> None:
    """Raises EngineError where nobody of a shard can be deployed from here, before the shard is taken.

    Else each customer would fail for want of an engine or by another account's credentials, and so stop the rollout.
    """
    find_cli()
    check_account(head.base, placement_of(find_project(root), head.base), {})


def settings_of(journal: Journal) -> FleetSettings:
    """The settings with which the latest run was planned."""
    return FleetSettings.model_validate_json(json.dumps(journal.planned(journal.require().run).settings))
