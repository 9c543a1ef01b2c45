"""Which of a deployment's jobs GitHub runs, by which environments have an account and what ends otherwise than well."""

from collections.abc import Collection

import pytest

from infra.environments import DEPLOYED_ENVIRONMENTS
from tests.workflows.conditions import results
from tests.workflows.reading import WORKFLOWS

(DEPLOY,) = (workflow for workflow in WORKFLOWS if workflow.name == "deploy")
DEPLOYS = [*DEPLOYED_ENVIRONMENTS, "customers"]


def deployed(there: Collection[str], ends: dict[str, str] | None = None) -> list[str]:
    """The deploying jobs that run, where these environments have an account and some jobs end otherwise than well."""
    outputs = {name: "[{}]" if name in there else "[]" for name in DEPLOYED_ENVIRONMENTS}
    outputs["first"] = "[{}]" if there else "[]"
    found = results(DEPLOY, {"stacks": outputs}, ends or {})
    return [name for name in DEPLOYS if found[name] != "skipped"]


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (DEPLOYED_ENVIRONMENTS, DEPLOYS),
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


@pytest.mark.parametrize("end", ["failure", "cancelled"])
@pytest.mark.parametrize(
    ("there", "ending", "expected"),
    [
        (DEPLOYED_ENVIRONMENTS, "stacks", []),
        (DEPLOYED_ENVIRONMENTS, "image", []),
        (DEPLOYED_ENVIRONMENTS, "publish", []),
        (DEPLOYED_ENVIRONMENTS, "dev", ["dev"]),
        (DEPLOYED_ENVIRONMENTS, "staging", ["dev", "staging"]),
        (DEPLOYED_ENVIRONMENTS, "prod", ["dev", "staging", "prod"]),
        (["dev", "prod"], "dev", ["dev"]),
        (["prod"], "publish", []),
    ],
)
def test_what_fails_or_is_dropped_for_a_newer_run_stops_everything_after_it(
    there: list[str], ending: str, end: str, expected: list[str]
) -> None:
    """GitHub cancels a job that waits for its stack when a newer one comes, and one that takes too long."""
    assert deployed(there, {ending: end}) == expected
