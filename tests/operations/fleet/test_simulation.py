"""The simulation of benchmarks/fleet.py on small plans: whatever dies, nobody is lost and nobody is done twice."""

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks import fleet
from benchmarks.fleet import Rollout
from operations.fleet.lease import Lease
from operations.fleet.records import ShardRecord
from tests.operations.fleet.world import plan_of

pytestmark = pytest.mark.lengthy

SHARDS = [("canaries-1", 2), ("share-1", 6), ("share-2", 5), *((f"rest-{number}", 8) for number in range(6))]
EVERYBODY = sum(size for _, size in SHARDS)


def rollout(seed: int, *, bad: bool = False, watch_minutes: int = 0) -> Rollout:
    plan = plan_of(SHARDS)
    canaries = tuple(one.name for one in plan.of("canaries")[0].customers)
    settings = plan.settings.model_copy(update={"canaries": canaries, "watch_minutes": watch_minutes})
    return Rollout(
        plan=replace(plan, settings=settings), resources=Counter(ecs=5, alarms=12), runners=4, seed=seed, bad=bad
    )


def test_everybody_is_done_once_though_half_of_the_runners_die(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "DIES", 0.5)
    monkeypatch.setattr(fleet, "AS_IT_WATCHES", 0.0)
    monkeypatch.setattr(fleet, "UNANSWERED", 0.02)
    died = 0
    for seed in range(8):
        simulated = rollout(seed)
        assert simulated.simulate().state == "done", seed
        assert len(simulated.truth.deployed) == EVERYBODY, seed
        assert (simulated.truth.at_once, simulated.truth.after_done) == ([], []), seed
        died += len(simulated.died)
    assert died > 8


def test_whoever_watches_may_die_too_and_each_shard_is_watched_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "DIES", 0.5)
    monkeypatch.setattr(fleet, "AS_IT_WATCHES", 1.0)
    monkeypatch.setattr(fleet, "UNANSWERED", 0.0)
    died = 0
    for seed in range(8):
        simulated = rollout(seed, watch_minutes=10)
        run = simulated.simulate()
        assert run.state == "done", seed
        assert simulated.truth.deployed == Counter(dict.fromkeys(simulated.truth.deployed, 1)), seed
        assert len(simulated.truth.deployed) == EVERYBODY, seed
        shards = {one.head.name: [unit.name for unit in one.customers] for one in simulated.plan.shards}
        assert set(simulated.truth.watched_from) == set(shards), seed
        assert simulated.truth.unwatched(shards) == [], seed
        died += simulated.died_watching
    assert died > 8


def test_a_watch_that_is_not_noted_as_one_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where who only died in its watch counts as watched, the simulation sees shards that nobody watched to the end."""
    monkeypatch.setattr(fleet, "DIES", 1.0)
    monkeypatch.setattr(fleet, "AS_IT_WATCHES", 1.0)
    monkeypatch.setattr(fleet, "COMES_BACK", 0.0)
    monkeypatch.setattr(ShardRecord, "finished", lambda record, round_: not record.left(round_))
    simulated = rollout(1, watch_minutes=10)
    simulated.simulate()
    shards = {one.head.name: [unit.name for unit in one.customers] for one in simulated.plan.shards}
    assert simulated.truth.unwatched(shards)


def test_a_bad_release_reaches_the_canaries_alone() -> None:
    simulated = rollout(1, bad=True)
    assert simulated.simulate().state == "stopped"
    assert set(simulated.truth.deployed) == set(simulated.plan.settings.canaries)


def test_a_journal_without_fencing_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a runner that comes back may write over everything, the simulation sees customers begun who were done."""
    monkeypatch.setattr(fleet, "DIES", 0.9)
    monkeypatch.setattr(fleet, "AS_IT_WATCHES", 0.0)
    monkeypatch.setattr(fleet, "COMES_BACK", 1.0)
    monkeypatch.setattr(Lease, "expired", False)
    seen = 0
    for seed in range(6):
        simulated = rollout(seed)
        bucket = simulated.bucket
        monkeypatch.setattr(bucket, "replace", lambda key, body, _version, put=bucket._put: put(key, body))
        simulated.simulate()
        seen += len(simulated.truth.at_once) + len(simulated.truth.after_done)
    assert seen
