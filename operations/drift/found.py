"""What a refresh would write into the state: each resource that differs from what was deployed, where, and how bad."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from facts.replacements import replaces
from graph import Resource
from graph.plan import Operation, Plan, PlanStep
from graph.recorded import RecordedResource, RecordedStep
from graph.resource import STACK_TYPE, name_of, type_of
from graph.values import items
from operations.drift.nested import Difference, differing
from operations.engine.events import Event

NOT_SHOWN: Final = "it differs in a value that the engine does not show, so nobody can judge it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Drifted:
    """One resource: gone, added beside the declared ones, or changed in some values.

    `dangers` is what a review says of the same change if it were planned, what nobody can judge included.
    """

    urn: str
    gone: bool = False
    added: bool = False
    differences: tuple[Difference, ...] = ()
    dangers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return name_of(self.urn)

    @property
    def type(self) -> str:
        return type_of(self.urn)


def drifted(events: Iterable[Event]) -> tuple[Drifted, ...]:
    """Everything that a refresh found otherwise, in the engine's order, judged by nobody yet."""
    return tuple(one for step in _steps(events) if _differs(step) and (one := _drifted(step)) is not None)


def judged(stack: str, events: Iterable[Event]) -> tuple[Drifted, ...]:
    """The same, and what a review would stop first, with what it would say.

    What stands now is judged against what was deployed, by the facts that judge a planned change. The engine calls a
    resource the same where only something differs that the program does not ask for, such as a key that is switched
    off: that is reported where it is dangerous.
    """
    steps = list(_steps(events))
    known = {one.urn: one for one in map(_drifted, steps) if one is not None}
    if not known:
        return ()
    quiet = {step.urn for step in steps if step.urn in known and not _differs(step)}
    found = {urn: one for urn, one in known.items() if urn not in quiet}
    dangers = dangers_of(_plan(stack, steps, frozenset(known)), quiet)
    found |= {urn: known[urn] for urn in dangers if urn in quiet}
    for urn in dangers:  # what loses its guard need not be what changed: a bucket, where its versioning is gone
        found.setdefault(urn, Drifted(urn=urn))
    order = {urn: position for position, urn in enumerate(dangers)}
    ranked = (replace(one, dangers=(*dangers.get(one.urn, ()), *one.dangers)) for one in found.values())
    return tuple(sorted(ranked, key=lambda one: (not one.dangers, order.get(one.urn, len(order)))))


def _steps(events: Iterable[Event]) -> Iterator[RecordedStep]:
    for event in events:
        metadata = event.get("resOutputsEvent", {}).get("metadata")
        if metadata and metadata.get("old"):
            yield RecordedStep.model_validate(metadata)


def _drifted(step: RecordedStep) -> Drifted | None:
    """What differs of one resource; None where nothing does but what AWS alone computes, such as a time."""
    assert step.old is not None  # noqa: S101  asked by _steps
    if step.op == "delete" or step.new is None:
        return Drifted(urn=step.urn, gone=True)
    before, after = step.old.outputs, step.new.outputs
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    names = [name for name in changed if _is_declarable(step, name)]
    leaves = tuple(leaf for name in names for leaf in differing(name, before.get(name), after.get(name)))
    unseen = not changed or any(_is_hidden(step.old, path) for path in step.detailed_diff or {})
    hidden = _differs(step) and unseen
    if not leaves and not hidden:
        return None
    return Drifted(urn=step.urn, differences=leaves, dangers=(NOT_SHOWN,) if hidden else ())


def _differs(step: RecordedStep) -> bool:
    """Whether the engine says that it is not as the program asked for; it then changes what the next update does."""
    return step.op in ("update", "delete") or step.new is None


def _is_declarable(step: RecordedStep, name: str) -> bool:
    """Whether a program asks for a property, or could; of a type that nobody knows, every property."""
    states = [state for state in (step.old, step.new) if state is not None]
    if any(name in state.inputs for state in states):
        return True
    token = type_of(step.urn)
    known = any(replaces(token, one) is not None for state in states for one in state.inputs)
    return not known or replaces(token, name) is not None


def _is_hidden(old: RecordedResource, path: str) -> bool:
    return old.outputs.get(path.split(".", 1)[0].split("[", 1)[0]) == "[secret]"


# ---- judged as a planned change


def dangers_of(plan: Plan, quiet: Collection[str] = ()) -> Mapping[str, tuple[str, ...]]:
    """By URN, the most dangerous first: what would stop the same change if it were planned, then what a review shows.

    A review lets that pass because a reviewer reads it; of a change beside the program nobody has. Of what is `quiet`
    only what is known to be dangerous: AWS sets much there that nobody judges.
    """
    from operations.review.effects import NOT_JUDGED_KINDS  # half a second, as long as nothing differs
    from operations.review.findings import findings
    from operations.review.judging import judge

    messages: dict[str, list[str]] = {}
    found = judge(plan)
    for danger in found.stopping:
        if danger.urn not in quiet or danger.kind not in NOT_JUDGED_KINDS:
            messages.setdefault(danger.urn, []).append(danger.what)
    for one in findings(plan):
        urn = one.urn or f"urn:pulumi:{plan.stack}::workbuoy::{STACK_TYPE}::{plan.stack}"
        messages.setdefault(urn, []).append(f"{one.policy}: {' '.join(one.message.split())}")
    for urn, what in _outside_the_program(plan):
        messages.setdefault(urn, []).append(what)
    for danger in found.noted:
        if danger.kind != "over-budget" and (danger.urn not in quiet or danger.kind != "unwatched"):
            messages.setdefault(danger.urn, []).append(danger.what)
    return {urn: tuple(dict.fromkeys(lines)) for urn, lines in messages.items()}


def _outside_the_program(plan: Plan) -> Iterator[tuple[str, str]]:
    """What a review need not say, since it sees both sides: that other code runs, that a foreign thing is named.

    A release is reviewed with its task, and whatever is named in the place of a declared thing is declared, too. Of a
    change beside the program neither holds. ECS itself goes back to an earlier revision where a rollout fails, and that
    was deployed before.
    """
    from facts.types import TYPES, Harmless  # as in dangers_of
    from operations.review.properties import changed_inputs

    for step in plan.steps:
        listed = TYPES.get(step.type)
        if step.op != "update" or listed is None or step.old is None or step.new is None:
            continue
        for name in changed_inputs(step):
            old, new = step.old.inputs.get(name), step.new.inputs.get(name)
            if listed.harmless.get(name) is Harmless.RELEASE:
                if not _is_earlier(str(new), than=str(old)):
                    yield step.urn, f"{name}: something else runs than was deployed"
            elif name in listed.noted and _was_empty(old) and new:
                yield step.urn, f"{name}: {listed.noted[name]}, where there was nothing"
            elif any(plan.before.find(one) for one in _texts(old)):
                for foreign in (one for one in _texts(new) if one not in _texts(old) and not plan.before.find(one)):
                    yield step.urn, f"{name} names {foreign}, which this stack does not declare"


def _was_empty(value: Any) -> bool:
    """Whether a plain value was reported, and was nothing. Another resource may fill a list or a block."""
    return value is False or value == ""


def _texts(value: Any) -> list[str]:
    """The texts of a value or a list that may name other resources."""
    return [one for one in items(value) or [value] if isinstance(one, str) and one]


def _is_earlier(revision: str, than: str) -> bool:
    """Whether one is a lower number of the same family: `arn:...:task-definition/FAMILY:NUMBER`."""
    (family, _, number), (other, _, later) = revision.rpartition(":"), than.rpartition(":")
    return family == other and number.isdigit() and later.isdigit() and int(number) < int(later)


def _plan(stack: str, steps: Iterable[RecordedStep], drifted_urns: frozenset[str]) -> Plan:
    found = []
    for step in steps:
        assert step.old is not None  # noqa: S101  asked by _steps
        old, new = step.old.resource(), step.new.resource() if step.new is not None else None
        names = _names(step)
        if new is None or step.op == "delete":
            found.append(PlanStep(op="delete", urn=step.urn, old=_as_deployed(old, old, names), new=None))
            continue
        op: Operation = "update" if step.urn in drifted_urns else "same"
        sides = (_as_deployed(old, one, names) for one in (old, new))
        found.append(PlanStep(op=op, urn=step.urn, old=next(sides), new=next(sides)))
    return Plan(stack=stack, steps=tuple(found), policies=(), whole=True)


def _names(step: RecordedStep) -> tuple[str, ...]:
    """What is compared: what the program asked for, and what else it could have. A mask that stayed tells nothing."""
    assert step.old is not None  # noqa: S101  asked by _steps
    before, after = step.old.outputs, (step.new or step.old).outputs
    differing_names = (name for name in sorted({*before, *after}) if before.get(name) != after.get(name))
    names = dict.fromkeys((*step.old.inputs, *(name for name in differing_names if _is_declarable(step, name))))
    masks = {name for name in names if before.get(name) == after.get(name) == "[secret]"}
    return tuple(name for name in names if name not in masks)


def _as_deployed(declared: Resource, live: Resource, names: Iterable[str]) -> Resource:
    """The resource with what the cloud has in the place of each value that the program asked for."""
    values = {
        name: live.outputs[name] if name in live.outputs else declared.inputs.get(name)
        for name in names
        if name in live.outputs or (name in declared.inputs and name not in declared.outputs)
    }
    return replace(live, inputs=values)
