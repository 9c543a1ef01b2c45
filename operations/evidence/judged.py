"""Whether a framework's requirement is answered: by the worst of its controls and evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operations.evidence.declared import Control
from operations.evidence.items import Item, State, worst
from policies.frameworks import Framework, Requirement, frameworks
from policies.runner import Finding


@dataclass(frozen=True)
class Judged:
    """A requirement with its verdict, and what decided where it is not answered."""

    framework: Framework
    requirement: Requirement
    state: State
    because: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Pack:
    """Everything of one period."""

    since: datetime
    until: datetime
    stacks: tuple[str, ...]
    controls: tuple[Control, ...]
    findings: tuple[Finding, ...]
    items: tuple[Item, ...]
    judged: tuple[Judged, ...]

    @property
    def passed(self) -> bool:
        """Whether every requirement is answered, and nothing of the evidence failed or is missing."""
        bad = (State.FAILED, State.MISSING)
        shown = [one.state for one in self.controls] + [one.state for one in self.items]
        return not any(state in bad for state in [*shown, *(one.state for one in self.judged)])

    def count(self, state: State) -> int:
        return sum(1 for one in self.judged if one.state is state)


def judge(controls: Sequence[Control], items: Sequence[Item]) -> tuple[Judged, ...]:
    """Every requirement. What had no occasion decides only where nothing else answers."""
    states: Mapping[str, State] = {one.name: one.state for one in controls}
    evidence: Mapping[str, State] = {one.kind: one.state for one in items}
    return tuple(
        _judged(framework, one, states, evidence) for framework in frameworks() for one in framework.requirements
    )


def _judged(
    framework: Framework, one: Requirement, controls: Mapping[str, State], evidence: Mapping[str, State]
) -> Judged:
    answers = {name: controls[name] for name in one.controls}
    answers |= {f"evidence: {kind}": evidence.get(kind, State.MISSING) for kind in one.evidence}
    deciding = [state for state in answers.values() if state is not State.NONE]
    state = worst(deciding) if deciding else State.NONE
    because = tuple(f"{name} {found.value}" for name, found in answers.items() if found is state)
    return Judged(framework, one, state, () if state is State.PASSED else because)


def as_json(pack: Pack) -> dict[str, Any]:
    """The whole pack but for the documents, for programs."""
    return {
        "since": pack.since.date().isoformat(),
        "until": pack.until.isoformat(timespec="seconds"),
        "stacks": list(pack.stacks),
        "passed": pack.passed,
        "requirements": [
            {
                "framework": one.framework.framework,
                "source": one.framework.source,
                "id": one.requirement.id,
                "title": one.requirement.title,
                "state": one.state.value,
                "because": list(one.because),
                "controls": list(one.requirement.controls),
                "evidence": list(one.requirement.evidence),
            }
            for one in pack.judged
        ],
        "controls": [
            {
                "name": one.name,
                "level": one.level,
                "state": one.state.value,
                "counts": dict(one.counts),
                "failing": list(one.failing),
            }
            for one in pack.controls
        ],
        "evidence": [
            {
                "kind": one.kind,
                "title": one.title,
                "state": one.state.value,
                "told": list(one.summary),
                "files": list(one.documents),
            }
            for one in pack.items
        ],
    }
