"""A release to 100, 1,000 and 10,000 customers, simulated: `python benchmarks/fleet.py [--customers N ...]`.

The plan is made from that many real files; the journal, leases and the stop rule are the real ones. Stand-ins are
time, the runners, the state bucket and AWS, whose calls meet token buckets with the rates of docs/limits.md
(benchmarks/fleet_world.py). One runner in twenty dies in a shard, every second of them as it watches what it deployed;
every third of all those comes back after ten minutes, and two of a thousand writes of the journal get no answer. Each
size gets a good release, and one that fails with all.
"""

import math
import random
import subprocess
import sys
import tempfile
from collections import Counter, deque
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent
if __name__ == "__main__":
    sys.path[0] = str(ROOT)  # Python puts this folder first, where rehearsal.py would hide the package

from benchmarks.fleet_world import Aws, Clock, Process, StateBucket, Truth, calls_of  # noqa: E402
from benchmarks.tenants import ACCOUNT, ON_ONE_BASE, make_project  # noqa: E402
from facts import tokens as t  # noqa: E402
from graph import Graph  # noqa: E402
from operations.cost.estimate import estimate  # noqa: E402
from operations.cost.prices import read_prices  # noqa: E402
from operations.engine.errors import EngineError, UnreachableError  # noqa: E402
from operations.fleet.control import StoppedError, UnfinishedError, go_on  # noqa: E402
from operations.fleet.journal import HeldError, Journal, OverError  # noqa: E402
from operations.fleet.lease import Lease  # noqa: E402
from operations.fleet.plan import FleetPlan, plan_release  # noqa: E402
from operations.fleet.records import Entry, EntryState, Run, Watched  # noqa: E402
from operations.fleet.rule import failures_stop  # noqa: E402
from project.files import find_project  # noqa: E402
from rehearsal.as_graph import graph_of  # noqa: E402
from rehearsal.run import Options, rehearse_with_base  # noqa: E402

IMAGE = "sha256:" + "5eed" * 16
BOUND_HOURS = 3.0
BASES_IN_AN_ACCOUNT = 11  # 998 silos by their roles, 90 on a base stack: docs/limits.md
SET_UP_SECONDS, ENGINE_SECONDS, ROLLOUT_SECONDS = 90, 45, (100, 160)
DIES, AS_IT_WATCHES, COMES_BACK, AWAY_SECONDS = 0.05, 0.5, 1 / 3, 600
WATCH_STEP_SECONDS = 30
UNANSWERED = 0.002
RERUN_SECONDS = 600  # until a person runs lost jobs again


class DiedError(Exception):
    """The runner is gone for good."""


@dataclass
class Runner:
    """One job's machine."""

    owner: str
    dies_at: float = math.inf
    wakes_at: float = math.inf
    hands: int = 0
    gone: bool = False
    noticed: bool = False


@dataclass
class Rollout:
    """One simulated rollout."""

    plan: FleetPlan
    resources: Counter[str]
    runners: int
    seed: int
    bad: bool
    clock: Clock = field(default_factory=Clock)
    truth: Truth = field(default_factory=Truth)
    died: set[str] = field(default_factory=set)
    died_watching: int = 0
    noticed: int = 0
    runner_seconds: float = 0.0
    reruns: int = 0
    stopped: tuple[str, ...] = ()
    busy: int = 0
    jobs: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311
        self.aws = Aws(self.clock, self.chance)
        self.bucket = StateBucket(self.clock, self.chance, UNANSWERED)
        self.journal = Journal(self.bucket, self.plan.environment)
        self.places = {one.head.name: f"{one.head.account} {one.head.region}" for one in self.plan.shards}

    def simulate(self) -> Run:
        """From the start to the end, or to where the rule stops it."""
        while self.journal.current() is None:
            with suppress(UnreachableError):  # a person says `start` again
                self.journal.begin(self.plan, "commit")
        self.clock.spawn(self._waves())
        self.clock.run()
        return self.journal.require()

    def _waves(self) -> Process:
        while (run := self.journal.require()).state == "running":
            left = [one.head.name for one in self.journal.wave(run) if not one.finished(run.round)]
            queue = deque(left)
            for _ in range(self.runners):
                self.busy += 1
                self.clock.spawn(self._slot(queue, run))
            while self.busy:
                yield 10
            try:
                yield SET_UP_SECONDS
                go_on(self.journal, self.plan.settings.stop, run.wave)
            except UnfinishedError:
                self.reruns += 1
                yield RERUN_SECONDS
            except StoppedError as error:
                self.stopped = error.reasons

    def _slot(self, queue: deque[str], run: Run) -> Process:
        """One of the runners that work at once: job after job, then shards whose runner was lost (`--others`)."""
        while name := queue.popleft() if queue else self._abandoned(run):
            began = self.clock.now
            self.jobs += 1
            yield SET_UP_SECONDS
            with suppress(DiedError, EngineError):  # the job is lost; whoever comes next goes on with its shard
                yield from self._job(name, run)
            self.runner_seconds += self.clock.now - began
        self.busy -= 1

    def _abandoned(self, run: Run) -> str | None:
        names = [one.head.name for one in self.journal.wave(run) if not one.finished(run.round)]
        return next((name for name in names if self.journal.holder(run, name) is None), None)

    def _job(self, name: str, run: Run) -> Process:
        runner = Runner(owner=f"{name} {self.jobs}")
        dies, watching = self.chance.random() < DIES, self.chance.random() < AS_IT_WATCHES
        if dies and not watching:
            self._doom(runner, 1200)
        lease = yield from self._claim(name, run, runner)
        if lease is None:
            return
        waiting = deque(lease.record.left(run.round))
        for _ in range(self.plan.settings.parallel):
            runner.hands += 1
            self.clock.spawn(self._hand(waiting, lease, runner))
        self.clock.spawn(self._heartbeat(lease, runner))
        while runner.hands:
            yield 5
        if runner.gone or lease.record.left(run.round):
            if not runner.noticed and self.clock.now < runner.dies_at:
                lease.release()
            raise DiedError
        if dies and watching:
            self._doom(runner, self.plan.settings.watch_minutes * 60)
        yield from self._watch(lease, runner)
        runner.gone = True
        lease.release()

    def _doom(self, runner: Runner, within: float) -> None:
        runner.dies_at = self.clock.now + self.chance.uniform(10, within)
        if self.chance.random() < COMES_BACK:
            runner.wakes_at = runner.dies_at + AWAY_SECONDS

    def _watch(self, lease: Lease, runner: Runner) -> Process:
        """Until it is noted, the shard is not finished: where its runner dies, the next one watches from the start."""
        began, seconds = self.clock.now, self.plan.settings.watch_minutes * 60
        died_before = runner.owner in self.died
        try:
            yield from self._alive(runner, "", (WATCH_STEP_SECONDS,) * (seconds // WATCH_STEP_SECONDS))
            lease.watched(Watched())
            self.truth.watched_from[lease.record.head.name] = began
        except (DiedError, EngineError) as error:
            runner.gone = True
            self.noticed += not isinstance(error, DiedError)
            raise
        finally:
            self.died_watching += runner.owner in self.died and not died_before

    def _claim(self, name: str, run: Run, runner: Runner) -> Generator[float, None, Lease | None]:
        seconds = self.plan.settings.lease_minutes * 60
        while True:
            try:
                return Lease(self.journal, run, name, owner=runner.owner, seconds=seconds, clock=lambda: self.clock.now)
            except UnreachableError:
                yield 5
            except (HeldError, OverError):
                return None

    def _heartbeat(self, lease: Lease, runner: Runner) -> Process:
        while not runner.gone and self.clock.now < runner.dies_at:
            yield self.plan.settings.lease_minutes * 15
            if runner.gone or self.clock.now >= runner.dies_at:
                return
            try:
                lease.renew()
            except UnreachableError:
                continue
            except EngineError:
                runner.gone = True

    def _hand(self, waiting: deque[str], lease: Lease, runner: Runner) -> Process:
        """One of the customers that a runner deploys at once, then the next."""
        try:
            while waiting and not runner.gone:
                yield from self._customer(waiting.popleft(), lease, runner)
        except (DiedError, EngineError):
            runner.gone = True
        finally:
            runner.hands -= 1

    def _customer(self, name: str, lease: Lease, runner: Runner) -> Process:
        yield from self._alive(runner, name, (0.0,))
        entry = lease.begin(name)
        if entry is None:
            return
        self.truth.begins(name, runner.owner)
        try:
            for call in calls_of(self.resources):
                yield from self._alive(runner, name, self.aws.call(self.places[lease.record.head.name], *call))
            seconds = ENGINE_SECONDS + self.chance.uniform(*ROLLOUT_SECONDS)
            yield from self._alive(runner, name, (seconds,))
        except DiedError:
            self.truth.under_way.pop(name, None)
            raise
        self.truth.ends(name, self.clock.now)
        self._note(name, entry, lease, runner)

    def _note(self, name: str, entry: Entry, lease: Lease, runner: Runner) -> None:
        state: EntryState = "failed" if self.bad else "done"
        try:
            lease.end(name, replace(entry, state=state, cause="smoke test failed" * self.bad, before="sha256:old"))
        except UnreachableError:
            raise  # whether it was written, the next one sees
        except EngineError:
            runner.noticed = True
            self.noticed += runner.wakes_at < math.inf
            raise
        if state == "done":
            self.truth.noted.add(name)
        elif failures_stop(1, self.plan.settings.stop):
            self.journal.stop([f"{name} failed"])

    def _alive(self, runner: Runner, name: str, process: Iterable[float]) -> Process:
        """Go on with what a runner does for as long as it lives; one that sleeps goes on when it wakes."""
        for pause in process:
            yield pause
            if not runner.dies_at <= self.clock.now < runner.wakes_at:
                continue
            self.died.add(runner.owner)
            self.truth.under_way.pop(name, None)
            if runner.wakes_at == math.inf:
                raise DiedError
            yield runner.wakes_at - self.clock.now


def fleet_project(root: Path, customers: int) -> None:
    """As `benchmarks.tenants` makes it, in accounts that look real, each with as many base stacks as its roles take."""
    make_project(root, customers)
    for file in root.glob("Pulumi.prod*.yaml"):
        text = file.read_text()
        if "workbuoy:settings" in text:
            number = int(file.stem.rpartition("-")[2]) if file.stem[-1].isdigit() else 0
            account = f"2100000{number // BASES_IN_AN_ACCOUNT:05}"
            file.write_text(text.replace(ACCOUNT, account))
    commit = ("-c", "user.name=b", "-c", "user.email=b@example.org", "commit", "--quiet", "--all", "--message", "more")
    subprocess.run(["git", "-C", str(root), *commit], check=True, capture_output=True)


def declared(stack: str) -> Graph:
    """What a stack of this project declares."""
    return graph_of(rehearse_with_base(find_project(ROOT), stack, Options(declare_only=True)))


def usd_per_month(bases: int, silos: int, base: Graph, silo: Graph) -> Decimal:
    """What so many stacks cost at rest, as `workbuoy cost` says of one."""
    prices = read_prices()
    return bases * estimate(base, prices).usd_per_month + silos * estimate(silo, prices).usd_per_month


def silo_resources(graph: Graph) -> Counter[str]:
    """What one silo declares, counted by the service that is asked about it."""
    return Counter(_service(one.type) for one in graph.resources if one.custom and one.type.startswith("aws:"))


def _service(type_: str) -> str:
    """Whose rate the calls about a type share."""
    if type_ == t.METRIC_ALARM:
        return "alarms"
    module = type_.split(":")[1].split("/", maxsplit=1)[0]
    return "vpc" if module == "ec2" else module


def report(customers: int, rollout: Rollout, run: Run) -> bool:
    """One size's figures; False where a bound is not kept."""
    truth, touched = rollout.truth, len(rollout.truth.deployed)
    records = [
        record
        for wave in rollout.plan.waves
        for record in rollout.journal.wave(replace(run, wave=wave, state="running"))
    ]
    states = Counter(entry.state for record in records for entry in record.customers.values())
    unwatched = truth.unwatched({one.head.name: one.customers for one in records if one.finished(run.round)})
    hours = rollout.clock.now / 3600
    repeated = sum(truth.deployed.values()) - touched
    left = states["waiting"] + states["running"] + states["interrupted"]
    journal, aws, minutes = rollout.bucket.calls, rollout.aws, rollout.runner_seconds / 60
    for line in (
        f"{customers:,} customers, {rollout.runners} runners: {run.state} after {hours:.1f} h; {dict(states)}",
        f"  {rollout.jobs} jobs, {minutes:,.0f} minutes of runners; jobs run again by hand: {rollout.reruns}",
        f"  AWS: {aws.calls.total():,} calls, {aws.retries.total():,} of them refused and tried again",
        f"  journal: {journal['write']:,} writes, {journal['read']:,} reads; {rollout.bucket.unanswered} unanswered",
        f"  not done: {left}; two at one customer: {len(truth.at_once)}; begun after done: {len(truth.after_done)}",
        f"  {len(rollout.died)} runners died, {rollout.died_watching} of them as they watched; done again: {repeated}",
        f"  results of theirs that were refused: {rollout.noticed}; shards not watched to the end: {len(unwatched)}",
    ):
        click.echo(line)
    for reason in rollout.stopped:
        click.echo(f"  {reason}")
    good = not truth.at_once and not truth.after_done and not unwatched
    if rollout.bad:
        return good and run.state == "stopped" and set(truth.deployed) <= set(rollout.plan.settings.canaries)
    return good and run.state == "done" and states["done"] == customers and (customers != 1000 or hours <= BOUND_HOURS)


@click.command()
@click.option("--customers", "sizes", multiple=True, type=int, default=(100, 1000, 10_000), show_default=True)
@click.option("--runners", default=20, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(sizes: tuple[int, ...], runners: int, seed: int) -> None:
    """Simulate rollouts, good and bad; exits with 3 where somebody is lost, done twice, or a bound is not kept."""
    base, silo = declared("prod"), declared("prod-acme")
    resources, kept = silo_resources(silo), True
    for customers in sizes:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "project"
            fleet_project(root, customers)
            plan = plan_release(root, "prod", IMAGE)
        for bad in (False, True):
            rollout = Rollout(plan=plan, resources=resources, runners=runners, seed=seed, bad=bad)
            kept = report(customers, rollout, rollout.simulate()) and kept
    for size in sizes:
        bases = -(-size // ON_ONE_BASE)
        cost = usd_per_month(bases, size, base, silo)
        accounts = -(-bases // BASES_IN_AN_ACCOUNT)
        click.echo(
            f"{size:,} customers: {bases} base stacks in {accounts} accounts; {cost:,.0f} USD a month at rest, "
            f"{cost / size:,.0f} a customer"
        )
    sys.exit(0 if kept else 3)


if __name__ == "__main__":
    main()
