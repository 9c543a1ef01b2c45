"""The plan made without an account beside the engine's own of the same change."""

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from facts.difference import difference
from graph.plan import Plan
from operations.review.command import review
from operations.review.plan_difference import steps_as_json
from tests.written_graph import PROGRAM, declared

pytestmark = pytest.mark.lengthy


def offline(name: str) -> Plan:
    return Plan(stack="prod", steps=difference(declared("base"), declared(name)), source="main and the working tree")


def run(name: str, steps: Path, *more: str) -> Result:
    events = steps.parent / "events.jsonl"
    events.write_bytes(gzip.decompress((PROGRAM / f"{name}.events.jsonl.gz").read_bytes()))
    return CliRunner().invoke(review, ["--events", str(events), "--beside", str(steps), *more])


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    return tmp_path / "steps.json"


def test_what_the_account_holds_otherwise_is_named(steps: Path) -> None:
    steps.write_text(steps_as_json(offline("task-size")))
    result = run("task-size", steps)
    assert result.exit_code == 0, result.output
    assert "### Otherwise than without an account" in result.stdout
    # moto does not hold a function's logging, so the engine puts it back, which the programs alone cannot know
    assert result.stdout.count("in the plan of main and the working tree") == 1
    assert "rotation-function: update here, same in the plan of main" in result.stdout


def test_a_step_that_only_one_plan_takes_and_another_reason_are_named(steps: Path) -> None:
    steps.write_text(steps_as_json(offline("task-size")))
    found = json.loads(run("group-description", steps, "--json").stdout)["beside"]
    told = {one["urn"].rpartition("::")[2]: (one["here"], one["there"]) for one in found}
    assert ("replace (description)", "same") in told.values()
    assert any(here == "same" for here, _ in told.values())


def test_plans_that_agree_say_so(tmp_path: Path, steps: Path) -> None:
    first = run("class", steps=_recorded_steps("class", tmp_path, steps))
    assert "the same steps as without an account" in first.stdout
    assert "Otherwise than" not in first.stdout


def _recorded_steps(name: str, folder: Path, steps: Path) -> Path:
    events = folder / "events.jsonl"
    events.write_bytes(gzip.decompress((PROGRAM / f"{name}.events.jsonl.gz").read_bytes()))
    CliRunner().invoke(review, ["--events", str(events), "--steps", str(steps)])
    return steps


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "holds no steps"),
        ("[", "holds no steps"),
        ("[" * 100_000, "holds no steps"),
        ('{"schema": 9, "stack": "prod"}', "speaks schema 9, this one 1"),
        ('{"schema": 1, "stack": "dev"}', "is a plan of dev, not of prod"),
        ('{"schema": 1, "stack": "prod", "source": "x", "steps": [1]}', "holds no steps"),
    ],
    ids=range(6),
)
def test_a_file_that_is_none_is_one_line(steps: Path, text: str, said: str) -> None:
    steps.write_text(text)
    result = run("unchanged", steps)
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_file_that_is_missing_is_one_line(steps: Path) -> None:
    result = run("unchanged", steps)
    assert result.exit_code == 1
    assert "cannot be read" in result.stderr
