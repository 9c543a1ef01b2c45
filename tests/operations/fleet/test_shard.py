"""One runner at work: several customers at once, and what happens when it is stopped, robbed, or kills a customer."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.fleet import FleetSettings
from operations.fleet import shard as shards
from operations.fleet.control import resume
from operations.fleet.journal import HeldError, Journal
from operations.fleet.lease import Lease
from operations.fleet.plan import Digests
from operations.fleet.records import Entry, Run, Watched
from operations.fleet.shard import ShardResult, Worker, child_of, deploy_shard
from operations.tenant.deployment.scheduler import SiloOutcome, Stop
from tests.operations.fleet.world import BEFORE, IMAGE, Memory, journal_of, plan_of

SIX = [("canaries-1", 6), ("rest-1", 6)]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """Of a run of twelve customers whose files are as they were planned."""
    monkeypatch.setattr(Digests, "of", lambda *_: "d")
    memory = Memory()
    journal_of(memory).begin(plan_of(SIX), "commit")
    return memory


def worker(deploy: Any, absent: Callable[[str], str] = lambda _: "", **settings: Any) -> Worker:
    return Worker(
        root=Path(),
        settings=FleetSettings(canaries=("c0000",), **{"watch_minutes": 0, **settings}),
        deploy=deploy,
        absent=absent,
        watch=lambda *_: Watched(),
        seconds_each=30,
        sleep=lambda _: None,
    )


def work(store: Memory, deploy: Any, **settings: Any) -> ShardResult:
    journal = journal_of(store)
    return deploy_shard(journal, journal.require(), "canaries-1", worker(deploy, **settings), lambda _: None)


def done(*_: object) -> tuple[SiloOutcome, dict[str, str]]:
    return SiloOutcome("done"), {"imageBefore": BEFORE}


def test_everybody_is_deployed_watched_and_the_shard_left_free(store: Memory) -> None:
    result = work(store, done)
    assert not result.interrupted
    assert {one.state for one in result.record.customers.values()} == {"done"}
    assert {one.before for one in result.record.customers.values()} == {BEFORE}
    left = journal_of(store).shard(result.record.run, "canaries-1")
    assert left.claim is None
    assert left.watched == Watched()


def test_who_moves_is_left_out_of_a_wave_until_the_second_stack_is_made(store: Memory) -> None:
    made: list[str] = []

    def deploy(name: str, *_: object) -> tuple[SiloOutcome, dict[str, str]]:
        made.append(name)
        return done()

    def absent(name: str) -> str:
        return "its second stack is not made yet" if name.endswith("t0") else ""

    entry = work(store, deploy, absent=absent).record.customers["canaries-1-t0"]
    assert (entry.state, entry.cause) == ("left out", "its second stack is not made yet")
    assert len(made) == 5


def test_a_failure_that_is_noted_though_its_answer_was_lost_is_reported_as_a_failure(store: Memory) -> None:
    """And is not deployed a second time in its round."""
    journal = journal_of(store)
    run, made = journal.require(), list[str]()

    def fail(name: str, *_: object) -> tuple[SiloOutcome, dict[str, str]]:
        made.append(name)
        store.fail_next = "after"
        return SiloOutcome("failed", "smoke test failed"), {}

    held = Lease(journal, run, "canaries-1", owner="one", seconds=300)
    one = shards._Shift(journal, run, held, worker(fail), lambda _: None)
    name = held.record.left(run.round)[0]
    assert one._one(name, Stop()).state == "interrupted"
    assert one._one(name, Stop()) == SiloOutcome("failed", "smoke test failed")
    assert made == [name]


def test_no_more_at_once_than_the_settings_say(store: Memory) -> None:
    running, most, lock = [0], [0], threading.Lock()
    three = threading.Barrier(3, timeout=60)

    def deploy(*_: object) -> tuple[SiloOutcome, dict[str, str]]:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        three.wait()
        time.sleep(0.02)  # for a fourth to come, were it let
        with lock:
            running[0] -= 1
        return done()

    work(store, deploy, parallel=3)
    assert most == [3]


def test_a_runner_whose_shard_was_taken_stops_what_runs_and_notes_nothing(store: Memory) -> None:
    stopped: list[str] = []
    both = threading.Barrier(2)

    def deploy(name: str, _: Entry, stop: Stop) -> tuple[SiloOutcome, dict[str, str]]:
        both.wait(60)
        if name.endswith("t0"):
            store.now += 1000  # this machine slept; somebody else goes on
            journal = journal_of(store)
            Lease(journal, journal.require(), "canaries-1", owner="heir", seconds=300, clock=lambda: store.now)
            return done()
        stop.wait(60)
        stopped.append(name)
        return SiloOutcome("interrupted", "cancelled"), {}

    result = work(store, deploy, parallel=2)
    record = journal_of(store).shard(result.record.run, "canaries-1")
    assert result.interrupted
    assert "another runner has taken it" in result.lost
    assert stopped == ["canaries-1-t1"]
    assert record.claim is not None
    assert record.claim.owner == "heir"
    assert {one.state for one in record.customers.values()} == {"interrupted", "waiting"}


def test_more_failures_than_a_wave_may_have_stop_it_at_once(store: Memory) -> None:
    def deploy(*_: object) -> tuple[SiloOutcome, dict[str, str]]:
        return SiloOutcome("failed", "smoke test failed"), {}

    result = work(store, deploy, parallel=1)
    run = journal_of(store).require()
    assert run.state == "stopped"
    assert run.because == ("wave canaries: 1 failed in canaries-1: canaries-1-t0: smoke test failed",)
    assert [one.state for one in result.record.customers.values()].count("waiting") == 5


def test_a_stop_lets_what_runs_end_and_begins_nobody_else(store: Memory) -> None:
    begun: list[str] = []

    def deploy(name: str, _: Entry, __: Stop) -> tuple[SiloOutcome, dict[str, str]]:
        begun.append(name)
        journal_of(store).stop(["logins fail"])
        return done()

    result = work(store, deploy, parallel=1)
    assert begun == ["canaries-1-t0"]
    assert result.record.customers["canaries-1-t0"].state == "done"
    resume(journal_of(store), None)
    assert not work(store, done).interrupted


def test_a_deployment_that_raises_is_a_failure_of_that_customer(store: Memory) -> None:
    def deploy(name: str, *_: object) -> tuple[SiloOutcome, dict[str, str]]:
        if name.endswith("t0"):
            return SiloOutcome("failed", "exit code 4"), {"imageBefore": BEFORE, "outcome": "went back"}
        return done()

    result = work(store, deploy, parallel=6)
    entry = result.record.customers["canaries-1-t0"]
    assert (entry.state, entry.cause, entry.went_back) == ("failed", "exit code 4", True)


def test_a_shard_that_another_runner_has_is_refused_with_when_it_is_free(store: Memory) -> None:
    journal = journal_of(store)
    Lease(journal, journal.require(), "canaries-1", owner="one", seconds=300, clock=lambda: store.now)
    with pytest.raises(HeldError, match="in 300 s it is free"):
        work(store, done)


@pytest.mark.lengthy
def test_operations_on_the_journal_are_as_many_with_a_hundred_customers_as_with_ten_thousand() -> None:
    def calls(shard_count: int) -> list[int]:
        store = Memory()
        journal = Journal(store, "prod")
        run = journal.begin(plan_of([(f"canaries-{number}", 25) for number in range(shard_count)]), "commit")
        counted = []
        held = Lease(journal, run, "canaries-0", owner="one", seconds=300, clock=lambda: 0.0)
        name = held.record.left(1)[0]
        acts: tuple[Callable[[], object], ...] = (
            lambda: held.begin(name),
            lambda: held.end(name, held.record.customers[name]),
            held.renew,
        )
        for act in acts:
            before = store.calls
            act()
            counted.append(store.calls - before)
        read = max(len(store.objects[key][0]) for key in store.objects if not key.endswith("plan.json"))
        return [*counted, read // 1000]

    assert calls(4) == calls(400)


def test_a_customer_is_deployed_by_the_command_that_a_person_would_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def run_child(_: Path, command: list[str], log: Path, __: Stop, result: Path) -> SiloOutcome:
        asked.append(command)
        result.write_text('{"imageBefore": "sha256:1", "outcome": "deployed"}')
        return SiloOutcome("done", str(log.name))

    monkeypatch.setattr(shards, "run_child", run_child)
    run = Run(
        run="r", plan="p", environment="prod", image=IMAGE, release="c", commit="c", state="running", wave="canaries"
    )
    outcome, output = child_of(tmp_path, run)("acme", Entry(stack="prod-acme", digest="d", image=IMAGE), Stop())
    assert asked == [["tenant", "deploy", "acme", "--base", "prod", "--yes", "--json", "--image", IMAGE]]
    assert (outcome.state, output["imageBefore"]) == ("done", "sha256:1")
