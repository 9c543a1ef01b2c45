"""Whether each property that changes was judged by somebody, is shown, or is harmless for a reason that stands."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from facts import tokens as t
from facts.containers import containers
from facts.one_way import refused_updates
from facts.replacements import replaces
from facts.types import TYPES, ResourceType
from graph import Mark, Masked, Resource, Secret
from graph.marks import is_known, marks_in
from graph.plan import Plan, PlanStep
from graph.values import maps
from operations.review.effects import Found, NotEvaluated, note, stop

_RELEASE: Final = re.compile(r"(:[\w.-]+)?(@.*)?$")
"""What an image's address says after its registry and repository."""


def changed_inputs(step: PlanStep) -> list[str]:
    """The properties whose inputs differ, or cannot be told to be the same.

    What the engine names beside them differs in the cloud alone: the program asks for what it asked for before.
    """
    if step.old is None or step.new is None:
        return []
    return _differing(step.old, step.new)


def _differing(old: Resource, new: Resource) -> list[str]:
    names = dict.fromkeys((*old.inputs, *new.inputs))
    return [name for name in names if not _same(old.inputs.get(name), new.inputs.get(name))]


def _same(old: Any, new: Any) -> bool:
    """Whether two values are known and equal. A value with a mark in it is equal to nothing."""
    return bool(old == new) and is_known(old) and is_known(new)


def properties(plan: Plan) -> Iterator[Found]:
    """Lines for properties that a reviewer must see, and a stop for each that nobody judges."""
    for step in plan.steps:
        yield from _by_another_provider(plan, step)
        listed = TYPES.get(step.type)
        if listed is None or listed.runs_code or step.is_component:
            continue
        if step.op in ("create", "import"):
            yield from _made(plan, step, listed)
        elif step.op in ("update", "replace"):
            yield from _changed(plan, step, listed)
            yield from _in_particular(step)


def _changed(plan: Plan, step: PlanStep, listed: ResourceType) -> Iterator[Found]:
    for name in changed_inputs(step):
        if step.is_provider and _is_hidden(step, name):  # a credential: the accounts that it is held to limit it
            continue
        if name in listed.noted:
            yield note("unwatched", step.urn, f"{listed.noted[name]} ({name}{_values(step, name)})")
        if not listed.knows(name):
            yield NotEvaluated(step.urn, f"{name} changes, which nothing here judges")
        elif name in listed.judged and _not_shown(step, name):
            yield _hidden(step, name)
        yield from _may_replace(step, name)
        if plan.offline and listed.loss and step.op == "update" and replaces(step.type, name) is None:
            yield NotEvaluated(step.urn, f"whether another value of {name} replaces this is not known here")


def _in_particular(step: PlanStep) -> Iterator[Found]:
    """What only the old value and the new one of a type's own properties tell together."""
    if step.old is None or step.new is None:
        return
    if step.op == "update":
        for refusal in refused_updates(step.type, step.old.inputs, step.new.inputs):
            yield note("unwatched", step.urn, f"AWS does not do it: {refusal}")
    if step.type == t.TASK_DEFINITION:
        yield from _containers(step)
    elif step.type == t.PARAMETER_GROUP:
        yield from _parameters(step)
    elif step.type == t.DATABASE:
        yield from _upgrade(step)


def _made(plan: Plan, step: PlanStep, listed: ResourceType) -> Iterator[Found]:
    """What is made with a property that nobody judges; and, of what is made by itself, all that a change would show."""
    assert step.new is not None  # noqa: S101  it is made
    given = {name: value for name, value in step.new.inputs.items() if value not in (None, "", [], {})}
    for name in given:
        if not listed.knows(name):
            yield NotEvaluated(step.urn, f"{name} is set, which nothing here judges")
        elif name not in listed.harmless and not step.is_provider and _not_shown(step, name):
            yield _hidden(step, name)
    shown = [f"{name}{_short(value)}" for name, value in given.items() if name in listed.noted]
    if shown and not plan.made_with_its_component(step):
        yield note("unwatched", step.urn, f"a new {listed.noun}: {', '.join(shown)}")


def _short(value: Any) -> str:
    return f" {value}" if isinstance(value, str | int | float | bool) and len(str(value)) <= 80 else ""


def _by_another_provider(plan: Plan, step: PlanStep) -> Iterator[Found]:
    """What goes through a provider that works as somebody else, or elsewhere; another region is a move."""
    if step.old is None or step.new is None or step.old.provider == step.new.provider:
        return
    old, new = plan.providers_before.get(step.old.provider), plan.after.by_urn.get(step.new.provider)
    if old is None or new is None:
        if plan.whole:
            yield NotEvaluated(step.urn, "it goes through another provider, which the plan does not show")
        return
    harmless = {"region", *(TYPES[new.type].harmless if new.type in TYPES else ())}
    for name in _differing(old, new):
        if name not in harmless:
            yield NotEvaluated(step.urn, f"it goes through another provider, whose {name} is another")


def _not_shown(step: PlanStep, name: str) -> bool:
    """Whether a value is masked, before or after; what is only not known yet is judged by whoever reads it."""
    states = (step.old, step.new)
    marks = (mark for state in states if state for _, mark in marks_in(state.inputs.get(name)))
    return any(isinstance(mark, Masked | Secret) for mark in marks)


def _hidden(step: PlanStep, name: str) -> NotEvaluated:
    return NotEvaluated(step.urn, f"{name} is not shown in the recording, so nothing can judge it")


def _is_hidden(step: PlanStep, name: str) -> bool:
    """Whether a value is not shown before and after."""
    return all(state is not None and isinstance(state.inputs.get(name), Mark) for state in (step.old, step.new))


def _values(step: PlanStep, name: str) -> str:
    assert step.old is not None and step.new is not None  # noqa: S101, PT018  asked by changed_inputs
    old, new = step.old.inputs.get(name), step.new.inputs.get(name)
    simple = (str, int, float, bool)
    if isinstance(old, simple) and isinstance(new, simple) and len(f"{old}{new}") <= 80:
        return f" {old} → {new}"
    return ""


def _may_replace(step: PlanStep, name: str) -> Iterator[Found]:
    """A value that is not known yet, of a property that replaces: no recording shows it, but the provider knows."""
    if step.op != "update" or step.new is None or step.old is None or not TYPES[step.type].loss:
        return
    value = step.new.inputs.get(name)
    if isinstance(value, Mark) and step.old.inputs.get(name) is not None and replaces(step.type, name):
        yield stop("replace", step.urn, f"{name} is not known before the update, and another value of it replaces this")


def _parameters(step: PlanStep) -> Iterator[Found]:
    """Parameters of a database that get another value, are set, or are no longer set."""
    old, new = (
        {str(one.get("name")): one.get("value") for one in maps(state.inputs.get("parameters"))} if state else {}
        for state in (step.old, step.new)
    )
    for name in dict.fromkeys((*old, *new)):
        was, becomes = old.get(name, "unset"), new.get(name, "unset")
        if was != becomes:
            yield note("unwatched", step.urn, f"parameter {name} {was} → {becomes}")


def _upgrade(step: PlanStep) -> Iterator[Found]:
    """A major version, of which an update has no other way than where the database stands."""
    assert step.old is not None and step.new is not None  # noqa: S101, PT018  an update or a replacement
    was, becomes = (one.inputs.get("engineVersion") for one in (step.old, step.new))
    if not (isinstance(was, str) and isinstance(becomes, str)) or was.split(".")[0] == becomes.split(".")[0]:
        return
    if step.new.inputs.get("manageMasterUserPassword") is True:
        what = "a major version, in place: blue/green deployments and replicas take no password that RDS manages"
        yield note("unwatched", step.urn, what)


def _containers(step: PlanStep) -> Iterator[Found]:
    """What a task's containers run and are configured with, which is part of what they do."""
    assert step.old is not None and step.new is not None  # noqa: S101, PT018  an update or a replacement
    old, new = (
        _settings(step.old.inputs.get("containerDefinitions")),
        _settings(step.new.inputs.get("containerDefinitions")),
    )
    if old is None or new is None:
        return
    for name in dict.fromkeys((*old, *new)):
        if name not in old or name not in new:
            yield note("unwatched", step.urn, f"the container {name} {'goes' if name in old else 'is new'}")
            continue
        was, becomes = old[name], new[name]
        for setting in dict.fromkeys((*was, *becomes)):
            if was.get(setting) != becomes.get(setting):
                yield note("unwatched", step.urn, f"{name} gets another {setting}")


def _settings(text: Any) -> Mapping[str, Mapping[str, str]] | None:
    """By container each of its settings, variables and secrets one by one; None where the text cannot be read."""
    try:
        return {str(one.get("name")): dict(_of_container(one)) for one in containers(text)}
    except (ValueError, TypeError):
        return None


def _of_container(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in container.items():
        if key in ("environment", "secrets"):
            yield from ((str(entry.get("name")), _text(entry)) for entry in maps(value))
        elif key == "image":  # a release is another digest or tag of the same
            yield key, _RELEASE.sub("", str(value))
        elif value not in (None, "", [], {}):
            yield key, _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
