"""The output of `workbuoy review --json`."""

from typing import Literal

from pydantic import Field

from operations.outputs.printed import Printed


class Danger(Printed):
    """What a change could do; `left` says what stays."""

    kind: str
    urn: str
    what: str
    left: str | None = None


class Waived(Danger):
    """A danger that a waiver accepts."""

    owner: str
    reason: str
    last_day: str


class Residency(Printed):
    """Regions that are allowed and used, and what lies outside."""

    allowed: list[str]
    used: list[str]
    outside: list[Danger]


class MonthlyCost(Printed):
    """What the change costs a month at rest; amounts are text."""

    difference: str
    by_component: dict[str, str]
    before: str | None
    after: str | None
    unpriced: list[str]


class Interruption(Printed):
    """A change that interrupts the service or the database."""

    urn: str
    class_: Literal["none", "seconds", "restart", "minutes"] = Field(alias="class")
    why: str


class Downtime(Printed):
    """The longest interruption, and every one."""

    class_: Literal["none", "seconds", "restart", "minutes"] = Field(alias="class")
    changes: list[Interruption]


class PolicyFinding(Printed):
    """A policy that a resource does not hold to."""

    policy: str
    ids: list[str]
    level: str
    urn: str
    message: str


class Policies(Printed):
    """What the policies found."""

    stopping: list[PolicyFinding]
    advice: list[PolicyFinding]


class NotEvaluated(Printed):
    """What could not be judged, and why."""

    urn: str
    why: str


class Change(Printed):
    """One resource that changes."""

    urn: str
    op: str
    details: list[str]


class Moved(Printed):
    """What was renamed or moved, and the alias that keeps it; `keeps` counts what the alias keeps with it."""

    urn: str
    was: str
    alias: str
    keeps: int


class Otherwise(Printed):
    """A step that this plan and another one take differently."""

    urn: str
    here: str
    there: str


class Review(Printed):
    """A review: what a change could lose, expose, widen or interrupt, and whether it stops."""

    stack: str
    source: str
    stops: bool
    preview_failed: bool
    errors: list[str]
    counts: dict[str, int]
    losses: list[Danger]
    access: list[Danger]
    not_judged: list[Danger]
    noted: list[Danger]
    residency: Residency
    cost_usd_per_month: MonthlyCost
    downtime: Downtime
    policies: Policies | None
    not_evaluated: list[NotEvaluated]
    waived: list[Waived]
    unused_waivers: list[str]
    changes: dict[str, list[Change]]
    noise: dict[str, list[str]]
    tenants: list[str]
    moves: list[Moved]
    beside: list[Otherwise] | None
