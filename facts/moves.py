"""What was renamed or moved in the code without an alias: the engine deletes it and makes it anew.

Told by type and equal inputs. Where a component was renamed or moved with all that is in it, one alias on the component
keeps the rest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graph import Resource
from graph.marks import is_known
from graph.plan import Plan, PlanStep
from graph.resource import STACK_TYPE, type_of


@dataclass(frozen=True, slots=True)
class Move:
    """What stands as `old` and is made anew as `new`; `count` are the resources that the alias keeps."""

    old: Resource
    new: Resource
    count: int

    @property
    def alias(self) -> str:
        """The option that keeps it, as Python."""
        parts = []
        if self.old.name != self.new.name:
            parts.append(f'name="{self.old.name}"')
        if self.old.parent != self.new.parent:
            parts.append(f"parent={_parent(self.old)}")
        return f"aliases=[pulumi.Alias({', '.join(parts)})]"

    def __str__(self) -> str:
        with_it = f" and {self.count - 1} in it" if self.count > 1 else ""
        return f"{self.new.name}{with_it} stands as {self.old.name}: keep it with {self.alias}"


def moves(plan: Plan) -> tuple[Move, ...]:
    """Each resource, or outermost component, that an alias would keep."""
    pairs = _pairs(plan)
    kept: dict[tuple[str, str], int] = {}
    known = {step.urn: step.either for step in plan.steps} | {
        step.old.urn: step.old for step in plan.steps if step.old is not None
    }
    for old, new in pairs:
        outermost = _outermost(old.urn, new.urn, plan, known)
        kept[outermost] = kept.get(outermost, 0) + 1
    return tuple(Move(known[old], known[new], count + int(not known[new].custom)) for (old, new), count in kept.items())


def _pairs(plan: Plan) -> Iterator[tuple[Resource, Resource]]:
    """What goes and what comes that is the same thing; each once, the like-named first."""
    going = [step.old for step in plan.steps if step.op == "delete" and step.old is not None and _counts(step)]
    for step in plan.steps:
        if step.op != "create" or step.new is None or not _counts(step):
            continue
        alike = [one for one in going if one.type == step.type and _equal(one.inputs, step.new.inputs)]
        if alike:
            found = max(alike, key=lambda one: _common(one.name, step.name))
            going.remove(found)
            yield found, step.new


def _counts(step: PlanStep) -> bool:
    return not (step.is_component or step.is_provider or step.looked_up)


def _equal(was: Mapping[str, Any], becomes: Mapping[str, Any]) -> bool:
    """Equal inputs; what names something that is made anew as well is not known, and decides nothing."""
    if not was or was.keys() != becomes.keys():
        return False
    return all(not is_known(value) or was[name] == value for name, value in becomes.items())


def _common(one: str, other: str) -> int:
    """How many characters two names share at their ends: children are called after their parents."""
    return next((at for at in range(min(len(one), len(other))) if one[-1 - at] != other[-1 - at]), len(one))


def _outermost(old: str, new: str, plan: Plan, known: Mapping[str, Resource]) -> tuple[str, str]:
    """The pair of components that holds a pair and was itself renamed or moved; else the pair."""
    parents = known[old].parent, known[new].parent
    if parents[0] == parents[1] or STACK_TYPE in "".join(parents) or "" in parents:
        return old, new
    if type_of(parents[0]) != type_of(parents[1]) or any(parent not in known for parent in parents):
        return old, new
    stays = {step.old.urn for step in plan.steps if step.old is not None and step.op != "delete"}
    if parents[0] in stays:
        return old, new
    return _outermost(*parents, plan, known)


def _parent(old: Resource) -> str:
    """The former parent as an alias takes it: by URN, in which the program puts its own stack."""
    if not old.parent or STACK_TYPE in old.parent:
        return "pulumi.ROOT_STACK_RESOURCE"
    return f'f"urn:pulumi:{{pulumi.get_stack()}}::{old.parent.split("::", 1)[1]}"'
