"""A planned change in one form, whether it came from `pulumi preview --json` or from the engine's events."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Op = Literal["same", "create", "update", "replace", "delete", "read", "import", "forget"]

OPS: Final[Mapping[str, Op | None]] = {
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

Source: the Automation API's `OpType`. Another name means another engine, and is refused.
"""

UNKNOWN: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
        "output<string>",
    }
)
"""What the engine writes for a value that is not known before the update (sdk/go/common/resource/plugin)."""


@dataclass(frozen=True, slots=True)
class Source:
    """A line of the project's own code."""

    file: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """A resource before or after the change; inputs are what the program asks for."""

    urn: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    id: str = ""
    parent: str = ""
    provider: str = ""
    protect: bool = False
    retain_on_delete: bool = False
    source: Source | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What happens to one resource; `paths` are the properties that differ."""

    op: Op
    urn: str
    old: State | None
    new: State | None
    paths: tuple[str, ...] = ()
    replace_paths: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """The token of the resource's own type, the last of the chain in its URN."""
        return self.urn.split("::")[2].rpartition("$")[2] if self.urn.count("::") >= 3 else ""

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]

    @property
    def kind(self) -> str:
        """The type as a person says it: `rds Instance`."""
        package, _, name = self.type.rpartition(":")
        service = package.removeprefix("aws:").split("/")[0]
        return f"{service} {name}" if service else name

    @property
    def component(self) -> str:
        """The logical name of the component that holds the resource."""
        state = self.new or self.old
        parent = state.parent if state else ""
        return "" if ":pulumi:Stack::" in parent or not parent else parent.rpartition("::")[2]

    @property
    def is_component(self) -> bool:
        return not self.type.startswith(("aws:", "random:", "pulumi:providers:"))

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A whole preview. `policies` is None where the recording cannot hold findings of policies."""

    stack: str
    steps: tuple[Step, ...]
    config: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    policies: tuple[PolicyResult, ...] | None = None
    failed: bool = False
    whole: bool = False
    """Whether every resource of the stack is in it, unchanged ones too."""
    source: str = ""

    def by_urn(self) -> dict[str, Step]:
        return {step.urn: step for step in self.steps}

    def regions(self) -> Mapping[str, tuple[str, str]]:
        """Old and new region of every provider, by URN."""
        return {
            step.urn: (_region(step.old), _region(step.new))
            for step in self.steps
            if step.type.startswith("pulumi:providers:")
        }


def _region(state: State | None) -> str:
    return str(state.inputs.get("region", "")) if state else ""


def is_unknown(value: Any) -> bool:
    return isinstance(value, str) and value in UNKNOWN


def unknowns(value: Any, path: str = "") -> Iterator[str]:
    """Dotted paths of the values that are not known yet."""
    if is_unknown(value):
        yield path
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from unknowns(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknowns(item, f"{path}[{index}]")
