"""Which of a deployment's jobs GitHub runs, by which environments have an account and what fails."""

import re
from collections.abc import Collection, Mapping

import pytest

from operations.changed.matrices import ENVIRONMENTS
from tests.workflows.reading import WORKFLOWS, Job

(DEPLOY,) = (workflow for workflow in WORKFLOWS if workflow.name == "deploy")
DEPLOYS = [*ENVIRONMENTS, "customers"]


def ancestors(job: Job) -> set[str]:
    """The jobs that it waits for, and those that these wait for."""
    return {name for one in job.needs for name in (one.name, *ancestors(one))}


def runs(job: Job, outputs: Mapping[str, str], results: Mapping[str, str]) -> bool:
    """GitHub's rule: without a status function in it, a condition holds only where all before it succeeded.

    Source: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions#status-check-functions
    """
    before = {results[name] for name in ancestors(job)}
    text = job.condition.removeprefix("${{").removesuffix("}}").strip()
    if not re.search(r"\b(success|failure|cancelled|always)\(\)", text):
        text = f"success() && {text}" if text else "success()"
    text = re.sub(r"needs\.(\w+)\.result", lambda found: repr(results[found[1]]), text)
    text = re.sub(r"needs\.stacks\.outputs\.(\w+)", lambda found: repr(outputs[found[1]]), text)
    text = re.sub(r"!(\w+\(\))", r"not \1", text.replace("&&", "and").replace("||", "or"))
    functions = {
        "success": lambda: before <= {"success"},
        "failure": lambda: "failure" in before,
        "cancelled": lambda: False,
    }
    return bool(eval(text, {"__builtins__": {}}, functions))  # noqa: S307 the repository's own workflow


def deployed(there: Collection[str], failing: str | None = None) -> list[str]:
    """The deploying jobs that run, where these environments have an account and one job fails."""
    outputs = {name: "[{}]" if name in there else "[]" for name in ENVIRONMENTS}
    outputs["first"] = "[{}]" if there else "[]"
    results: dict[str, str] = {}
    for job in DEPLOY.jobs:
        ran = runs(job, outputs, results)
        results[job.name] = ("failure" if job.name == failing else "success") if ran else "skipped"
    return [name for name in DEPLOYS if results[name] != "skipped"]


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (ENVIRONMENTS, DEPLOYS),
        (["dev"], ["dev"]),
        (["dev", "prod"], ["dev", "prod", "customers"]),
        (["staging", "prod"], ["staging", "prod", "customers"]),
        (["prod"], ["prod", "customers"]),
        (["dev", "staging"], ["dev", "staging"]),
        ([], []),
    ],
)
def test_an_environment_without_an_account_is_left_out_and_the_others_are_deployed(
    there: list[str], expected: list[str]
) -> None:
    assert deployed(there) == expected


@pytest.mark.parametrize(
    ("there", "failing", "expected"),
    [
        (ENVIRONMENTS, "stacks", []),
        (ENVIRONMENTS, "image", []),
        (ENVIRONMENTS, "publish", []),
        (ENVIRONMENTS, "dev", ["dev"]),
        (ENVIRONMENTS, "staging", ["dev", "staging"]),
        (ENVIRONMENTS, "prod", ["dev", "staging", "prod"]),
        (["dev", "prod"], "dev", ["dev"]),
        (["prod"], "publish", []),
    ],
)
def test_what_fails_stops_everything_after_it(there: list[str], failing: str, expected: list[str]) -> None:
    assert deployed(there, failing) == expected
