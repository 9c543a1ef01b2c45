"""A realiser that changes what stands, resource by resource, in the engine's order.

The engine decides when the program registers a resource: what stood under its URN or an alias stays, is updated, or is
replaced. A replacement is made beside and the old one deleted at the end, unless it may not stand twice; then whoever
would be replaced with it is deleted first. What nobody registered goes last, the youngest first.

Source: pulumi/pulumi, pkg/resource/deploy/step_generator.go; for names that may not stand twice
pulumi/pulumi-terraform-bridge, pkg/tfbridge/names.go (`nameRequiresDeleteBeforeReplace`).
"""

from collections.abc import Mapping
from typing import Any, Final

from facts.difference import Difference, replaces_resource, without_ignored
from facts.one_way import refused_updates
from graph import Graph, Resource
from graph.plan import PlanStep
from rehearsal.change.applying import Applying, UnableError
from rehearsal.change.result import Fault
from rehearsal.cloud import CloudError
from rehearsal.made import Made
from rehearsal.mapper import Mapper
from rehearsal.result import Declared, State

_PROTECTED: Final = "it is protected, and the engine refuses: take `protect` away in a change of its own first"

_OTHERWISE: Final = "give it an alias, another name, or delete_before_replace"
_REPLACEMENT: Final = "create replacement"


class Changing:
    """Takes the place of a mapper in a monitor: changes what another mapper made."""

    def __init__(self, former: Graph, stood: Mapping[str, Made], mapper: Mapper) -> None:
        self._former = former
        self._stood = stood
        self._mapper = mapper
        self._applying = Applying(mapper)
        self._difference = Difference(former)
        self._pending: list[Resource] = []
        self._deleted: set[str] = set()
        self.steps: list[PlanStep] = []
        self.order: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.kept: list[tuple[str, str]] = []

    # ---- what the program registers

    def create(self, declared: Declared, provider: Declared | None) -> tuple[str, Mapping[str, Any]]:
        """Leave, update, replace or make one resource."""
        step = self._difference.step(declared)
        self.steps.append(step)
        old = step.old
        if old is None:
            return self._make(declared, provider, "create")
        made = self._stood.get(old.urn)
        if made is None or made.state is State.FAILED:
            return self._make(declared, provider, "create")  # it never stood, which is reported already
        if step.op == "replace":
            return self._replace(step, old, made, declared, provider)
        if old.urn in self._deleted:
            return self._make(declared, provider, "create anew", salt="#2")
        return self._update(step, made, declared, provider)

    def component(self, declared: Declared) -> None:
        """Meet a component, whose children move with it."""
        self.steps.append(self._difference.step(declared))

    def read(self, declared: Declared, provider: Declared | None) -> tuple[str, Mapping[str, Any]]:
        """Nothing changes by being read."""
        self.component(declared)
        return self._mapper.read(declared, provider)

    def _make(
        self, declared: Declared, provider: Declared | None, word: str, *, salt: str = ""
    ) -> tuple[str, Mapping[str, Any]]:
        self.order.append((declared.urn, word))
        return self._mapper.create(declared, provider, salt=salt)

    def _update(
        self, step: PlanStep, old: Made, declared: Declared, provider: Declared | None
    ) -> tuple[str, Mapping[str, Any]]:
        if step.op == "update":
            self.order.append((declared.urn, "update"))
        wanted = without_ignored(old.declared, declared)
        for refusal in refused_updates(wanted.type, old.declared.inputs, wanted.inputs):
            self._fault(declared.urn, "update", refusal)
        return self._mapper.change(wanted, provider, old, self._apply)

    def _apply(self, old: Made, new: Made) -> None:
        try:
            self._applying.update(old, new)
            for path in self._applying.left_behind(old, new):
                self._fault(new.declared.urn, "update", f"{path} is declared no more, and is left as it was")
        except (UnableError, CloudError, LookupError) as fault:
            self._fault(new.declared.urn, "update", str(fault))
            raise CloudError(str(fault)) from fault

    def _replace(
        self, step: PlanStep, old: Resource, made: Made, declared: Declared, provider: Declared | None
    ) -> tuple[str, Mapping[str, Any]]:
        if old.protect:
            self._fault(step.urn, "replace", _PROTECTED)
            return self._mapper.change(made.declared, provider, made, lambda _old, _new: None)
        if declared.delete_before_replace or _may_not_stand_twice(made, declared):
            for one in (*self._replaced_along(old), old):
                self._delete(one, "delete before its replacement")
            return self._make(declared, provider, _REPLACEMENT, salt="#2")
        self._pending.append(old)
        return self._make(declared, provider, _REPLACEMENT, salt="#2")

    def _replaced_along(self, old: Resource) -> list[Resource]:
        """Who names the old resource in a property that replaces, directly or through others; the youngest first."""
        found = {old.urn}
        for one in self._former.resources:
            named = {name for name, urns in one.property_dependencies.items() if found & set(urns)}
            if one.urn not in found and any(replaces_resource(one, name) for name in named):
                found.add(one.urn)
        return [one for one in reversed(self._former.resources) if one.urn in found and one.urn != old.urn]

    # ---- what goes

    def finish(self) -> None:
        """Delete what was replaced, then what nobody registered, in the engine's order."""
        gone = list(self._difference.gone())
        self.steps += gone
        going = {one.urn for one in self._pending} | {step.urn for step in gone if step.op == "delete"}
        for one in reversed(self._former.resources):
            if one.urn in going:
                self._delete(one, "delete")

    def _delete(self, one: Resource, word: str) -> None:
        made = self._stood.get(one.urn)
        if one.urn in self._deleted or made is None or made.state is State.FAILED or not one.custom:
            return
        self._deleted.add(one.urn)
        if one.protect:
            self._fault(one.urn, word, _PROTECTED)
            return
        again = self._same_thing(made)
        if again:
            self._fault(one.urn, word, f"{again} is {made.id} too, so this would delete both: {_OTHERWISE}")
            return
        self.order.append((one.urn, word))
        if one.retain_on_delete:
            self.kept.append((one.urn, "it is declared to be retained"))
            return
        try:
            stays = self._applying.delete(made)
        except (UnableError, CloudError, LookupError) as fault:
            self._fault(one.urn, word, str(fault))
        else:
            if stays:
                self.kept.append((one.urn, stays))

    def _same_thing(self, made: Made) -> str:
        """The logical name of what is declared now and is, to AWS, the very thing that would be deleted."""
        for one in self._mapper.made.values():
            if one.kind is made.kind and one.state is State.COMPARED and _identity(one) == _identity(made):
                return one.declared.name
        return ""

    def _fault(self, urn: str, step: str, what: str) -> None:
        self.faults.append(Fault(urn, urn.rpartition("::")[2], step, " ".join(what.split())))


def _identity(made: Made) -> tuple[str, str, str]:
    """An id is not always all: a task definition's is its family, and its ARN has the revision."""
    return made.id, made.region, str(made.outputs.get("arn") or "")


def _may_not_stand_twice(made: Made, declared: Declared) -> bool:
    """Whether a resource has a name that somebody chose and that its replacement has too."""
    rule = made.kind.name if made.kind else None
    if rule is None:
        return False
    name = declared.inputs.get(rule.field)
    return bool(name) and name == made.declared.inputs.get(rule.field)
