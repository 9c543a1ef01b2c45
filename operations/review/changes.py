"""A plan's ordinary changes, by component, with the noise told apart."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from facts.places import LABELS
from graph import Mark, Resource
from graph.marks import is_known
from graph.plan import Plan, PlanStep
from graph.values import at, root_of
from operations.review.properties import changed_inputs
from policies.tags import TENANT

Noise = Literal["tags only", "order only", "in the cloud only"]
_ORDER_MEANS_SOMETHING: Final = frozenset({"commands", "command", "entryPoint", "imageConfig", "containerDefinitions"})
"""Properties in which another order is another thing: a command's words, the steps of a container."""


@dataclass(frozen=True, slots=True)
class Change:
    """One resource that changes, with what changes in it."""

    step: PlanStep
    details: tuple[str, ...]


@dataclass(slots=True)
class Changes:
    """Changes by component; `noise` holds what a reviewer need not read."""

    by_component: dict[str, list[Change]] = field(default_factory=lambda: defaultdict(list))
    noise: dict[Noise, list[PlanStep]] = field(default_factory=lambda: defaultdict(list))
    tags: tuple[str, ...] = ()
    """The tags that change in tag-only changes."""

    def count(self) -> int:
        return sum(len(found) for found in self.by_component.values())


def changes(plan: Plan) -> Changes:
    """Every step that changes something; components themselves are left out."""
    found = Changes()
    tags: set[str] = set()
    for step in plan.steps:
        if not step.changes or step.is_component or step.is_provider:
            continue
        noise = _noise(step)
        if noise:
            found.noise[noise].append(step)
            tags |= set(_tag_names(step)) if noise == "tags only" else set()
        else:
            found.by_component[step.component or "the stack itself"].append(Change(step, tuple(_details(step))))
    found.tags = tuple(sorted(tags))
    return found


def tenants(plan: Plan) -> tuple[str, ...]:
    """Tenants whose resources change, by their tag."""
    touched = {
        str(tenant)
        for step in plan.steps
        if step.changes
        for state in (step.old, step.new)
        if state and (tenant := at(state.inputs.get("tags"), TENANT)) and not isinstance(tenant, Mark)
    }
    return tuple(sorted(touched))


def _noise(step: PlanStep) -> Noise | None:
    if step.op != "update" or not step.paths or step.old is None or step.new is None:
        return None
    changed = set(changed_inputs(step))
    if {root_of(path) for path in step.paths} | changed <= set(LABELS):
        return "tags only"
    if not changed:
        return "in the cloud only"
    rest = changed - set(LABELS)
    if rest & _ORDER_MEANS_SOMETHING:
        return None
    old, new = step.old.inputs, step.new.inputs
    known = all(is_known(old.get(root)) and is_known(new.get(root)) for root in rest)
    if known and all(_ordered(old.get(root)) == _ordered(new.get(root)) for root in rest):
        return "order only"
    return None


def _tag_names(step: PlanStep) -> Iterator[str]:
    for path in step.paths:
        root, _, name = path.partition(".")
        if root == "tags" and name:
            yield name


def _ordered(value: Any) -> Any:
    """A value whose order means nothing: lists sorted, documents parsed."""
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return _ordered(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, Mapping):
        return {key: _ordered(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(
            (_ordered(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True, default=str)
        )
    return value


def _details(step: PlanStep) -> Iterator[str]:
    if step.op not in ("update", "replace"):
        return
    for path in [path for path in step.paths if root_of(path) not in LABELS]:
        old, new = _shown(_value(step.old, path)), _shown(_value(step.new, path))
        yield f"{path} {old} → {new}" if old != new else f"{path} {old}"
    if any(root_of(path) in LABELS for path in step.paths):
        yield "tags"


def _value(state: Resource | None, path: str) -> Any:
    """The input at an engine's path, `rules[0].days`; what the program does not say, AWS decides."""
    return at(state.inputs, path) if state else None


def _shown(value: Any) -> str:
    if isinstance(value, Mark):
        return "(known after the update)"
    if value is None:
        return "(unset)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}"
    if isinstance(value, str) and len(value) <= 60 and value[:1] not in "[{":
        return value
    return "(changed)"


def summary(plan: Plan) -> Mapping[str, int]:
    """How many resources are created, updated and so on, components left out."""
    counts: dict[str, int] = {}
    for step in plan.steps:
        if not step.is_component and not step.is_provider:
            counts[step.op] = counts.get(step.op, 0) + 1
    return counts
