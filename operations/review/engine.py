"""The preview itself, by the engine: `workbuoy review STACK`."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from graph.plan import Plan
from graph.recordings import from_events
from operations.engine.errors import EngineError, FailedError
from operations.engine.events import Event
from operations.engine.idle import left_to_write, read_account, read_plan
from operations.engine.image import image_variables
from operations.engine.reviewed import Reviewed
from operations.engine.stack import EngineStack, open_stack
from operations.engine.stack_file import provider_lines
from operations.engine.state import State
from policies.retiring import with_retirement
from policies.settings import read_configuration, with_regions
from project.files import Project
from project.silos import retiring_on


def preview(project: Project, stack: str, configuration: Path | None, image: str | None = None) -> Plan:
    """Preview a stack, with an image as `--image` names it, and return what the engine said.

    Raises ProblemsError for an unknown stack, EngineError where no preview could be made.
    """
    opened = open_stack(project, stack)
    opened.use(image_variables(stack, image, opened.outputs))
    return from_events(_previewed(opened, project, configuration)[0], Path(opened.name))


def preview_opened(
    opened: EngineStack, project: Project, save_plan: Path | None = None, state: State | None = None
) -> Reviewed:
    """The plan of a stack that is open, by the project's policies; a preview that failed still tells what it found.

    With `save_plan`, the engine's own plan of it is written there. With the state that stood before, it is also found
    out what an update would write.
    """
    events, printed = _previewed(opened, project, None, save_plan, whole=state is not None)
    left = None
    if state is not None:
        file = project.stack_file(opened.name).read_text(encoding="utf-8")
        left = left_to_write(read_account(printed), events, read_plan(save_plan), state, provider_lines(file))
        if not left and (taken := opened.refreshed_at()) is not None:
            left = (f"no update has followed the refresh at {taken}, which took drift into the state",)
    return Reviewed(from_events(events, Path(opened.name)), save_plan, left)


def events_of(project: Project, stack: str, configuration: Path | None, image: str | None) -> list[Event]:
    """The engine's events of a preview, for a review elsewhere. Raises as `preview` does."""
    opened = open_stack(project, stack)
    opened.use(image_variables(stack, image, opened.outputs))
    return _previewed(opened, project, configuration)[0]


def _previewed(
    opened: EngineStack,
    project: Project,
    configuration: Path | None,
    save_plan: Path | None = None,
    *,
    whole: bool = False,
) -> tuple[list[Event], str]:
    """The events of a preview, and where `whole` is wanted, what it printed of each resource's states.

    The summary of one that failed says so, also where the CLI failed after the engine had ended well.
    """
    events: list[Event] = []
    given = read_configuration(configuration) if configuration else {}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as settings:
        # The file of a customer's own stack names no residency: its record does, which the pack cannot see.
        retiring = retiring_on(project, opened.name) is not None
        settings.write(json.dumps(with_regions(with_retirement(given, retiring=retiring), opened.place.residency)))
        settings.flush()

        def keep(event: Event) -> None:
            events.append(_with_residency(event, opened.place.residency))

        try:
            ran = opened.preview(
                policy_packs=[project.root / "policies"],
                policy_configs=[Path(settings.name)],
                save_plan=save_plan,
                account=whole,
                on_event=keep,
            )
        except FailedError as error:  # a mandatory policy fails the preview, too
            if not any("summaryEvent" in event for event in events):
                raise EngineError(f"{opened.name}: the preview broke off: {error.reason}") from error
            return [_failed(event) for event in events], ""
    return events, ran.printed


def _with_residency(event: Event, residency: Sequence[str]) -> Event:
    """The prelude with the stack's residency: a customer's own stack has it from its record and not from its file."""
    prelude = event.get("preludeEvent")
    config = (prelude or {}).get("config") or {}
    if prelude is None or not residency or "workbuoy:settings" in config:
        return event
    settings = json.dumps({"residency": list(residency)})
    return {**event, "preludeEvent": {**prelude, "config": {**config, "workbuoy:settings": settings}}}


def _failed(event: Event) -> Event:
    summary = event.get("summaryEvent")
    return event if summary is None else {**event, "summaryEvent": {**summary, "result": "failed"}}
