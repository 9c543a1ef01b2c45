"""The review of a change without an account or an engine: what the program asked for at a revision, and now."""

import json
from collections.abc import Iterator

from facts.difference import difference
from graph import Graph
from graph.plan import Plan, PlanStep, PolicyResult
from graph.rehearsed import graph_of_json
from infra.stack_files import settings_in
from operations.ending import Notify
from operations.review.cost import cost
from policies.retiring import with_retirement
from policies.runner import check
from project.files import Project, read_config
from project.silos import residency_of, retiring_on
from rehearsal.revision import Side, at, declaring, notes


def plan_since(project: Project, stack: str, revision: str, notify: Notify) -> Plan:
    """The plan that leads from what the project's own files at a revision declare to what the working tree declares.

    Raises ProblemsError for a revision that git does not know and a stack that the project has not, and InputError
    where a program fails.
    """
    read_config(project, stack)  # an unknown stack is a mistake of its own, before anything is taken out of git
    now = Side(project.root, "the working tree", stack)
    with at(project.root, revision) as former:
        for line in notes(project.root, former):
            notify(line)
        stood = former.has_stack(stack)
        if not stood:
            notify(f"{revision} has no stack {stack}: everything in it is new")
        sides = [*([Side(former.folder, revision, stack)] if stood else []), now]
        with declaring(sides) as running:
            graphs = [graph_of_json(one.body(), side.origin) for one, side in zip(running, sides, strict=True)]
    before, after = graphs if stood else (Graph((), stack=stack), graphs[0])
    return Plan(
        stack=stack,
        steps=difference(before, after),
        config=_config(project, stack),
        policies=tuple(_judged(project, stack, after)),
        whole=True,
        offline=True,
        source=f"{former.origin} and the working tree",
    )


def monthly_difference(steps: tuple[PlanStep, ...]) -> str:
    """What steps add to a month at rest, or take from it, in one line; what has no known price is named."""
    found = cost(Plan(stack="", steps=steps, whole=True))
    parts = [
        f"{found.before:.2f} → {found.after:.2f} USD a month at rest"
        if found.difference
        else "unchanged a month, at rest"
    ]
    if found.unpriced:
        parts.append(f"without {', '.join(found.unpriced)}, whose price is not known")
    return ", ".join(parts)


def _config(project: Project, stack: str) -> dict[str, str]:
    """The settings as a recording holds them; a customer's stack has the residency of its record."""
    settings = dict(settings_in(project.stack_file(stack)) or {})
    settings.setdefault("residency", list(residency_of(project, stack)))
    return {"workbuoy:settings": json.dumps(settings, default=str)}


def _judged(project: Project, stack: str, after: Graph) -> Iterator[PolicyResult]:
    """What the pack says of what comes, as the engine's events would carry it."""
    settings = with_retirement({}, retiring=retiring_on(project, stack) is not None)
    report = check(after.resources, stack, settings, allowed_regions=residency_of(project, stack))
    for found in (*report.having("fail"), *report.having("not evaluated")):
        yield PolicyResult(
            policy=found.control,
            level=found.level,
            urn=found.urn,
            message=found.message,
            not_evaluated=found.status == "not evaluated",
        )
