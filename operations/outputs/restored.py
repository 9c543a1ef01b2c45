"""The output of `workbuoy restore ... --json`, and the evidence of a drill."""

from typing import Any

from operations.outputs.printed import Printed


class RestoreStep(Printed):
    """One step of a plan: what it does, and under whose rights."""

    step: str
    does: str
    by: str


class Restore(Printed):
    """A plan; or what was done, in how many seconds each step, and what tasks said of it."""

    stack: str
    at: str
    seconds: dict[str, float]
    steps: list[RestoreStep] | None = None
    tenant: str | None = None
    verdict: dict[str, Any] | None = None
    good: bool | None = None
    drilled_at: str | None = None
    by: str | None = None
    rpo_seconds: int | None = None
    rto_seconds: float | None = None
