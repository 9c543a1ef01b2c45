"""Conditions as GitHub judges them, of jobs and of steps.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from tests.workflows.reading import Job, Workflow

_VALUE: Final = re.compile(r"'[^']*'|\b(?:needs|github|matrix|vars|inputs)(?:\.[\w*-]+)+")
_STATUS: Final = re.compile(r"\b(success|failure|cancelled|always)\(\)")


def ancestors(job: Job) -> set[str]:
    """The jobs that it waits for, and those that these wait for."""
    return {name for one in job.needs for name in (one.name, *ancestors(one))}


def holds(condition: str, context: Mapping[str, Any], before: Collection[str]) -> bool:
    """Whether a condition holds, by the results of all jobs before; the workflow itself is not cancelled.

    Without a status function in it, a condition holds only where all before it succeeded.
    """
    text = condition.strip().removeprefix("${{").removesuffix("}}").strip()
    if not _STATUS.search(text):
        text = f"success() && ({text})" if text else "success()"
    text = _VALUE.sub(lambda found: found[0] if found[0][0] == "'" else repr(_value(found[0], context)), text)
    text = re.sub(r"!(?!=)", " not ", text.replace("&&", " and ").replace("||", " or "))
    functions = {
        "success": lambda: set(before) <= {"success"},
        "failure": lambda: "failure" in before,
        "cancelled": lambda: False,
        "always": lambda: True,
        "contains": lambda whole, part: part in whole,
    }
    return bool(eval(text, {"__builtins__": {}}, functions))  # noqa: S307 the repository's own workflow


def _value(name: str, context: Mapping[str, Any]) -> Any:
    """A property; nothing, where there is none. A star stands for all that lie there."""
    found: list[Any] = [context]
    for part in name.split("."):
        inside = [one for one in found if isinstance(one, Mapping)]
        found = [value for one in inside for key, value in one.items() if part in ("*", key)]
    return found if "*" in name else next(iter(found), None)


def results(
    workflow: Workflow,
    outputs: Mapping[str, Mapping[str, str]],
    ends: Mapping[str, str],
    **context: Mapping[str, Any],
) -> dict[str, str]:
    """How each job ends: as `ends` says, else well, where it runs at all."""
    found: dict[str, str] = {}
    for job in workflow.jobs:
        runs = holds(job.condition, {**context, **needs(job, outputs, found)}, {found[one] for one in ancestors(job)})
        found[job.name] = ends.get(job.name, "success") if runs else "skipped"
    return found


def needs(job: Job, outputs: Mapping[str, Mapping[str, str]], found: Mapping[str, str]) -> dict[str, Any]:
    """What a job knows of those that it waits for. What did not end well has no outputs."""
    known = {
        one.name: {
            "result": found[one.name],
            "outputs": outputs.get(one.name, {}) if found[one.name] == "success" else {},
        }
        for one in job.needs
    }
    return {"needs": known}
