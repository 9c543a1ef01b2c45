"""What a rehearsal found: frozen, complete, and able to become JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from graph.resource import Resource
from graph.values import root_of
from rehearsal.stand_ins import StandIn

if TYPE_CHECKING:
    from policies.runner import Report
    from rehearsal.change.result import ChangeRehearsal
    from rehearsal.service.result import ServiceRehearsal
    from rehearsal.tenants.result import TenantsRehearsal


class State(StrEnum):
    """How far one resource came."""

    COMPARED = "compared"  # created, read back, every checked field equal
    DIFFERS = "differs"  # created, and something reads back otherwise than declared
    DECLARED_ONLY = "declared only"  # not created: moto lacks the type, or nothing is to be created
    COMPONENT = "component"  # groups others; nothing to create
    FAILED = "failed"  # could not be created or read back


class Check(StrEnum):
    """What became of one declared field."""

    CHECKED = "checked"
    DIFFERS = "differs"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class FieldResult:
    """One declared leaf: its path in Pulumi's names, and what was found for it."""

    path: str
    check: Check
    declared: Any = None
    found: Any = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that AWS would refuse though moto takes it."""

    check: str
    urn: str
    name: str
    what: str
    fix: str
    source: str

    def __str__(self) -> str:
        return f"{self.name}: {self.what} ({self.fix})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared(Resource):
    """One registration, as the program made it: nothing came of it yet, and its secret values are in it."""

    secret_paths: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    delete_before_replace: bool = False
    import_id: str = ""

    @property
    def secret_names(self) -> frozenset[str]:
        """Properties and outputs that are secret, or hold a secret."""
        return frozenset((*map(root_of, self.secret_paths), *self.additional_secret_outputs))


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One resource after the rehearsal."""

    declared: Declared
    state: State
    id: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[FieldResult, ...] = ()
    reason: str = ""
    region: str = ""
    create_ms: float = 0.0
    read_ms: float = 0.0
    component_outputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def urn(self) -> str:
        return self.declared.urn

    @property
    def type(self) -> str:
        return self.declared.type

    @property
    def name(self) -> str:
        return self.declared.name

    def count(self, check: Check) -> int:
        """Number of fields with this outcome."""
        return sum(1 for one in self.fields if one.check is check)


@dataclass(frozen=True)
class Rehearsal:
    """A whole rehearsal of one stack."""

    project: str
    stack: str
    account: str
    region: str
    declare_only: bool
    resources: tuple[Rehearsed, ...]
    exports: Mapping[str, Any]
    secret_exports: tuple[str, ...]
    stand_ins: tuple[StandIn, ...]
    refusals: tuple[Refusal, ...]
    seconds: Mapping[str, float]  # by phase, in order
    versions: Mapping[str, str] = field(default_factory=dict)
    policies: "Report | None" = None  # None where they were not asked
    service: "ServiceRehearsal | None" = None  # None where it was left out
    tenants: "TenantsRehearsal | None" = None  # None where it was rehearsed alone
    change: "ChangeRehearsal | None" = None  # None where nothing stood before
    arguments: str = ""  # of `workbuoy rehearse`, where a person asked for more than the stack

    @property
    def command(self) -> str:
        """What to type to have it again."""
        return f"workbuoy rehearse {self.arguments or self.stack}"

    @cached_property
    def by_urn(self) -> dict[str, Rehearsed]:
        return {resource.urn: resource for resource in self.resources}

    @property
    def failures(self) -> tuple[Rehearsed, ...]:
        """Resources that differ or failed."""
        return tuple(r for r in self.resources if r.state in (State.DIFFERS, State.FAILED))

    @property
    def passed(self) -> bool:
        judged = self.policies is None or not self.policies.failed
        tried = (self.service is None or self.service.passed) and (self.tenants is None or self.tenants.passed)
        changed = self.change is None or self.change.passed
        return self.stands and judged and tried and changed

    @property
    def stands(self) -> bool:
        """Whether the infrastructure alone is as declared and nothing in it would be refused."""
        return not self.failures and not self.refusals

    @property
    def incomplete(self) -> str:
        """Why something that was asked for could not be tried, in one line; empty where all was."""
        return self.service.incomplete if self.service else ""

    def count(self, *states: State) -> int:
        """Number of resources in one of these states, providers left out."""
        return sum(1 for one in self.resources if one.state in states and not one.declared.is_provider)

    def count_fields(self, check: Check) -> int:
        """Number of fields with this outcome, over all resources."""
        return sum(resource.count(check) for resource in self.resources)

    def component_of(self, urn: str) -> str:
        """Name of the outermost component that a resource stands in; empty when it stands in the stack itself."""
        name = ""
        resource = self.by_urn.get(urn)
        while resource is not None and resource.declared.parent:
            resource = self.by_urn.get(resource.declared.parent)
            if resource is not None and resource.state is State.COMPONENT:
                name = resource.name
        return name

    @cached_property
    def components(self) -> dict[str, tuple[Rehearsed, ...]]:
        """Custom resources by the outermost component they stand in, in order of declaration."""
        groups: dict[str, list[Rehearsed]] = {}
        for resource in self.resources:
            if resource.state is not State.COMPONENT and not resource.declared.is_provider:
                groups.setdefault(self.component_of(resource.urn), []).append(resource)
        return {name: tuple(members) for name, members in groups.items()}

    @cached_property
    def milliseconds_by_type(self) -> dict[str, tuple[int, float, float]]:
        """Type -> number of resources, milliseconds creating, milliseconds reading back and comparing."""
        sums: dict[str, list[float]] = {}
        for resource in self.resources:
            if resource.state is not State.COMPONENT:
                entry = sums.setdefault(resource.type, [0, 0.0, 0.0])
                entry[0] += 1
                entry[1] += resource.create_ms
                entry[2] += resource.read_ms
        return {token: (int(n), made, read) for token, (n, made, read) in sums.items()}
