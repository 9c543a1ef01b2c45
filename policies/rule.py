"""How a rule is written: a pure function `(args, report)`, bound to a control of the catalogue and to types."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_policy import PolicyResourceOptions

from graph.resource import canonical
from policies.stack import NotEvaluated, Stack

Report = Callable[[str], None]
"""Called with what is wrong; it may be called more than once. The catalogue adds the fix."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Args:
    """What a rule may look at: one resource, its control's settings and, in a stack-wide rule, the whole stack."""

    type: str
    urn: str
    name: str
    props: Mapping[str, Any]
    options: PolicyResourceOptions
    settings: Mapping[str, Any]
    region: str | None = None
    """The region of the resource's provider."""
    accounts: tuple[str, ...] = ()
    """The accounts that the resource's provider is allowed to touch."""
    stack: Stack = field(default_factory=lambda: Stack([]))
    resource: Any = None
    """The resource as pulumi-policy has it, to follow links from; only in a stack-wide rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A function with the control it proves and the resource types it judges (`aws:` means every AWS resource)."""

    control: str
    types: tuple[str, ...]
    judge: Callable[[Args, Report], None]
    stack_wide: bool = False

    def covers(self, kind: str) -> bool:
        kind = canonical(kind)
        return kind in self.types or ("aws:" in self.types and kind.startswith("aws:"))


__all__ = ["RULES", "Args", "NotEvaluated", "Report", "Rule", "rule", "stack_rule"]

RULES: list[Rule] = []
"""Filled as the modules of policies.rules are imported."""

Function = Callable[[Args, Report], None]


def rule(control: str, *types: str) -> Callable[[Function], Function]:
    """Judge each resource of the types by its own properties."""
    return _bind(control, types, stack_wide=False)


def stack_rule(control: str, *types: str) -> Callable[[Function], Function]:
    """Judge each resource of the types together with the rest of the stack."""
    return _bind(control, types, stack_wide=True)


def _bind(control: str, types: tuple[str, ...], *, stack_wide: bool) -> Callable[[Function], Function]:
    def bind(function: Function) -> Function:
        RULES.append(Rule(control, types, function, stack_wide))
        return function

    return bind
