"""The plan that leads from one declared graph to another, as the engine would make it, without the engine.

What replaces a resource is the provider's own knowledge (`facts.replacements`). A resource that is made anew has
attributes that nobody knows yet, so whoever names them changes too. State and drift are not in it: it says what the
program asks for now and asked for before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from facts.replacements import replaces
from graph import Graph, Resource, Unknown
from graph.marks import is_known
from graph.plan import Operation, PlanStep
from graph.resource import STACK_TYPE, token_in
from graph.values import root_of, texts

R = TypeVar("R", bound=Resource)
_SHORTEST_ATTRIBUTE: Final = 6
"""Shorter texts stand in other values by chance."""


def difference(before: Graph, after: Graph) -> tuple[PlanStep, ...]:
    """A step for each resource of either graph: what comes or stays in order of registration, then what goes."""
    found = Difference(before)
    return (*[found.step(new) for new in after.resources], *found.gone())


@dataclass
class Difference:
    """What stood, met by what comes, one resource after the other in the order in which the program registers them.

    A resource whose outputs are not there yet, as when it is about to be made, makes nothing of others unknown.
    """

    before: Graph
    found: dict[str, str] = field(default_factory=dict)
    """URN that a resource has now -> URN that it had."""
    let_go: set[str] = field(default_factory=set)
    """URNs of what was managed and is only read from now on, by the same id: it stays. By another, it is deleted."""
    made_anew: dict[str, frozenset[str]] = field(default_factory=dict)
    """URN of a resource that is created or replaced -> its attributes, which are not known before the update."""

    def step(self, new: Resource) -> PlanStep:
        """What becomes of the next resource that the program registers."""
        old = self._old(new)
        if old is None:
            step = PlanStep(op="read" if new.read else "create", urn=new.urn, old=None, new=new, looked_up=new.read)
        else:
            self.found[new.urn] = old.urn
            step = self._compared(old, new)
        if step.op in ("create", "replace"):
            self.made_anew[new.urn] = _attributes(new)
        return step

    def gone(self) -> Iterator[PlanStep]:
        """What stood and was not met, once everything is registered."""
        kept = set(self.found.values())
        for old in self.before.resources:
            if old.urn not in kept:
                op: Operation = "forget" if old.read or old.urn in self.let_go else "delete"
                yield PlanStep(op=op, urn=old.urn, old=old, new=None, looked_up=old.read)

    # ---- which resource it was

    def _old(self, new: Resource) -> Resource | None:
        taken = set(self.found.values())
        for urn in (new.urn, *self._former_urns(new)):
            old = self.before.by_urn.get(urn)
            if old is None or old.urn in taken:
                continue
            if (old.read, old.custom) == (new.read, new.custom):
                return old
            if new.read and old.id == new.id:
                self.let_go.add(urn)
        return None

    def _former_urns(self, new: Resource) -> Iterator[str]:
        """By its own aliases, and by those of its parent: a child of an aliased component moves with it."""
        for alias in new.aliases:
            yield alias if alias.startswith("urn:") else self._of_parts(new, alias)
        former_parent = self.found.get(new.parent)
        if former_parent is not None and former_parent != new.parent:
            yield _urn_of(former_parent, token_in(new.urn), _renamed(new.name, new.parent, former_parent))

    def _of_parts(self, new: Resource, alias: str) -> str:
        """An alias of single parts, `name=...,type=...`; what it does not name is as it is now."""
        parts = dict(part.split("=", 1) for part in alias.split(",") if "=" in part)
        parent = parts.get("parent", new.parent)
        parent = "" if parent == "none" else self.found.get(parent, parent)
        prefix, project = new.urn.split("::")[:2]
        name, token = parts.get("name", new.name), parts.get("type", token_in(new.urn))
        if parent and STACK_TYPE not in parent:
            return _urn_of(parent, token, name)
        return f"{prefix}::{parts.get('project', project)}::{token}::{name}"

    # ---- what becomes of it

    def _compared(self, old: Resource, new: Resource) -> PlanStep:
        coming = self._with_unknowns(without_ignored(old, new))
        if not new.custom or new.read:
            return PlanStep(op="same", urn=new.urn, old=old, new=new, looked_up=new.read)
        paths = tuple(self._changed(old, coming))
        replacing = tuple(path for path in paths if replaces_resource(new, path))
        op: Operation = "replace" if replacing else "update" if paths else "same"
        return PlanStep(op=op, urn=new.urn, old=old, new=coming, paths=paths, replace_paths=replacing)

    def _changed(self, old: Resource, new: Resource) -> Iterator[str]:
        ignored = set(new.ignore_changes)
        for name in dict.fromkeys((*old.inputs, *new.inputs)):
            was, becomes = old.inputs.get(name), new.inputs.get(name)
            if name not in ignored and (was != becomes or not is_known(becomes)):
                yield name

    def _with_unknowns(self, new: Resource) -> Resource:
        """The resource with a mark in the place of each text that names an attribute of something that is made anew."""
        changed: dict[str, Any] = {}
        for name, value in new.inputs.items():
            made = [self.made_anew.get(urn, frozenset()) for urn in new.property_dependencies.get(name, ())]
            attributes = frozenset[str]().union(*made)
            if any(_names(text, attributes) for text in texts(value)):
                changed[name] = _with_marks(value, attributes)
        return replace(new, inputs={**new.inputs, **changed}) if changed else new


def replaces_resource(new: Resource, path: str) -> bool:
    """Whether another value of a property replaces this resource, by its own options or by the provider."""
    paths = {root_of(one) for one in new.replace_on_changes}
    return path in paths or "*" in paths or bool(replaces(new.type, path))


def without_ignored(old: Resource, new: R) -> R:
    """A resource as it will be: what changes of it are ignored stays. A path into a property leaves the rest of it."""
    names = [name for name in new.ignore_changes if name in old.inputs or name in new.inputs]
    if not names:
        return new
    kept = {name: old.inputs[name] for name in names if name in old.inputs}
    return replace(new, inputs={**{k: v for k, v in new.inputs.items() if k not in names}, **kept})


def _attributes(new: Resource) -> frozenset[str]:
    """Texts among what came of a resource that it was not given: its id, its ARN, its address."""
    given = set(texts(new.inputs))
    made = {new.id, *texts(new.outputs)} - given
    return frozenset(text for text in made if len(text) >= _SHORTEST_ATTRIBUTE)


def _names(text: str, attributes: frozenset[str]) -> bool:
    return any(attribute in text for attribute in attributes)


def _with_marks(value: Any, attributes: frozenset[str]) -> Any:
    if isinstance(value, str):
        return Unknown() if _names(value, attributes) else value
    if isinstance(value, Mapping):
        return {key: _with_marks(item, attributes) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_with_marks(item, attributes) for item in value]
    return value


def _urn_of(parent: str, token: str, name: str) -> str:
    prefix, project, chain = parent.split("::")[:3]
    qualified = token if chain == STACK_TYPE else f"{chain}${token}"
    return f"{prefix}::{project}::{qualified}::{name}"


def _renamed(name: str, parent: str, former_parent: str) -> str:
    """A child's former name: children are called after their parent."""
    now, then = parent.rpartition("::")[2], former_parent.rpartition("::")[2]
    return then + name.removeprefix(now) if name.startswith(now) else name
