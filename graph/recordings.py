"""Reading a recorded preview, in either form, without ever letting half of one pass."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TextIO

from pydantic import ValidationError

from graph.errors import InputError, reason_of
from graph.plan import OPERATIONS, Operation, Plan, PlanStep, PolicyResult
from graph.recorded import (
    RecordedDiagnostic,
    RecordedEvent,
    RecordedPolicy,
    RecordedPreview,
    RecordedResource,
    RecordedStep,
    RecordedSummary,
)
from graph.resource import PROVIDER_PREFIX, REFERENCE_TYPE, name_of, stack_of, type_of

LIMIT_MEGABYTES: Final = 100
"""A preview of 1,000 resources takes about 8 MB as events; far larger means the wrong file, and gigabytes of memory."""

_LEFT_BEHIND: Final = ("delete-replaced", "discard-replaced")
_STATES: Final[Mapping[str, Sequence[str]]] = {
    "create": ("new",),
    "import": ("new",),
    "update": ("old", "new"),
    "replace": ("old", "new"),
    "delete": ("old",),
    "discard": ("old",),
}
"""The states without which nobody can judge a step."""
_HALVES: Final = ("create-replacement",)
_RECORD = "record it again with `pulumi preview"


def read_preview(path: Path) -> Plan:
    """A file of `pulumi preview --json`, also compressed (`.gz`); raises InputError for anything else."""
    with _opened(path) as opened:
        text = _read(path, opened)
    hint = f"{_RECORD} --json > {path.name}`"
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        if _looks_like_events(text):
            raise InputError(f"{path}: these are the engine's events; use --events {path}") from error
        raise InputError(f"{path}: cut off or no JSON ({error}); {hint}") from error
    if isinstance(body, dict) and any(key.endswith("Event") for key in body):
        raise InputError(f"{path}: these are the engine's events; use --events {path}")
    try:
        found = RecordedPreview.model_validate(body)
    except ValidationError as error:
        raise InputError(
            f"{path}: not a preview of a version that this command knows ({_why(error)}); {hint}"
        ) from error
    gathered = _Gathered(path)
    for step in found.steps:
        gathered.add_step(step)
    for diagnostic in found.diagnostics or ():
        gathered.add_error(diagnostic)
    steps = gathered.whole_steps()
    if not gathered.errors:  # the engine stops counting where it fails
        gathered.check_counts(found.change_summary, whole=False)
    return Plan(
        stack=_stack(path, steps),
        steps=steps,
        config=found.config or {},
        errors=tuple(gathered.errors),
        failed=bool(gathered.errors),
        source=path.name,
    )


def read_events(path: Path) -> Plan:
    """A file with one engine event a line, also compressed (`.gz`); raises InputError for anything else."""
    with _opened(path) as opened:
        return replace(from_events(_lines(path, opened), path), recorded=True)


def from_events(events: Iterable[Mapping[str, Any]], origin: Path) -> Plan:
    """A plan from the engine's events; raises InputError where they do not hold a whole preview."""
    gathered = _Gathered(origin)
    summary: RecordedSummary | None = None
    config: Mapping[str, str] | None = None
    policies: list[PolicyResult] = []
    try:
        for event in map(RecordedEvent.model_validate, events):
            if event.resource_pre_event:
                gathered.add_step(event.resource_pre_event.metadata)
            elif event.diagnostic_event:
                gathered.add_error(event.diagnostic_event)
            elif event.policy_event:
                policies.append(_policy(event.policy_event))
            elif event.prelude_event:
                config = config or event.prelude_event.config
            summary = event.summary_event or summary
    except ValidationError as error:
        raise InputError(f"{origin}: events of another version ({_why(error)}); record them again") from error
    if summary is None:
        raise InputError(f"{origin}: the preview's summary is missing, so the recording is cut off or no preview")
    if not summary.is_preview:
        raise InputError(f"{origin}: these are events of an update, not of a preview")
    failed = summary.result == "failed" or gathered.crashed
    steps = gathered.whole_steps()
    if not failed:  # the engine stops counting where it fails
        gathered.check_counts(summary.resource_changes, whole=True)
    return Plan(
        stack=_stack(origin, steps),
        steps=steps,
        config=config or {},
        errors=tuple(gathered.errors),
        policies=tuple(policies),
        with_pack=bool(summary.policy_packs or policies),
        failed=failed,
        whole=not failed,
        source=origin.name,
    )


@dataclass
class _Gathered:
    """Steps and errors of one recording, in order."""

    origin: Path
    steps: list[PlanStep] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    crashed: bool = False
    _left: list[RecordedStep] = field(default_factory=list)
    _halves: set[str] = field(default_factory=set)
    _counts: Counter[Operation] = field(default_factory=Counter)

    def add_step(self, entry: RecordedStep) -> None:
        """One step. Raises InputError for an operation or a URN of another version."""
        if entry.op not in OPERATIONS or entry.urn.count("::") < 3:
            what = f"a resource {entry.urn!r}" if entry.op in OPERATIONS else f"an operation {entry.op!r}"
            raise InputError(
                f"{self.origin}: {what} that this command does not know; was another version of Pulumi used?"
            )
        known = OPERATIONS[entry.op]
        missing = [name for name in _STATES.get(entry.op, ()) if getattr(entry, name) is None]
        if missing:
            raise InputError(
                f"{self.origin}: cut off or edited: the {entry.op} of {name_of(entry.urn)} lacks its "
                f"{' and its '.join(missing)} state; record it again"
            )
        if known is not None:
            self.steps.append(_step(known, entry))
            if not _is_default_provider(entry.urn):
                self._counts[known] += 1
        elif entry.op in _LEFT_BEHIND:
            self._left.append(entry)
        elif entry.op in _HALVES:
            self._halves.add(entry.urn)

    def add_error(self, diagnostic: RecordedDiagnostic) -> None:
        """What went wrong, in one line: a program's traceback ends in what it has to say."""
        if not diagnostic.is_error:
            return
        lines = [line for line in diagnostic.message.splitlines() if line.strip()]
        if not lines:
            return
        self.crashed = self.crashed or diagnostic.severity == "info#err"
        traceback = any("Traceback" in line for line in lines)
        text = lines[-1] if traceback else " ".join(line.strip() for line in lines)
        text = re.sub(r'"?urn:pulumi:\S+::([^\s":]+)"?', r"\1", text.removeprefix("error: "))
        if text not in self.errors and text not in ("preview failed", "update failed"):
            self.errors.append(text)

    def whole_steps(self) -> tuple[PlanStep, ...]:
        """Every step. Raises InputError where half of a replacement is missing, or everything is."""
        replaced = {step.urn for step in self.steps if step.op == "replace"}
        alone = sorted(name_of(urn) for urn in self._halves - replaced)
        if alone:
            raise InputError(
                f"{self.origin}: cut off or edited: {', '.join(alone)} is created as a replacement, but nothing in the "
                "recording replaces it; record it again"
            )
        # What an earlier, broken update left to delete comes without a replacement of its own.
        self.steps += [_step("delete", one) for one in self._left if one.urn not in replaced]
        if not self.steps:
            raise InputError(f"{self.origin}: no resource in it, so nothing was previewed")
        return tuple(self.steps)

    def check_counts(self, reported: Mapping[str, int], *, whole: bool) -> None:
        """A recording that lost lines, or gained some, does not add up with its own summary."""
        counted = Counter(self._counts)
        expected: Counter[Operation] = Counter()
        for op, number in reported.items():
            known = OPERATIONS.get(op)
            if known:
                expected[known] += number
        for counts in (counted, expected):
            counts.pop("read", None)  # the engine reports reading another stack's outputs, and does not count it
        if not whole:  # `pulumi preview --json` leaves out most of what stays the same
            counted.pop("same", None)
            expected.pop("same", None)
        if counted != expected:
            raise InputError(
                f"{self.origin}: cut off or edited: its summary counts {_counts(expected)}, its steps are "
                f"{_counts(counted)}"
            )


def _opened(path: Path) -> TextIO:
    try:
        size = path.stat().st_size
        if size > LIMIT_MEGABYTES * 1_000_000:
            raise InputError(
                f"{path}: {size / 1e6:.0f} MB; a preview has at most {LIMIT_MEGABYTES} MB here. Is it the right file?"
            )
        if path.suffix == ".gz":
            return gzip.open(path, "rt", encoding="utf-8")
        return path.open(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {reason_of(error)}") from error


def _read(path: Path, opened: TextIO) -> str:
    limit = LIMIT_MEGABYTES * 1_000_000
    try:
        text = opened.read(limit + 1)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {reason_of(error)}") from error
    if len(text) > limit:
        raise InputError(f"{path}: more than {LIMIT_MEGABYTES} MB uncompressed. Is it the right file?")
    if not text.strip():
        raise InputError(f"{path}: empty; {_RECORD} --json > {path.name}`")
    return text


def _lines(path: Path, opened: TextIO) -> Iterator[Mapping[str, Any]]:
    """The events of a file, read line by line: nothing of the whole is kept."""
    number, read, begun = 0, 0, False
    try:
        for number, line in enumerate(opened, 1):
            read += len(line)
            if read > LIMIT_MEGABYTES * 1_000_000:
                raise InputError(f"{path}: more than {LIMIT_MEGABYTES} MB uncompressed. Is it the right file?")
            if not line.strip():
                continue
            try:
                event = json.loads(line)
            except (ValueError, RecursionError) as error:
                if not begun and line.strip() == "{":
                    raise InputError(f"{path}: this is `pulumi preview --json`; use --preview {path}") from error
                raise InputError(f"{path}:{number}: cut off or no JSON ({error}); record the events again") from error
            begun = True
            if not isinstance(event, dict):
                raise InputError(f"{path}:{number}: not an engine event; record the events again")
            if "steps" in event:
                raise InputError(f"{path}: this is `pulumi preview --json`; use --preview {path}")
            yield event
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {reason_of(error)}") from error
    if not begun:
        raise InputError(f"{path}: empty; {_RECORD} --json > {path.name}`")


def _why(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"


def _looks_like_events(text: str) -> bool:
    first = text.lstrip().split("\n", 1)[0]
    return first.startswith("{") and 'Event": {' in first


def _step(op: Operation, entry: RecordedStep) -> PlanStep:
    detail = entry.detailed_diff or {}
    forcing = tuple(path for path, found in detail.items() if found.kind.endswith("-replace"))
    let_go = entry.op == "read" and _is_managed(entry.old) and not _is_managed(entry.new)
    return PlanStep(
        op="forget" if let_go else op,
        urn=entry.urn,
        old=entry.old.resource() if entry.old else None,
        new=entry.new.resource() if entry.new else None,
        paths=tuple(detail) or entry.diffs,
        replace_paths=forcing or entry.keys,
        looked_up=type_of(entry.urn) == REFERENCE_TYPE or (entry.op in ("read", "discard") and not let_go),
    )


def _is_managed(state: RecordedResource | None) -> bool:
    """Whether a state is one that the engine looks after. Events do not say which are only read."""
    return state is not None and not state.external


def _policy(found: RecordedPolicy) -> PolicyResult:
    message = found.message.strip()
    return PolicyResult(
        policy=found.policy_name,
        level=found.enforcement_level,
        urn=found.resource_urn or "",
        message=message,
        not_evaluated=_is_not_evaluated(found, message),
    )


def _is_not_evaluated(found: RecordedPolicy, message: str) -> bool:
    """Whether pulumi-policy says that a value was unknown: at advisory level, in a sentence that names the policy.

    Source: the analyzer's UnknownValueError in pulumi_policy/policy.py. A resource's name can hold any words, so they
    alone never silence a finding.
    """
    begins = f"can't run policy '{found.policy_name}' from policy pack '"
    return found.enforcement_level == "advisory" and message.startswith(begins)


def _is_default_provider(urn: str) -> bool:
    """Default providers have steps, but the engine does not count them."""
    return f"::{PROVIDER_PREFIX}" in urn and name_of(urn).startswith("default")


def _counts(counter: Mapping[Any, int]) -> str:
    return ", ".join(f"{number} {op}" for op, number in sorted(counter.items())) or "nothing"


def _stack(origin: Path, steps: Sequence[PlanStep]) -> str:
    names = {stack_of(step.urn) for step in steps}
    if len(names) != 1:
        raise InputError(f"{origin}: resources of several stacks: {', '.join(sorted(names))}")
    return names.pop()
