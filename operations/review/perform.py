"""What `workbuoy review` does between its options and its exit code."""

import datetime
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from facts.moves import moves
from graph.plan import Plan
from graph.recordings import read_events, read_preview
from infra.problems import ProblemsError
from operations.ending import notify
from operations.review.assess import Review, assess
from operations.review.markdown import render
from operations.review.plan_difference import compare_plans, steps_as_json
from operations.review.sarif import as_sarif
from policies.settings import configured, read_configuration
from project.files import find_project
from project.whole_file import write_whole

_OTHER_WAY = (
    "The other way is a state migration of Pulumi's SDK, experimental, which keeps physical ids without an alias."
)


def project(needed: bool) -> Path:
    """The project's folder; a recording can be reviewed without one, from the current folder."""
    try:
        return find_project(Path.cwd()).root
    except ProblemsError:
        if needed:
            raise
        return Path.cwd()


def plan(
    stack: str | None,
    events: Path | None,
    previewed: Path | None,
    root: Path,
    configuration: Path | None,
    *,
    image: str | None = None,
    since: str | None = None,
) -> Plan:
    """The plan to review, from whichever source was named."""
    if events:
        return read_events(events)
    if previewed:
        return read_preview(previewed)
    if since:
        from operations.review.since import plan_since  # few ask for it

        return plan_since(find_project(root), str(stack), since, notify)
    if configuration:
        configured(str(stack), read_configuration(configuration))  # the engine's own errors come late and long
    from operations.review.engine import preview  # half a second that a recording does not need

    return preview(find_project(root), str(stack), configuration, image)


def record(stack: str, file: Path, root: Path, configuration: Path | None, *, image: str | None) -> None:
    """Write the engine's events of a preview, one a line, for a review in another place."""
    from operations.review.engine import events_of

    events = events_of(find_project(root), stack, configuration, image)
    write_whole(file, "".join(f"{json.dumps(event)}\n" for event in events))


def review(planned: Plan, waivers: Path, other: Path | None = None) -> Review:
    """Review a plan as of today, and beside the recorded steps of another where there are some."""
    today = datetime.datetime.now(tz=datetime.UTC).date()
    found = assess(planned, waivers, today, Path.cwd())
    return replace(found, plan_differences=compare_plans(planned, other)) if other else found


def suggestions(planned: Plan) -> str:
    """The alias of each resource that was renamed or moved in the code, below the line that declares it."""
    found = moves(planned)
    if not found:
        return "Nothing was renamed or moved without an alias.\n"
    lines = [f"# {one.new.source or one.new.name}: {one.new.name} was {one.old.name}\n{one.alias}\n" for one in found]
    return "\n".join([*lines, f"# {_OTHER_WAY}\n"])


def steps_text(found: Review) -> str:
    return steps_as_json(found.plan)


def sarif_text(found: Review, root: Path) -> str:
    return json.dumps(as_sarif(found, root), indent=2) + "\n"


def markdown_text(found: Review, drills: Sequence[str] = ()) -> str:
    """`drills` is what is known of the stack's restore drills that a reviewer should hear."""
    return render(found, drills)


def warnings(found: Review) -> list[str]:
    return [f"{one.place}: nothing in this plan needs it; take it away" for one in found.unused]


def failures(found: Review) -> list[str]:
    """Why the preview failed, one line each."""
    reasons = found.plan.errors or ("the engine gave no reason",)
    return [f"{found.plan.source}: the preview failed: {reason}" for reason in reasons]


def stopping(found: Review) -> str:
    """What stops the review, in one line."""
    kinds: list[str] = [danger.kind for danger in found.dangers] + [violation.policy for violation in found.violations]
    return f"{found.plan.stack}: stopped by {', '.join(dict.fromkeys(kinds))}"
