"""What was, what comes, what dies; how long what is interrupted; what it costs: before the stack itself."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.plan import PlanStep
from graph.resource import short_type
from graph.wire import MASK
from project.terminal import count
from rehearsal.change.result import ChangeRehearsal
from rehearsal.change.text import VERBS, counted
from rehearsal.report.markup import Child, Html, code, el, join
from rehearsal.report.present import Column, Section, chip, items, table, value
from rehearsal.report.view import View

_TONES = {"replace": "bad", "delete": "bad", "update": "warn", "create": "stays"}
_SIDES = (Column("Resource"), Column("Property", "mono"), Column("Was"), Column("Comes"))


def change(view: View) -> Section | None:
    """None where nothing stood before."""
    found = view.rehearsal.change
    if found is None:
        return None
    body = join(
        el("p", f"From {found.origin}: {counted(found)}. It was made in moto in the engine's order."),
        _faults(view, found),
        [_steps(view, found, op) for op in VERBS],
        _moved(found),
        _interrupted(found),
        _kept(found),
        el("h3", "What it costs") if found.monthly else None,
        el("p", found.monthly) if found.monthly else None,
        el("ul", [el("li", one) for one in found.notes], class_="quiet") if found.notes else None,
    )
    return Section("change", "The change", body, badge=str(len(found.faults) or ""), tone="bad")


def _faults(view: View, found: ChangeRehearsal) -> list[Html]:
    return [
        el(
            "article",
            el("h3", code(one.name), " ", chip(one.step, "bad")),
            el("p", view.scrub(one.what), class_="why"),
            class_="problem",
        )
        for one in found.faults
    ]


def _steps(view: View, found: ChangeRehearsal, op: str) -> Html | None:
    steps = [one for one in found.changing if one.op == op]
    if not steps:
        return None
    title = el("h3", chip(VERBS[op], _TONES[op]), f" {count(len(steps), 'resource')}")
    if op in ("create", "delete"):
        return join(title, items([_named(view, one) for one in steps], "bullets"))
    rows = [row for one in steps for row in _sides(view, one)]
    return join(
        title, table(f"What was, and what comes, of each that is {VERBS[op]}", _SIDES, rows, class_="cards sides")
    )


def _named(view: View, step: PlanStep) -> Html:
    resource = view.rehearsal.by_urn.get(step.urn)
    name = view.link(resource) if resource is not None else code(step.name)
    return join(name, " ", el("span", short_type(step.type), class_="quiet"))


def _sides(view: View, step: PlanStep) -> Iterator[list[Child]]:
    was, comes = (one.inputs if one is not None else {} for one in (step.old, step.new))
    for path in step.paths:
        leaves = list(_leaves(path, was.get(path), comes.get(path)))
        for leaf, before, after in leaves:
            replaces = chip("replaces it", "bad") if path in step.replace_paths else None
            hidden = _is_secret(view, step, leaf)
            sides = (value(MASK), value(MASK)) if hidden else (value(before), value(after))
            yield [_named(view, step), join(leaf, " ", replaces), *sides]


def _is_secret(view: View, step: PlanStep, path: str) -> bool:
    resource = view.rehearsal.by_urn.get(step.urn)
    return resource is None or view.is_secret(resource, path)


def _leaves(path: str, was: Any, comes: Any) -> Iterator[tuple[str, Any, Any]]:
    """Where two objects differ; anything else as a whole."""
    if isinstance(was, Mapping) and isinstance(comes, Mapping):
        for key in dict.fromkeys((*was, *comes)):
            if was.get(key) != comes.get(key):
                yield from _leaves(f"{path}.{key}", was.get(key), comes.get(key))
    else:
        yield path, was, comes


def _moved(found: ChangeRehearsal) -> Html | None:
    if not found.moves:
        return None
    lines = [join(code(one.new.name), " stands as ", code(one.old.name), ": ", code(one.alias)) for one in found.moves]
    return join(el("h3", "Made anew though it stands: an alias keeps it"), items(lines, "bullets"))


def _interrupted(found: ChangeRehearsal) -> Html:
    cuts = found.interruptions
    title = el("h3", "What is interrupted, and how long")
    if not cuts:
        return join(title, el("p", "Nothing that is known to interrupt."))
    columns = (Column("Resource"), Column("How long"), Column("Why"))
    rows: list[list[Child]] = [[code(one.urn.rpartition("::")[2]), one.length, one.why] for one in cuts]
    return join(title, table("By AWS's documentation, not measured", columns, rows, class_="cards"))


def _kept(found: ChangeRehearsal) -> Html | None:
    if not found.kept:
        return None
    lines = [join(code(urn.rpartition("::")[2]), f": {why}") for urn, why in found.kept]
    return join(el("h3", "What stays in AWS"), items(lines, "bullets"))
