"""The preview itself, through the Automation API: `workbuoy review STACK`.

Written against the documented behaviour of pulumi.automation (`Stack.preview(on_event=..., policy_packs=...)`); the
tests that run it need the CLI and are marked `engine`.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from operations.review.errors import EngineError, InputError
from operations.review.plan import Plan
from operations.review.recordings import from_events


def find_project(start: Path) -> Path:
    """The folder with Pulumi.yaml, upward from `start`; raises InputError where there is none."""
    for folder in (start, *start.parents):
        if (folder / "Pulumi.yaml").exists():
            return folder
    raise InputError(f"{start}: no Pulumi.yaml here or above; run this inside the project")


def preview(stack: str, root: Path, configuration: Path | None) -> Plan:
    """Preview a stack with the project's own pack, and return what the engine said.

    Raises InputError for an unknown stack, EngineError where no preview could be made.
    """
    if shutil.which("pulumi") is None:
        raise EngineError(
            "the Pulumi CLI is not on PATH, so no preview can be made here; "
            "review a recording with --events or --preview, or rehearse with `workbuoy rehearse`"
        )
    if not (root / f"Pulumi.{stack}.yaml").exists():
        known = sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in root.glob("Pulumi.*.yaml"))
        raise InputError(f"{stack}: no such stack; there are {', '.join(known) or 'none'}")
    return _previewed(stack, root, configuration)


def _previewed(stack: str, root: Path, configuration: Path | None) -> Plan:
    from pulumi import automation  # noqa: PLC0415 - half a second that a recording does not need

    events: list[Mapping[str, Any]] = []
    failed = False
    try:
        selected = automation.select_stack(stack, work_dir=str(root.resolve()))
    except Exception as error:
        raise EngineError(f"{stack}: cannot be selected: {_first_line(error)}") from error
    with tempfile.NamedTemporaryFile("w", suffix=".json") as empty:
        empty.write("{}")
        empty.flush()
        try:
            selected.preview(
                on_event=lambda event: events.append(as_recorded(event)),
                policy_packs=[str(root.resolve() / "policies")],
                policy_pack_configs=[str(configuration.resolve()) if configuration else empty.name],
            )
        except automation.CommandError as error:
            # A failed preview still tells what it found: a mandatory policy fails it too.
            if not any("summaryEvent" in event for event in events):
                raise EngineError(f"{stack}: the preview broke off: {_first_line(error)}") from error
            failed = True
        except automation.errors.InvalidVersionError as error:
            raise EngineError(f"{stack}: {_first_line(error)}; install the Pulumi CLI anew") from error
    return from_events(events, Path(stack), failed=failed)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines()]
    marked = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return next(iter([*marked, *filter(None, lines)]), type(error).__name__)


def as_recorded(event: Any) -> dict[str, Any]:
    """An event of the Automation API in the form in which the engine writes it."""
    recorded = {
        "preludeEvent": event.prelude_event,
        "diagnosticEvent": event.diagnostic_event,
        "policyEvent": event.policy_event,
        "summaryEvent": event.summary_event,
    }
    found = {name: _camel(body) for name, body in recorded.items() if body is not None}
    if event.summary_event is not None:
        changes = dict(event.summary_event.resource_changes)
        found["summaryEvent"]["resourceChanges"] = {_text(op): number for op, number in changes.items()}
        found["summaryEvent"]["isPreview"] = True
    if event.resource_pre_event is not None:
        metadata = event.resource_pre_event.metadata
        body = _camel(metadata)
        body["op"] = _text(metadata.op)
        body["old"], body["new"] = _camel(metadata.old), _camel(metadata.new)
        body["detailedDiff"] = {
            path: {"diffKind": _text(diff.diff_kind)} for path, diff in (metadata.detailed_diff or {}).items()
        }
        found["resourcePreEvent"] = {"metadata": body}
    return found


def _camel(body: Any) -> Any:
    return None if body is None else dict(_pairs(body))


def _pairs(body: Any) -> Iterator[tuple[str, Any]]:
    for name, value in vars(body).items():
        head, *rest = name.split("_")
        yield head + "".join(part.title() for part in rest), value


def _text(value: Any) -> str:
    return str(getattr(value, "value", value))
