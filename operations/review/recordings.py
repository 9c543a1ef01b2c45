"""Reading a recorded preview, in either form, without ever letting half of one pass."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from operations.review.errors import InputError
from operations.review.plan import OPS, Op, Plan, PolicyResult, Source, State, Step
from operations.review.wire import (
    WireDiagnostic,
    WireEvent,
    WirePolicy,
    WirePreview,
    WireState,
    WireStep,
)
from policies.exemptions import stack_of

LIMIT_MEGABYTES: Final = 100
"""A preview of 1,000 resources takes about 8 MB as events; far larger means the wrong file, and gigabytes of memory."""

REMNANTS: Final = ("delete-replaced", "discard-replaced")
_RECORD = "record it again with `pulumi preview"


def read_preview(path: Path) -> Plan:
    """A file of `pulumi preview --json`; raises InputError for anything else."""
    text = _read(path)
    hint = f"{_RECORD} --json > {path.name}`"
    try:
        body = json.loads(text)
    except ValueError as error:
        if _looks_like_events(text):
            raise InputError(f"{path}: these are the engine's events; use --events {path}") from error
        raise InputError(f"{path}: cut off or no JSON ({error}); {hint}") from error
    if isinstance(body, dict) and any(key.endswith("Event") for key in body):
        raise InputError(f"{path}: these are the engine's events; use --events {path}")
    try:
        found = WirePreview.model_validate(body)
    except ValidationError as error:
        raise InputError(
            f"{path}: not a preview of a version that this command knows ({_why(error)}); {hint}"
        ) from error
    steps = _steps(path, found.steps)
    errors = _errors(found.diagnostics or ())
    if not errors:  # the engine stops counting where it fails
        _same_counts(path, found.steps, found.change_summary, whole=False)
    return Plan(
        stack=_stack(path, steps),
        steps=steps,
        config=found.config or {},
        errors=errors,
        failed=bool(errors),
        source=path.name,
    )


def read_events(path: Path) -> Plan:
    """A file with one engine event a line; raises InputError for anything else."""
    events: list[dict[str, Any]] = []
    for number, line in enumerate(_read(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except ValueError as error:
            if number == 1 and line.strip() == "{":
                raise InputError(f"{path}: this is `pulumi preview --json`; use --preview {path}") from error
            raise InputError(f"{path}:{number}: cut off or no JSON ({error}); record the events again") from error
        if not isinstance(event, dict):
            raise InputError(f"{path}:{number}: not an engine event; record the events again")
        if "steps" in event:
            raise InputError(f"{path}: this is `pulumi preview --json`; use --preview {path}")
        events.append(event)
    return from_events(events, path)


def from_events(events: Iterable[Mapping[str, Any]], origin: Path, *, failed: bool = False) -> Plan:
    """A plan from the engine's events; raises InputError where they do not hold a whole preview.

    `failed` tells what the Automation API's summary leaves out: that the preview did not succeed.
    """
    try:
        found = [WireEvent.model_validate(event) for event in events]
    except ValidationError as error:
        raise InputError(f"{origin}: events of another version ({_why(error)}); record them again") from error
    summary = next((event.summary_event for event in reversed(found) if event.summary_event), None)
    if summary is None:
        raise InputError(f"{origin}: the preview's summary is missing, so the recording is cut off or no preview")
    if not summary.is_preview:
        raise InputError(f"{origin}: these are events of an update, not of a preview")
    failed = failed or summary.result == "failed"
    entries = [event.resource_pre_event.metadata for event in found if event.resource_pre_event]
    steps = _steps(origin, entries)
    if not failed:  # the engine stops counting where it fails
        _same_counts(origin, entries, summary.resource_changes, whole=True)
    prelude = next((event.prelude_event for event in found if event.prelude_event), None)
    return Plan(
        stack=_stack(origin, steps),
        steps=steps,
        config=(prelude.config if prelude else None) or {},
        errors=_errors(event.diagnostic_event for event in found if event.diagnostic_event),
        policies=tuple(_policy(event.policy_event) for event in found if event.policy_event),
        failed=failed,
        whole=not failed,
        source=origin.name,
    )


def _why(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"


def _read(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > LIMIT_MEGABYTES * 1_000_000:
            raise InputError(
                f"{path}: {size / 1e6:.0f} MB; a preview has at most {LIMIT_MEGABYTES} MB here. Is it the right file?"
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    if not text.strip():
        raise InputError(f"{path}: empty; {_RECORD} --json > {path.name}`")
    return text


def _looks_like_events(text: str) -> bool:
    first = text.lstrip().split("\n", 1)[0]
    return first.startswith("{") and 'Event": {' in first


def _steps(origin: Path, entries: Sequence[WireStep]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for entry in entries:
        if entry.op not in OPS or entry.urn.count("::") < 3:
            what = f"an operation {entry.op!r}" if entry.op not in OPS else f"a resource {entry.urn!r}"
            raise InputError(f"{origin}: {what} that this command does not know; was another version of Pulumi used?")
        known = OPS[entry.op]
        if known is not None:
            steps.append(_step(known, entry))
    replaced = {step.urn for step in steps if step.op == "replace"}
    # What an earlier, broken update left to delete comes without a replacement of its own.
    steps += [_step("delete", e) for e in entries if e.op in REMNANTS and e.urn not in replaced]
    if not steps:
        raise InputError(f"{origin}: no resource in it, so nothing was previewed")
    return tuple(steps)


def _step(op: Op, entry: WireStep) -> Step:
    detail = entry.detailed_diff or {}
    forcing = tuple(path for path, diff in detail.items() if diff.kind.endswith("-replace"))
    return Step(
        op=op,
        urn=entry.urn,
        old=_state(entry.old),
        new=_state(entry.new),
        paths=tuple(detail) or entry.diffs,
        replace_paths=forcing or entry.keys,
    )


def _state(body: WireState | None) -> State | None:
    if body is None:
        return None
    return State(
        urn=body.urn,
        inputs=body.inputs,
        outputs=body.outputs,
        id=body.id,
        parent=body.parent,
        provider=body.provider,
        protect=bool(body.protect),
        retain_on_delete=bool(body.retain_on_delete),
        source=_source(body),
    )


def _source(body: WireState) -> Source | None:
    """The first of the project's own lines that led to the resource."""
    for position in (body.source_position, *(frame.source_position for frame in body.stack_trace or ())):
        found = re.fullmatch(r"project:///(.+\.py)#(\d+)", position)
        if found and ".." not in found[1] and "site-packages" not in found[1]:
            return Source(found[1], int(found[2]))
    return None


def _policy(found: WirePolicy) -> PolicyResult:
    message = found.message.strip()
    return PolicyResult(
        policy=found.policy_name,
        level=found.enforcement_level,
        urn=found.resource_urn or "",
        message=message,
        not_evaluated="can't run policy" in message,  # how pulumi-policy says that a value was unknown
    )


def _errors(diagnostics: Iterable[WireDiagnostic]) -> tuple[str, ...]:
    """What went wrong, in one line each: a program's traceback ends in what it has to say."""
    found: list[str] = []
    for diagnostic in diagnostics:
        if diagnostic.severity != "error":
            continue
        lines = [line for line in diagnostic.message.splitlines() if line.strip()]
        if not lines:
            continue
        traceback = any("Traceback" in line for line in lines)
        text = lines[-1] if traceback else " ".join(line.strip() for line in lines)
        text = re.sub(r'"?urn:pulumi:\S+::([^\s":]+)"?', r"\1", text.removeprefix("error: "))
        if text not in found and text not in ("preview failed", "update failed"):
            found.append(text)
    return tuple(found)


def _same_counts(origin: Path, entries: Iterable[WireStep], told: Mapping[str, int], *, whole: bool) -> None:
    """A recording that lost lines, or gained some, does not add up with its own summary."""
    counted = Counter(OPS[entry.op] for entry in entries if OPS[entry.op] and not _is_default_provider(entry.urn))
    expected: Counter[Op | None] = Counter()
    for op, number in told.items():
        if OPS.get(op):
            expected[OPS[op]] += number
    for counts in (counted, expected):
        counts.pop("read", None)  # the engine reports reading another stack's outputs, and does not count it
    if not whole:  # `pulumi preview --json` leaves out most of what stays the same
        counted.pop("same", None)
        expected.pop("same", None)
    if counted != expected:
        raise InputError(
            f"{origin}: cut off or edited: its summary counts {_counts(expected)}, its steps are {_counts(counted)}"
        )


def _is_default_provider(urn: str) -> bool:
    """Default providers have steps, but the engine does not count them."""
    return "::pulumi:providers:" in urn and urn.rpartition("::")[2].startswith("default")


def _counts(counter: Mapping[Any, int]) -> str:
    return ", ".join(f"{number} {op}" for op, number in sorted(counter.items())) or "nothing"


def _stack(origin: Path, steps: Iterable[Step]) -> str:
    names = {stack_of(step.urn) for step in steps}
    if len(names) != 1:
        raise InputError(f"{origin}: resources of several stacks: {', '.join(sorted(names))}")
    return names.pop()
