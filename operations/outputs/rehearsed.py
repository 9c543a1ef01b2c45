"""The output of `workbuoy rehearse --json`, and how a rehearsal becomes it. Secret values never appear in it.

A model takes from a result's attributes what has the same name there; the functions below say the rest.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field

from graph.plan import PlanStep
from graph.resource import fields_of
from graph.wire import MASK
from operations.outputs.policies import PoliciesCheck
from operations.outputs.printed import Printed
from rehearsal import result as found
from rehearsal.as_graph import without_secrets
from rehearsal.change.result import ChangeRehearsal
from rehearsal.result import Check, Rehearsal, Rehearsed, State
from rehearsal.tenants import result as others

Seconds = Annotated[float, BeforeValidator(lambda seconds: round(seconds, 3))]
Text = Annotated[str | None, BeforeValidator(lambda text: text or None)]


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
    seconds: Seconds
    passed: bool
    detail: str


class Service(Printed):
    """The service, started as the stack declares it; `program` names another one in the place of the bundled one."""

    program: Text
    passed: bool
    incomplete: Text
    steps: list[Step]
    denials: list[str]
    unused: list[str]
    stand_ins: list[StandIn]
    judged_by_our_evaluator: int = Field(validation_alias=AliasChoices("judgedByOurEvaluator", "judged"))
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
    tenant: Text
    account: str
    region: str
    compared: int
    declared_only: int
    fields: StackFields
    policies: StackPolicies
    problems: list[str]
    seconds: Seconds


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
    sampled: Text
    stand_in: Text
    left_out: list[str]
    judged_by_our_evaluator: int
    without_call: int
    seconds: Seconds
    cells: list[Cell]


class Tenants(Printed):
    """Customers' stacks beside the base."""

    passed: bool
    tenants: dict[str, Any]
    stacks: list[StackBeside]
    not_tried: Text
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


class Moved(Printed):
    """What was renamed or moved, and the alias that keeps it."""

    urn: str
    was: str
    alias: str


class Change(Printed):
    """What became of a stack of a revision that was changed in place."""

    origin: str
    passed: bool
    steps: list[ChangeStep]
    order: list[Did]
    faults: list[ChangeFault]
    kept: list[KeptResource]
    interruptions: list[Interruption]
    moves: list[Moved]
    notes: list[str]
    monthly: Text


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
    seconds: dict[str, Seconds]
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


def as_json(rehearsal: Rehearsal) -> dict[str, Any]:
    """The whole rehearsal."""
    whole = Rehearse(
        project=rehearsal.project,
        stack=rehearsal.stack,
        account=rehearsal.account,
        region=rehearsal.region,
        declare_only=rehearsal.declare_only,
        passed=rehearsal.passed,
        resources=Counts(
            compared=rehearsal.count(State.COMPARED),
            differing=rehearsal.count(State.DIFFERS),
            failed=rehearsal.count(State.FAILED),
            declared_only=rehearsal.count(State.DECLARED_ONLY),
            components=rehearsal.count(State.COMPONENT),
        ),
        fields=FieldCounts(
            checked=rehearsal.count_fields(Check.CHECKED),
            differing=rehearsal.count_fields(Check.DIFFERS),
            not_checked=rehearsal.count_fields(Check.NOT_CHECKED),
        ),
        refusals=rehearsal.refusals,
        stand_ins=rehearsal.stand_ins,
        exports=_masked(rehearsal.exports, rehearsal.secret_exports),
        seconds=rehearsal.seconds,
        versions=rehearsal.versions,
        policies=PoliciesCheck.of(rehearsal.policies) if rehearsal.policies else None,
        service=rehearsal.service,
        tenants=_tenants(rehearsal.tenants) if rehearsal.tenants else None,
        change=_change(rehearsal.change) if rehearsal.change else None,
        graph=[_resource(one, rehearsal) for one in rehearsal.resources],
    )
    return whole.as_document()


def _resource(one: Rehearsed, rehearsal: Rehearsal) -> GraphResource:
    secret = one.declared.secret_paths
    declared = {key: value for key, value in fields_of(one.declared).items() if key != "inputs"}
    come = {
        "state": one.state.value,
        "reason": one.reason,
        "id": one.id,
        "region": one.region,
        "component": rehearsal.component_of(one.urn),
        "properties": _masked(one.declared.inputs, secret),
        "outputs": _masked(one.outputs, (*secret, *one.declared.additional_secret_outputs)),
        "fields": [_field(field) for field in one.fields if not field.path.startswith(secret)],
        "milliseconds": Milliseconds(create=round(one.create_ms, 2), read=round(one.read_ms, 2)),
    }
    return GraphResource(**declared | come)


def _field(field: found.FieldResult) -> FieldResult:
    differing = {"found": field.found, "declared": field.declared} if field.check is Check.DIFFERS else {}
    reason = {"reason": field.reason} if field.reason else {}
    return FieldResult(path=field.path, check=field.check.value, **differing, **reason)


def _masked(value: Mapping[str, Any], secret_paths: Sequence[str]) -> dict[str, Any]:
    return dict(without_secrets(value, secret_paths, lambda: MASK))


def _tenants(tried: others.TenantsRehearsal) -> Tenants:
    return Tenants(
        passed=tried.passed,
        tenants=tried.tenants,
        stacks=[_beside(one) for one in tried.stacks],
        not_tried=tried.not_tried,
        matrix=_matrix(tried.matrix) if tried.matrix else None,
    )


def _beside(one: others.StoodUp) -> StackBeside:
    return StackBeside(
        stack=one.stack,
        tenant=one.tenant,
        account=one.account,
        region=one.region,
        compared=one.compared,
        declared_only=one.declared_only,
        fields=StackFields(checked=one.fields_checked, not_checked=one.fields_not_checked),
        policies=StackPolicies(passed=one.policies_passed, advised=one.policies_advised),
        problems=one.problems,
        seconds=one.seconds,
    )


def _matrix(matrix: others.Matrix) -> Matrix:
    return Matrix(
        parties=matrix.parties,
        red=len(matrix.red),
        sampled=matrix.sampled,
        stand_in=matrix.stand_in,
        left_out=matrix.left_out,
        judged_by_our_evaluator=matrix.judged,
        without_call=matrix.without_call,
        seconds=matrix.seconds,
        cells=[
            Cell(
                who=Who(name=cell.who, as_=cell.who_as),
                whom=Whom(name=cell.whom, what=cell.what),
                call=cell.call,
                expected=cell.expected.value,
                got=cell.got.value,
                red=cell.red,
                why=cell.why,
            )
            for cell in matrix.cells
        ],
    )


def _change(change: ChangeRehearsal) -> Change:
    return Change(
        origin=change.origin,
        passed=change.passed,
        steps=[_step(one) for one in change.changing],
        order=[Did(urn=urn, did=did) for urn, did in change.order],
        faults=change.faults,
        kept=[KeptResource(urn=urn, why=why) for urn, why in change.kept],
        interruptions=change.interruptions,
        moves=[Moved(urn=one.new.urn, was=one.old.urn, alias=one.alias) for one in change.moves],
        notes=change.notes,
        monthly=change.monthly,
    )


def _step(one: PlanStep) -> ChangeStep:
    paths = {"paths": list(one.paths), "replace_paths": list(one.replace_paths)}
    return ChangeStep(op=one.op, urn=one.urn, **{key: value for key, value in paths.items() if value})
