"""The output of `workbuoy evidence --json`."""

from typing import Literal

from operations.outputs.printed import Printed

State = Literal["passed", "failed", "missing", "no occasion"]


class Requirement(Printed):
    """What a framework asks, whether it is answered, and what decides where it is not."""

    framework: str
    source: str
    id: str
    title: str
    state: State
    because: list[str]
    controls: list[str]
    evidence: list[str]


class ControlShown(Printed):
    """A control's verdict over everything that it covers."""

    name: str
    level: Literal["mandatory", "advisory"]
    state: State
    counts: dict[str, int]
    failing: list[str]


class EvidenceShown(Printed):
    """A kind of evidence, what it shows, and its files in the pack."""

    kind: str
    title: str
    state: State
    told: list[str]
    files: list[str]


class Evidence(Printed):
    """What shows that controls held over a period, mapped to frameworks; what is missing is never passed."""

    since: str
    until: str
    stacks: list[str]
    passed: bool
    requirements: list[Requirement]
    controls: list[ControlShown]
    evidence: list[EvidenceShown]
