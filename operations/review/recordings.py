"""Reading a recorded preview, in either form, without ever letting half of one pass."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from operations.review.plan import OPS, InputError, Plan, PolicyResult, Source, State, Step, stack_of

LIMIT_MEGABYTES: Final = 100
"""A preview of 1,000 resources takes about 8 MB as events; far larger means the wrong file, and gigabytes of memory."""

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
    if not isinstance(body, dict) or not isinstance(body.get("steps"), list) or "changeSummary" not in body:
        if isinstance(body, dict) and any(key.endswith("Event") for key in body):
            raise InputError(f"{path}: these are the engine's events; use --events {path}")
        raise InputError(f"{path}: not a preview of a version that this command knows (no steps); {hint}")
    steps = _steps(path, (_from_preview(entry) for entry in body["steps"]))
    errors = _errors(body.get("diagnostics") or ())
    _same_counts(path, steps, body["changeSummary"], failed=bool(errors), whole=False)
    return Plan(
        stack=_stack(path, steps),
        steps=steps,
        config=body.get("config") or {},
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
    steps: list[dict[str, Any]] = []
    diagnostics: list[Mapping[str, Any]] = []
    policies: list[PolicyResult] = []
    config: Mapping[str, str] = {}
    summary: Mapping[str, Any] | None = None
    for event in events:
        if pre := event.get("resourcePreEvent"):
            steps.append(_from_event(pre.get("metadata") or {}))
        elif found := event.get("policyEvent"):
            policies.append(_policy(found))
        elif found := event.get("diagnosticEvent"):
            diagnostics.append(found)
        elif found := event.get("preludeEvent"):
            config = found.get("config") or {}
        elif found := event.get("summaryEvent"):
            summary = found
    if summary is None:
        raise InputError(f"{origin}: the preview's summary is missing, so the recording is cut off or no preview")
    if summary.get("isPreview") is False:
        raise InputError(f"{origin}: these are events of an update, not of a preview")
    failed = failed or summary.get("result") == "failed"
    parsed = _steps(origin, steps)
    _same_counts(origin, parsed, summary.get("resourceChanges") or {}, failed=failed, whole=True)
    return Plan(
        stack=_stack(origin, parsed),
        steps=parsed,
        config=config,
        errors=_errors(diagnostics),
        policies=tuple(policies),
        failed=failed,
        whole=not failed,
        source=origin.name,
    )


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


def _from_preview(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "op": entry.get("op"),
        "urn": entry.get("urn"),
        "old": entry.get("oldState"),
        "new": entry.get("newState"),
        "detail": entry.get("detailedDiff"),
        "diffs": entry.get("diffReasons"),
        "keys": entry.get("replaceReasons"),
    }


def _from_event(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "op": metadata.get("op"),
        "urn": metadata.get("urn"),
        "old": metadata.get("old"),
        "new": metadata.get("new"),
        "detail": metadata.get("detailedDiff"),
        "diffs": metadata.get("diffs"),
        "keys": metadata.get("keys"),
    }


def _steps(origin: Path, entries: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for entry in entries:
        op, urn = entry["op"], entry["urn"]
        if op not in OPS or not isinstance(urn, str) or urn.count("::") < 3:
            what = f"an operation {op!r}" if op not in OPS else f"a resource {urn!r}"
            raise InputError(f"{origin}: {what} that this command does not know; was another version of Pulumi used?")
        known = OPS[op]
        if known is None:
            continue
        detail = entry["detail"] or {}
        paths = tuple(detail) or tuple(entry["diffs"] or ())
        kinds = {path: _diff_kind(value) for path, value in detail.items()}
        forcing = tuple(path for path, kind in kinds.items() if kind.endswith("-replace"))
        try:
            old, new = _state(entry["old"]), _state(entry["new"])
        except (AttributeError, TypeError, ValueError) as error:
            raise InputError(f"{origin}: {urn} cannot be read ({error}); was another version used?") from error
        steps.append(
            Step(op=known, urn=urn, old=old, new=new, paths=paths, replace_paths=forcing or tuple(entry["keys"] or ()))
        )
    if not steps:
        raise InputError(f"{origin}: no resource in it, so nothing was previewed")
    return tuple(steps)


def _diff_kind(value: Any) -> str:
    """Both recorders' names for the same thing: `kind` in previews, `diffKind` in events."""
    return str(value.get("kind") or value.get("diffKind") or "") if isinstance(value, Mapping) else ""


def _state(body: Mapping[str, Any] | None) -> State | None:
    if not body:
        return None
    return State(
        urn=str(body.get("urn", "")),
        inputs=dict(body.get("inputs") or {}),
        outputs=dict(body.get("outputs") or {}),
        id=str(body.get("id") or ""),
        parent=str(body.get("parent") or ""),
        provider=str(body.get("provider") or ""),
        protect=bool(body.get("protect")),
        retain_on_delete=bool(body.get("retainOnDelete")),
        source=_source(body),
    )


def _source(body: Mapping[str, Any]) -> Source | None:
    """The first of the project's own lines that led to the resource."""
    frames = [body, *(body.get("stackTrace") or ())]
    for frame in frames:
        found = re.fullmatch(r"project:///(.+\.py)#(\d+)", str(frame.get("sourcePosition", "")))
        if found and ".." not in found[1] and "site-packages" not in found[1]:
            return Source(found[1], int(found[2]))
    return None


def _policy(found: Mapping[str, Any]) -> PolicyResult:
    message = str(found.get("message", "")).strip()
    return PolicyResult(
        policy=str(found.get("policyName", "")),
        level=str(found.get("enforcementLevel", "")),
        urn=str(found.get("resourceUrn") or ""),
        message=message,
        not_evaluated="can't run policy" in message,  # how pulumi-policy says that a value was unknown
    )


def _errors(diagnostics: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """What went wrong, in one line each: a program's traceback ends in what it has to say."""
    found: list[str] = []
    for diagnostic in diagnostics:
        if diagnostic.get("severity") != "error":
            continue
        lines = [line for line in str(diagnostic.get("message", "")).splitlines() if line.strip()]
        if not lines:
            continue
        traceback = any("Traceback" in line for line in lines)
        text = lines[-1] if traceback else " ".join(line.strip() for line in lines)
        text = re.sub(r'"?urn:pulumi:\S+::([^\s":]+)"?', r"\1", text.removeprefix("error: "))
        if text not in found and text not in ("preview failed", "update failed"):
            found.append(text)
    return tuple(found)


def _same_counts(origin: Path, steps: Iterable[Step], told: Mapping[str, Any], *, failed: bool, whole: bool) -> None:
    """A recording that lost lines, or gained some, does not add up with its own summary."""
    if failed:  # the engine stops counting where it fails
        return
    counted = Counter(step.op for step in steps if not _is_default_provider(step))
    expected: Counter[str] = Counter()
    for op, number in told.items():
        if OPS.get(op):
            expected[str(OPS[op])] += number
    if not whole:  # `pulumi preview --json` leaves out most of what stays the same
        counted.pop("same", None)
        expected.pop("same", None)
    if counted != expected:
        raise InputError(
            f"{origin}: cut off or edited: its summary counts {_counts(expected)}, its steps are {_counts(counted)}"
        )


def _is_default_provider(step: Step) -> bool:
    return step.type.startswith("pulumi:providers:") and step.name.startswith("default")


def _counts(counter: Mapping[Any, int]) -> str:
    return ", ".join(f"{number} {op}" for op, number in sorted(counter.items())) or "nothing"


def _stack(origin: Path, steps: Iterable[Step]) -> str:
    names = {stack_of(step.urn) for step in steps}
    if len(names) != 1:
        raise InputError(f"{origin}: resources of several stacks: {', '.join(sorted(names))}")
    return names.pop()
