"""The output of `workbuoy rehearse --json`."""

from typing import Any, Literal

from pydantic import Field

from operations.outputs.policies import PoliciesCheck
from operations.outputs.printed import Printed


class Counts(Printed):
    """How many resources came how far."""

    compared: int
    differing: int
    failed: int
    declared_only: int
    components: int


class FieldCounts(Printed):
    """How many declared fields were held to what was read back."""

    checked: int
    differing: int
    not_checked: int


class Refusal(Printed):
    """Something that AWS refuses though moto takes it."""

    check: str
    urn: str
    name: str
    what: str
    fix: str
    source: str


class StandIn(Printed):
    """What a rehearsal put in the place of a placeholder."""

    path: str
    placeholder: str
    stand_in: str


class Step(Printed):
    """A step of the service's trial."""

    name: str
    seconds: float
    passed: bool
    detail: str


class Service(Printed):
    """The service, started as the stack declares it; `program` names another one in the place of the bundled one."""

    program: str | None
    passed: bool
    incomplete: str | None
    steps: list[Step]
    denials: list[str]
    unused: list[str]
    stand_ins: list[StandIn]
    judged_by_our_evaluator: int
    last_lines: list[str]
    notes: list[str]


class FieldResult(Printed):
    """One declared field of a resource."""

    path: str
    check: Literal["checked", "differs", "not checked"]
    found: Any = None
    declared: Any = None
    reason: str | None = None


class Milliseconds(Printed):
    """How long it took to create a resource and to read it back."""

    create: float
    read: float


class GraphResource(Printed):
    """A resource as it was declared, and what became of it; a secret value is masked."""

    urn: str
    type: str
    name: str
    component: str
    parent: str | None
    state: Literal["compared", "differs", "declared only", "component", "failed"]
    reason: str | None
    id: str | None
    region: str | None
    source: str | None
    protect: bool
    retain_on_delete: bool
    custom: bool
    read: bool
    provider: str | None
    aliases: list[str]
    ignore_changes: list[str]
    replace_on_changes: list[str]
    dependencies: list[str]
    property_dependencies: dict[str, list[str]]
    properties: dict[str, Any]
    outputs: dict[str, Any]
    fields: list[FieldResult]
    milliseconds: Milliseconds


class StackFields(Printed):
    """Fields of a stack beside the one that was asked for."""

    checked: int
    not_checked: int


class StackPolicies(Printed):
    """Policies of a stack beside the one that was asked for."""

    passed: int
    advised: int


class StackBeside(Printed):
    """A stack that was stood up beside the one that was asked for."""

    stack: str
    tenant: str | None
    account: str
    region: str
    compared: int
    declared_only: int
    fields: StackFields
    policies: StackPolicies
    problems: list[str]
    seconds: float


class Party(Printed):
    """Who asks and is asked in the matrix."""

    name: str
    kind: str


class Who(Printed):
    """Who made a call, and in whose name."""

    name: str
    as_: str = Field(alias="as")


class Whom(Printed):
    """Whose thing a call was for, and which."""

    name: str
    what: str


class Cell(Printed):
    """One call of the matrix; `red` where it went otherwise than it must."""

    who: Who
    whom: Whom
    call: str
    expected: str
    got: str
    red: bool
    why: str


class Matrix(Printed):
    """Who reaches whom, each a real call."""

    parties: list[Party]
    red: int
    sampled: str | None
    stand_in: str | None
    left_out: list[str]
    judged_by_our_evaluator: int
    without_call: int
    seconds: float
    cells: list[Cell]


class Tenants(Printed):
    """Customers' stacks beside the base."""

    passed: bool
    tenants: dict[str, Any]
    stacks: list[StackBeside]
    not_tried: str | None
    matrix: Matrix | None


class ChangeStep(Printed):
    """One resource that a change makes, changes, replaces or takes away."""

    op: str
    urn: str
    paths: list[str] | None = None
    replace_paths: list[str] | None = None


class Did(Printed):
    """What was done to a resource, in the order in which it was done."""

    urn: str
    did: str


class ChangeFault(Printed):
    """What went otherwise than it must in a step of a change."""

    urn: str
    step: str
    what: str


class KeptResource(Printed):
    """A resource that stays though the program no longer declares it."""

    urn: str
    why: str


class Interruption(Printed):
    """What a change interrupts, and for how long."""

    urn: str
    length: str
    why: str


class Change(Printed):
    """What became of a stack of a revision that was changed in place."""

    origin: str
    passed: bool
    steps: list[ChangeStep]
    order: list[Did]
    faults: list[ChangeFault]
    kept: list[KeptResource]
    interruptions: list[Interruption]
    notes: list[str]
    monthly: str | None


class Rehearse(Printed):
    """A rehearsal: how each resource and field came out, the policies, the service, and the whole graph."""

    project: str
    stack: str
    account: str
    region: str
    declare_only: bool
    passed: bool
    resources: Counts
    fields: FieldCounts
    refusals: list[Refusal]
    stand_ins: list[StandIn]
    exports: dict[str, Any]
    seconds: dict[str, float]
    versions: dict[str, str]
    policies: PoliciesCheck | None
    service: Service | None
    tenants: Tenants | None
    change: Change | None
    graph: list[GraphResource]


class OneOfAll(Printed):
    """One rehearsal among many: `name` is its stack's, or `bootstrap/` with an account's."""

    name: str
    verdict: Literal["passed", "FAILED", "no verdict"]
    resources: int
    usd_per_month: float | None
    seconds: float
    exit_code: int
    summary: str


class RehearseAll(Printed):
    """Every stack and account, or those that a change touches."""

    passed: bool
    rehearsals: list[OneOfAll]
