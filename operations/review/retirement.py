"""A customer's record that says when it retires is the reviewed acceptance of lifting what refuses a deletion."""

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path

from operations.review.effects import Danger
from operations.review.waivers import Filed, accepting
from project.files import Project
from project.silos import retiring_on


def accepted_by_record(
    project: Project, stack: str, stopping: Sequence[Danger], today: datetime.date
) -> Iterator[Filed]:
    """A waiver for each protection that a retiring silo lifts; none for anything else that its plan does."""
    day = retiring_on(project, stack)
    if day is None:
        return
    place = f"{project.stack_file(stack).name}: its customer's record retires it on {day}"
    for danger in stopping:
        if _only_lifts(danger):
            reason = f"The customer retires on {day}, by its reviewed record; deletion is no longer refused"
            owner = "the customer's record"
            yield Filed(accepting(danger, reason=reason, owner=owner, last_day=today), place)


def accepted_in(root: Path, stack: str, stopping: Sequence[Danger], today: datetime.date) -> tuple[Filed, ...]:
    """The same for the project in a folder; none where there is no project, as for a recording alone."""
    from infra.problems import ProblemsError
    from project.files import find_project

    try:
        return tuple(accepted_by_record(find_project(root), stack, stopping, today))
    except ProblemsError:
        return ()


def _only_lifts(danger: Danger) -> bool:
    """Final snapshot, retained backups and keys that stay are no part of it."""
    return (
        danger.kind == "deletion-protection-off"
        or (danger.kind == "protect-off" and danger.what.startswith("`protect`"))
        or (danger.kind == "safeguard-off" and danger.what.startswith("forceDestroy"))
    )
