"""The outputs of `workbuoy tenant ... --json` and `workbuoy locate --json`."""

from typing import Any, Literal

from operations.outputs.printed import Printed


class Contact(Printed):
    """Whom to reach at the customer."""

    name: str
    email: str
    role: Literal["privacy", "technical", "billing"]


class Hold(Printed):
    """A legal hold: since which day, by whose order and why."""

    since: str
    reason: str


class Dates(Printed):
    """Days of the contract, as YYYY-MM-DD."""

    signed: str
    live: str | None = None
    retiring: str | None = None
    hold: Hold | None = None


class PlatformOutside(Printed):
    """Where the account's own stores may lie outside residency, and why the customer accepts it."""

    regions: list[str]
    reason: str


class Move(Printed):
    """The other place of a customer who moves to another base stack."""

    direction: Literal["to", "from"]
    base: str
    region: str
    listener_priority: int | None = None
    certificate_arn: str | None = None
    since: str | None = None
    retiring: str | None = None


class Tenant(Printed):
    """A customer's record, the name of the stack that holds its data, and the regions that its residency allows."""

    name: str
    legal_name: str
    isolation: Literal["pool", "silo"]
    base: str
    region: str
    residency: str | list[str]
    tier: str | None = None
    host_name: str | None = None
    listener_priority: int | None = None
    certificate_arn: str | None = None
    login: dict[str, Any] | None = None
    contacts: list[Contact]
    dates: Dates
    platform_outside: PlatformOutside | None = None
    promotion: Literal["open"] | None = None
    move: Move | None = None
    stack: str
    allowed_regions: list[str]


class TenantList(Printed):
    """All customers."""

    tenants: list[Tenant]


class TenantShow(Tenant):
    """One customer with a silo's sizes, the next commands, and with `--outputs` what its stack says."""

    sizes: dict[str, Any]
    next: list[str]
    outputs: dict[str, Any] | None = None


class Problem(Printed):
    """What is wrong with a customer's file."""

    file: str
    line: int
    path: str
    message: str


class TenantCheck(Printed):
    """How many customers there are, and what is wrong with their files."""

    tenants: int
    problems: list[Problem]
    warnings: list[str]


class Deployed(Printed):
    """How far one customer's deployment came."""

    tenant: str
    state: str
    cause: str


class TenantDeployAll(Printed):
    """How a deployment of all silos went."""

    journal: str
    tenants: list[Deployed]


class PromotionStep(Printed):
    """A step of the plan; who decides where it is a person's."""

    number: int
    step: str
    changes: str
    back: str
    command: str | None
    decides: str | None


class TenantPromote(Printed):
    """The plan of a promotion; with `--run` what a step does or did; with `--live` how far it is."""

    tenant: str
    steps: list[PromotionStep] | None = None
    step: str | None = None
    stack: str | None = None
    command: list[str] | None = None
    started: bool | None = None
    task: str | None = None
    exit_code: int | None = None
    verdict: dict[str, Any] | None = None
    last_lines: list[str] | None = None
    address: str | None = None
    exported: bool | None = None
    imported: bool | None = None
    agree: bool | None = None
    differences: list[str] | None = None
    digest: str | None = None


class MovePlace(Printed):
    """A place of a move: a stack, its region, and whether the customer's residency allows it or its file accepts it."""

    what: str
    stack: str
    region: str
    inside_residency: bool
    accepted_outside: bool


class TenantMove(Printed):
    """The plan of a move; with `--run` what a step does or did; with `--live` what both places say."""

    tenant: str
    steps: list[PromotionStep] | None = None
    places: list[MovePlace] | None = None
    obstacles: list[str] | None = None
    frozen_seconds: float | None = None
    copying_minutes: float | None = None
    cost_usd: float | None = None
    step: str | None = None
    stack: str | None = None
    command: list[str] | None = None
    started: bool | None = None
    verdict: dict[str, Any] | None = None
    last_lines: list[str] | None = None
    file: str | None = None
    said: dict[str, Any] | None = None
    alarms: list[str] | None = None


class Key(Printed):
    """The key that a store is encrypted with; no ARN where AWS's own is used."""

    name: str
    arn: str | None


class AfterDeletion(Printed):
    """What becomes of a store's data when the customer leaves; no number where nothing ends it."""

    end: str
    words: str
    days: float | None


class Reader(Printed):
    """Who can read a store, and how: themselves, by starting a task of reviewed code, or by deploying other code."""

    name: str
    stack: str
    purpose: str
    kind: Literal["program", "workflow", "people"]
    means: Literal["directly", "by starting reviewed code", "by deploying code"]
    through: str | None


class Store(Printed):
    """A place that holds a customer's data."""

    group: str
    what: str
    holds: str
    name: str
    stack: str
    urn: str
    region: str
    inside_residency: bool
    accepted_outside: str | None
    key: Key
    kept: str
    after_deletion: AfterDeletion
    readers: list[Reader]
    shared: bool
    note: str
    warnings: list[str]


class Left(Printed):
    """A copy that remains where the customer was before a move; `ends` is null where a person ends it."""

    what: str
    where: str
    place: str
    region: str
    inside_residency: bool
    ends: str | None
    how: str


class Difference(Printed):
    """Where what stands is not as declared."""

    stack: str
    name: str
    field: str
    declared: Any
    found: Any


class Located(Printed):
    """Where one customer's data are."""

    tenant: str
    legal_name: str
    isolation: Literal["pool", "silo"]
    stack: str
    base: str
    other_stack: str | None = None
    residency: list[str]
    hold: Hold | None
    not_held: list[str]
    source: Literal["declared", "rehearsal", "stack", "live"]
    inside_residency: bool
    as_declared: bool
    stores: list[Store]
    remains_elsewhere: list[Left]
    differences: list[Difference]
    regions_searched: list[str]
    regions_not_searched: list[str]
    not_known: list[str]
    seconds: float


class Locate(Located):
    """Where one customer's data are: every store, its key, its readers, and what becomes of it."""


class LocateAll(Printed):
    """Where every customer's data are."""

    tenants: list[Located]
