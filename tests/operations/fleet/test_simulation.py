"""The simulation of benchmarks/fleet.py on small plans: whatever dies, nobody is lost and nobody is done twice."""

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks import fleet
from benchmarks.fleet import Rollout
from operations.fleet.lease import Lease
from tests.operations.fleet.world import plan_of

SHARDS = [("canaries-1", 2), ("share-1", 6), ("share-2", 5), *((f"rest-{number}", 8) for number in range(6))]
EVERYBODY = sum(size for _, size in SHARDS)


def rollout(seed: int, *, bad: bool = False) -> Rollout:
    plan = plan_of(SHARDS)
    canaries = tuple(one.name for one in plan.of("canaries")[0].customers)
    settings = plan.settings.model_copy(update={"canaries": canaries})
    return Rollout(
        plan=replace(plan, settings=settings), resources=Counter(ecs=5, alarms=12), runners=4, seed=seed, bad=bad
    )


def test_everybody_is_done_once_though_half_of_the_runners_die(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "DIES", 0.5)
    monkeypatch.setattr(fleet, "UNANSWERED", 0.02)
    died = 0
    for seed in range(8):
        simulated = rollout(seed)
        assert simulated.simulate().state == "done", seed
        assert len(simulated.truth.deployed) == EVERYBODY, seed
        assert (simulated.truth.at_once, simulated.truth.after_done) == ([], []), seed
        died += len(simulated.died)
    assert died > 8


def test_a_bad_release_reaches_the_canaries_alone() -> None:
    simulated = rollout(1, bad=True)
    assert simulated.simulate().state == "stopped"
    assert set(simulated.truth.deployed) == set(simulated.plan.settings.canaries)


def test_a_journal_without_fencing_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a runner that comes back may write over everything, the simulation sees customers begun who were done."""
    monkeypatch.setattr(fleet, "DIES", 0.9)
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
