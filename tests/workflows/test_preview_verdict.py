"""What a pull request is told: its verdict, which a ruleset requires, and its one comment."""

import re
from typing import Any

import pytest
from click.testing import CliRunner

from operations.main import main
from tests.workflows.conditions import holds, needs, results
from tests.workflows.reading import WORKFLOWS, Job

(PREVIEW,) = (workflow for workflow in WORKFLOWS if workflow.name == "preview")
VERDICT, COMMENT = PREVIEW.job("verdict"), PREVIEW.job("comment")
MATRICES = ("rehearsals", "comparisons", "accounts", "previews")
EVERYTHING, NOTHING = dict.fromkeys(MATRICES, "[{}]"), dict.fromkeys(MATRICES, "[]")
JUDGING = ["changed", "rehearse", "compare", "account", "record", "review"]


class Seen:
    """One pull request's run: what is to be looked at, and which jobs end otherwise than well."""

    def __init__(self, outputs: dict[str, str], ends: dict[str, str], *, head: str = "us/here") -> None:
        pull = {"pull_request": {"head": {"repo": {"full_name": head}}}, "repository": {"private": True}}
        self._outputs, self._context = {"changed": outputs}, {"github": {"event": pull, "repository": "us/here"}}
        self.results = results(PREVIEW, self._outputs, ends, vars={}, **self._context)

    def known(self, job: Job) -> dict[str, Any]:
        return {**self._context, **needs(job, self._outputs, self.results)}

    def verdict(self) -> tuple[int, str]:
        """How the step ends that judges, and what it says."""
        (step,) = (step for step in VERDICT.steps if "$RESULTS" in step.get("run", ""))
        filled = re.sub(r"\$\{\{(.*?)\}\}", lambda found: self._word(found[1]), step["env"]["RESULTS"])
        done = CliRunner().invoke(main, ["pipeline", "require-passed", filled])
        return done.exit_code, done.stderr

    def _word(self, expression: str) -> str:
        """A result, or `success` where the condition before it holds."""
        *condition, result = expression.strip().split(" && 'success' || ")
        if condition and holds(condition[0], self.known(VERDICT), {"success"}):
            return "success"
        return str(self.known(VERDICT)["needs"][result.split(".")[1]]["result"])

    def comments(self) -> list[str]:
        """What the comment is made of: each step that runs."""
        return [
            step["run"]
            for step in COMMENT.steps
            if "pipeline comment" in step.get("run", "") and holds(step["if"], self.known(COMMENT), {"success"})
        ]


def test_what_had_something_to_do_and_did_it_well_passes() -> None:
    assert Seen(EVERYTHING, {}).verdict()[0] == 0


def test_a_change_that_touches_nothing_passes() -> None:
    assert Seen(NOTHING, {}).verdict()[0] == 0


@pytest.mark.parametrize("end", ["failure", "cancelled"])
@pytest.mark.parametrize("job", JUDGING)
def test_each_job_that_judges_is_missed_by_its_name(job: str, end: str) -> None:
    code, said = Seen(EVERYTHING, {job: end}).verdict()
    assert code == 3
    assert f"{job}: {end}" in said


def test_what_was_to_be_previewed_and_was_skipped_does_not_pass() -> None:
    """As a fork's, which gets no credentials."""
    code, said = Seen(EVERYTHING, {}, head="a/fork").verdict()
    assert (code, "record: skipped, review: skipped" in said) == (3, True)
    assert Seen({**EVERYTHING, "previews": "[]"}, {}, head="a/fork").verdict()[0] == 0


def test_the_verdict_is_given_whatever_happens_and_waits_for_every_job_that_judges() -> None:
    """GitHub takes a required check that was skipped for passed."""
    assert VERDICT.condition == "always()"
    assert [job.name for job in VERDICT.needs] == JUDGING


@pytest.mark.parametrize("results", ["", "changed=", "changed", "changed=success review=skipped"])
def test_no_result_is_none_that_passed(results: str) -> None:
    assert CliRunner().invoke(main, ["pipeline", "require-passed", results]).exit_code == 3


@pytest.mark.parametrize(
    ("outputs", "ends", "said"),
    [
        (EVERYTHING, {}, "--folder reviews"),
        (EVERYTHING, {"review": "failure"}, "--folder reviews"),
        (NOTHING, {}, "touches no stack that stands"),
        (EVERYTHING, {"record": "failure"}, "did not end well"),
        (EVERYTHING, {"record": "cancelled"}, "did not end well"),
    ],
)
def test_the_comment_says_that_nothing_is_touched_only_where_that_is_so(
    outputs: dict[str, str], ends: dict[str, str], said: str
) -> None:
    (comment,) = Seen(outputs, ends).comments()
    assert said in comment
