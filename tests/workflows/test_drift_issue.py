"""When the night's issue is opened, brought up to date or closed: whatever was not looked at is told, too."""

import pytest

from tests.workflows.conditions import holds, needs, results
from tests.workflows.reading import WORKFLOWS

(DRIFT,) = (workflow for workflow in WORKFLOWS if workflow.name == "drift")
ISSUE = DRIFT.job("issue")


@pytest.mark.parametrize(
    ("looks", "ends", "ref", "said"),
    [
        ("[{}]", {}, "main", "closed"),
        ("[{}]", {"drift": "failure"}, "main", "told"),
        ("[{}]", {"drift": "cancelled"}, "main", "told"),
        ("[{}]", {"stacks": "failure"}, "main", "told"),
        ("[{}]", {"stacks": "cancelled"}, "main", "told"),
        ("[]", {}, "main", None),
        ("[{}]", {"stacks": "failure"}, "a-branch", None),
    ],
)
def test_the_issue_tells_of_what_drifted_and_of_what_nobody_looked_at(
    looks: str, ends: dict[str, str], ref: str, said: str | None
) -> None:
    outputs, context = {"stacks": {"looks": looks}}, {"github": {"ref": f"refs/heads/{ref}"}}
    found = results(DRIFT, outputs, ends, **context)
    known = {**context, **needs(ISSUE, outputs, found)}
    ran = [
        step["run"]
        for step in ISSUE.steps
        if "pipeline issue" in step.get("run", "") and holds(step["if"], known, {"success"})
    ]
    told = ["told" if "--say" in line else "closed" for line in ran] if found["issue"] == "success" else []
    assert told == ([said] if said else [])
