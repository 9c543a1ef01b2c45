"""The outputs of `workbuoy fleet ... --json`."""

from typing import Literal

from operations.fleet.records import RunState
from operations.outputs.printed import Printed


class Job(Printed):
    """A shard as a workflow's matrix has it."""

    shard: str
    wave: str
    base: str
    environment: str
    account: str
    region: str
    backend: str
    customers: int


class PlannedShard(Job):
    """A shard with its customers."""

    tenants: list[str]


class FleetPlan(Printed):
    """Who gets an image in which wave, and which runner does whom."""

    environment: str
    image: str
    release: str
    plan: str
    waves: list[str]
    shards: list[PlannedShard]


class Cause(Printed):
    """What went otherwise than planned, and with whom."""

    state: str
    cause: str
    tenants: list[str]


class RunShard(Job):
    """A shard of the present wave; nobody holds one whose runner has ended."""

    held_by: str | None
    claims: int
    watched: bool
    alarms: list[str]
    unknown: list[str]


class FleetRun(Printed):
    """How far a rollout is, with the shards of its present wave, or with the one that was deployed."""

    run: str
    environment: str
    image: str
    release: str
    commit: str
    state: RunState
    wave: str
    round: int
    because: list[str]
    accepted: dict[str, str]
    began: str
    customers: dict[str, int]
    causes: list[Cause]
    shards: list[RunShard]


class StandingRow(Printed):
    """One cause or version, with all stacks that have it; one that is not good needs attention."""

    subject: Literal["version", "drift", "drill", "backup"]
    cause: str
    good: bool
    stacks: list[str]


class FleetStatus(Printed):
    """How an environment's stacks stand by what was looked at, and how far its latest rollout is."""

    environment: str
    stacks: int
    rows: list[StandingRow]
    run: FleetRun | None


class CellRoom(Printed):
    """A base stack: how many more silos of tier standard fit, and the limit that ends it."""

    stack: str
    environment: str
    account: str
    region: str
    residency: list[str]
    silos: int
    room: int
    limit: str
    taken: float


class FleetCells(Printed):
    """Base stacks, with the room that AWS's limits leave on each, and the resource types that no limit counts."""

    cells: list[CellRoom]
    not_counted: list[str]
