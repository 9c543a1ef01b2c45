"""What a refresh would write into the state: each resource that differs from what was deployed, and where."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from graph import Resource
from graph.plan import Operation, Plan, PlanStep
from graph.recorded import RecordedStep
from operations.engine.events import Event
from operations.review.effects import NOT_JUDGED_KINDS
from operations.review.inert import inert
from operations.review.judging import judge

SECRET: Final = "[secret]"  # noqa: S105  how the engine writes one in its events


@dataclass(frozen=True, slots=True)
class Difference:
    """One property: what was deployed, and what is there now."""

    path: str
    deployed: Any
    found: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Drifted:
    """One resource: gone, or changed in some properties."""

    urn: str
    gone: bool
    differences: tuple[Difference, ...] = ()
    dangers: tuple[str, ...] = ()
    """What a review says of it that would stop a planned change."""

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]

    @property
    def type(self) -> str:
        return self.urn.split("::")[2].rpartition("$")[2]


def drifted(events: Iterable[Event]) -> tuple[Drifted, ...]:
    """Everything that a refresh found otherwise, in the engine's order."""
    found = []
    for event in events:
        step = event.get("resOutputsEvent", {}).get("metadata")
        if step and step["op"] == "delete":
            found.append(Drifted(urn=step["urn"], gone=True))
        elif step and step["op"] == "update":
            found.append(Drifted(urn=step["urn"], gone=False, differences=tuple(_differences(step))))
    return tuple(found)


def _differences(step: Mapping[str, Any]) -> Iterator[Difference]:
    """Top-level properties; what only the cloud computes is left out, unless nothing else differs."""
    old, new = step.get("old") or {}, step.get("new") or {}
    before, after = old.get("outputs") or {}, new.get("outputs") or {}
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    declared = [name for name in changed if name in (old.get("inputs") or {}) or name in (new.get("inputs") or {})]
    for name in declared or changed:
        yield Difference(name, before.get(name), after.get(name))


def most_dangerous_first(stack: str, events: Iterable[Event], found: tuple[Drifted, ...]) -> tuple[Drifted, ...]:
    """The same resources, those first whose drift a review would stop, with what it would say of them.

    What stands now is judged against what was deployed, by the facts that judge a planned change.
    """
    judged = judge(_as_plan(stack, events))
    said: dict[str, list[str]] = {}
    for danger in (one for one in judged.stopping if one.kind not in NOT_JUDGED_KINDS):
        said.setdefault(danger.urn, []).append(danger.what)
    order = list(said)
    known = (replace(one, dangers=tuple(said.get(one.urn, ()))) for one in found)
    return tuple(sorted(known, key=lambda one: order.index(one.urn) if one.urn in order else len(order)))


def _as_plan(stack: str, events: Iterable[Event]) -> Plan:
    steps = []
    for event in events:
        metadata = event.get("resOutputsEvent", {}).get("metadata")
        recorded = RecordedStep.model_validate(metadata) if metadata else None
        if recorded is None or recorded.old is None:
            continue
        old = _as_deployed(recorded.old.resource())
        new = None if recorded.new is None or recorded.op == "delete" else _as_deployed(recorded.new.resource(), old)
        op: Operation = "delete" if new is None else "update" if recorded.op == "update" else "same"
        steps.append(PlanStep(op=op, urn=recorded.urn, old=old, new=new))
    return Plan(stack=stack, steps=tuple(steps), policies=(), whole=True)


def _as_deployed(resource: Resource, old: Resource | None = None) -> Resource:
    """The resource with what the cloud has in the place of each value that the program asked for."""
    names = resource.inputs if old is None else old.inputs
    there = {name: resource.outputs.get(name, value) for name, value in names.items() if name in resource.outputs}
    return replace(resource, inputs={**(resource.inputs if old is None else {}), **there})


def as_json(stack: str, found: Iterable[Drifted]) -> dict[str, Any]:
    """For programs: names of what differs, without values, which may be anybody's data."""
    rows = [
        {
            "urn": one.urn,
            "gone": one.gone,
            "properties": [difference.path for difference in one.differences],
            "dangerous": bool(one.dangers),
        }
        for one in found
    ]
    return {"stack": stack, "drifted": bool(rows), "resources": rows}


def as_markdown(stack: str, found: tuple[Drifted, ...]) -> str:
    """For an issue."""
    if not found:
        return f"## {stack}: no drift\n\nEverything is as the last deployment left it.\n"
    lines = [f"## {stack}: {len(found)} resource{'s' if len(found) > 1 else ''} drifted", ""]
    for one in found:
        lines.append(f"- `{one.name}` ({one.type})" + (" is gone" if one.gone else ""))
        lines += [f"  - **{inert(danger)}**" for danger in one.dangers]
        lines += [f"  - {each.path}: {_shown(each.deployed)} → {_shown(each.found)}" for each in one.differences]
    lines += [
        "",
        "The next deployment puts none of this back: the engine compares the program with its state, not with the "
        f"cloud. `pulumi refresh --stack {stack}` takes what was found into the state; then `workbuoy review {stack}` "
        "shows what an update would change back, and `workbuoy deploy` does it. What shall stay goes into the program "
        "or the stack's file before that.",
    ]
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    if value is None:
        return "(unset)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"`{value:g}`"
    if isinstance(value, str) and value != SECRET and len(value) <= 60 and "\n" not in value:
        return f"`{value.replace('`', chr(39))}`"
    return "(changed)"
