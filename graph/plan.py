"""A planned change: what stands and what comes, side by side, resource by resource."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Literal

from graph.graph import Graph
from graph.resource import PROVIDER_PREFIX, REFERENCE_TYPE, STACK_TYPE, Resource, name_of, type_of

Operation = Literal["same", "create", "update", "replace", "delete", "read", "import", "forget"]

OPERATIONS: Final[Mapping[str, Operation | None]] = {
    "same": "same",
    "create": "create",
    "update": "update",
    "replace": "replace",
    "delete": "delete",
    "read": "read",
    "read-replacement": "replace",
    "refresh": "same",
    "import": "import",
    "import-replacement": "replace",
    "discard": "forget",
    "discard-replaced": None,
    "create-replacement": None,
    "delete-replaced": None,
    "remove-pending-replace": None,
}
"""The engine's operations; None for the parts that a `replace` step already stands for.

Source: `OpType` in sdk/go/common/apitype of pulumi/pulumi. Another name means another engine, and is refused.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanStep:
    """What happens to one resource; `paths` are the properties that differ, `replace_paths` those that replace it.

    `looked_up` marks a resource that the program only reads: it is no part of the stack's care.
    """

    op: Operation
    urn: str
    old: Resource | None
    new: Resource | None
    paths: tuple[str, ...] = ()
    replace_paths: tuple[str, ...] = ()
    looked_up: bool = False

    @property
    def either(self) -> Resource:
        """What comes, else what stood."""
        found = self.new or self.old
        return found if found is not None else Resource(urn=self.urn, type=self.type, name=self.name)

    @property
    def type(self) -> str:
        return type_of(self.urn)

    @property
    def name(self) -> str:
        return name_of(self.urn)

    @property
    def kind(self) -> str:
        """The type as a person says it: `rds Instance`."""
        package, _, name = self.type.rpartition(":")
        service = package.removeprefix("aws:").split("/")[0]
        return f"{service} {name}" if service else name

    @property
    def component(self) -> str:
        """The logical name of the component that holds the resource."""
        parent = self.either.parent
        return "" if ":pulumi:Stack::" in parent or not parent else name_of(parent)

    @property
    def is_component(self) -> bool:
        """Whether it only groups others; a custom resource is one, whatever its type is called."""
        return not self.either.custom or self.type == REFERENCE_TYPE

    @property
    def is_provider(self) -> bool:
        return self.type.startswith(PROVIDER_PREFIX)

    @property
    def changes(self) -> bool:
        return self.op not in ("same", "read")


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """What a policy pack said of a resource; `not_evaluated` where a value was not known yet."""

    policy: str
    level: str
    urn: str
    message: str
    not_evaluated: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A whole preview. `policies` is None where the recording cannot hold findings of policies."""

    stack: str
    steps: tuple[PlanStep, ...]
    config: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    policies: tuple[PolicyResult, ...] | None = None
    with_pack: bool = False
    """Whether the engine asked a policy pack, whichever it was."""
    failed: bool = False
    whole: bool = False
    """Whether every resource of the stack is in it, unchanged ones too."""
    source: str = ""
    recorded: bool = False
    """Whether a file says it, whose findings of policies are another's word."""
    offline: bool = False
    """Whether two declarations were compared, and no state was asked."""

    @cached_property
    def by_urn(self) -> dict[str, PlanStep]:
        return {step.urn: step for step in self.steps}

    @cached_property
    def stack_urn(self) -> str:
        """The URN of the stack itself, which is what settings of it are told of; declarations do not hold it."""
        for urn in self.by_urn:
            if f"::{STACK_TYPE}::" in urn:
                return urn
        project = self.steps[0].urn.split("::")[1] if self.steps else ""
        return f"urn:pulumi:{self.stack}::{project}::{STACK_TYPE}::{project}-{self.stack}"

    @cached_property
    def before(self) -> Graph:
        """What stands, under the URNs that it will have: an alias moves no resource."""
        stands = (_under(step.urn, step.old) for step in self.steps if step.old is not None)
        return Graph(stands, stack=self.stack, region=self._region)

    @cached_property
    def after(self) -> Graph:
        """What comes; what stays keeps the id and the attributes that it has."""
        return Graph((_coming(step) for step in self.steps if step.new), stack=self.stack, region=self._region)

    @cached_property
    def providers_before(self) -> dict[str, Resource]:
        """The providers that stand, under the URNs by which resources that stand name them."""
        return {step.old.urn: step.old for step in self.steps if step.is_provider and step.old is not None}

    def made_with_its_component(self, step: PlanStep) -> bool:
        """Whether a step makes a part of something that comes as a whole, or of a stack that does."""
        parent = self.by_urn.get(step.either.parent)
        whole = parent.op == "create" if parent is not None else not self.before.resources
        return step.op == "create" and whole

    @property
    def _region(self) -> str:
        return str(self.config.get("aws:region") or "")


def _under(urn: str, one: Resource) -> Resource:
    """A resource under a URN: itself where that is its own, as of nearly all."""
    return one if one.urn == urn else replace(one, urn=urn)


def _coming(step: PlanStep) -> Resource:
    assert step.new is not None  # noqa: S101  asked above
    if step.old is None or step.old is step.new or step.op in ("replace", "create", "import"):
        return _under(step.urn, step.new)
    return replace(
        step.new, urn=step.urn, id=step.new.id or step.old.id, outputs={**step.old.outputs, **step.new.outputs}
    )
