"""The plan between two declarations of this program has the engine's own steps, kinds and reasons of replacement.

Each pair was declared by this program with the change of the recording beside it, whose name it has. `class` goes from
the committed class to the recorded one, since the recording's base has a class that no commit has.
"""

import pytest

from facts.difference import difference
from graph.plan import PlanStep
from graph.recordings import read_events
from tests.written_graph import PROGRAM, declared

DECLARED = sorted(path.name.partition(".")[0] for path in (PROGRAM / "declared").glob("*.gz"))
CHANGES = [name for name in DECLARED if name != "base"]
# In each of them moto does not hold a function's logging and a service's grace period, so the cloud differs.
BY_MOTO = {"rotation-function", "service-service"}

Steps = dict[str, tuple[str, tuple[str, ...]]]


def told(steps: tuple[PlanStep, ...]) -> Steps:
    return {step.urn: (step.op, tuple(sorted(step.replace_paths))) for step in steps if step.changes}


def in_the_cloud_alone(step: PlanStep) -> bool:
    if step.name not in BY_MOTO or step.op != "update" or step.old is None or step.new is None:
        return False
    return step.old.inputs == step.new.inputs


def test_every_recorded_change_has_its_pair_but_those_without_a_plan() -> None:
    """Of the two, the program raises in one and the settings refuse the other, so the review has no plan of them."""
    recorded = {path.name.partition(".")[0] for path in PROGRAM.glob("*.events.jsonl.gz")}
    without = recorded - set(CHANGES)
    assert without == {"fails", "one-zone-database"}
    assert all(read_events(PROGRAM / f"{name}.events.jsonl.gz").failed for name in without)


@pytest.mark.parametrize("name", CHANGES)
def test_the_offline_plan_is_the_engine_s(name: str) -> None:
    recorded = read_events(PROGRAM / f"{name}.events.jsonl.gz").steps
    expected = told(tuple(step for step in recorded if not in_the_cloud_alone(step)))
    assert told(difference(declared("base"), declared(name))) == expected
