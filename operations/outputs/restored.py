"""The output of `workbuoy restore ... --json`, which is also what is kept as evidence, and of `workbuoy drills`."""

from typing import Any

from operations.outputs.printed import Printed


class RestoreStep(Printed):
    """One step of a plan: what it does, and under whose rights."""

    step: str
    does: str
    by: str


class AppliedLedger(Printed):
    """The erasure ledger as it was applied to a copy, and what that took out."""

    entries: int
    tenants_erased: int
    members_erased: int
    persons_erased: int


class CopyChecks(Printed):
    """What a copy was found to hold; `digests` add up each customer's rows."""

    schema_before: str | None
    tenants: int
    rows: int
    files: int
    files_missing: int
    ready: str
    digests: dict[str, str]


class PutAside(Printed):
    """The instance that served before a restored copy took its name: since when, and until when it is the way back."""

    name: str
    switched: str
    kept_until: str


class Restore(Printed):
    """A plan; or what was done, in how many seconds each step, by whom, and what was found."""

    stack: str
    at: str
    seconds: dict[str, float]
    steps: list[RestoreStep] | None = None
    database: str | None = None
    written_at: str | None = None
    by: str | None = None
    good: bool | None = None
    problem: str | None = None
    rpo_seconds: int | None = None
    rto_seconds: float | None = None
    ledger: AppliedLedger | None = None
    checks: CopyChecks | None = None
    tenant: str | None = None
    verdict: dict[str, Any] | None = None
    came_since: list[str] | None = None
    before: PutAside | None = None


class Drill(Printed):
    """One drill of the trend."""

    written_at: str
    at: str
    good: bool
    problem: str
    rpo_seconds: int
    rto_seconds: float
    tenants: int | None
    rows: int | None
    files: int | None
    by: str


class Drills(Printed):
    """The drills of a stack, the newest first; `within_days` is how old the last good one may be, where that is set."""

    stack: str
    last_good_at: str | None
    within_days: int | None
    overdue: bool
    drills: list[Drill]
