"""One kind of evidence, and what it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from policies.frameworks import EvidenceKind


class State(StrEnum):
    """What is shown. Only PASSED passes: MISSING is no verdict, and NONE means that there was no occasion."""

    PASSED = "passed"
    FAILED = "failed"
    MISSING = "missing"
    NONE = "no occasion"


WORST = (State.FAILED, State.MISSING, State.NONE, State.PASSED)


def worst(states: Sequence[State]) -> State:
    """The worst of some; of none, MISSING."""
    return min(states, key=WORST.index) if states else State.MISSING


@dataclass(frozen=True, kw_only=True)
class Item:
    """A kind of evidence with its verdict, why, and the documents behind it by their path in the pack."""

    kind: EvidenceKind
    title: str
    state: State
    summary: tuple[str, ...]
    documents: Mapping[str, Any] = field(default_factory=dict)
