"""What went wrong, causes first: fields that differ, what could not be made, what AWS would refuse."""

from collections.abc import Sequence

from graph.resource import short_type
from graph.wire import MASK
from project.terminal import count
from rehearsal.report.markup import Html, code, el, join, link
from rehearsal.report.present import Column, Section, chip, mark, table, value
from rehearsal.report.view import View
from rehearsal.result import Check, FieldResult, Refusal, Rehearsed, State


def causes(view: View) -> list[tuple[Rehearsed, list[Rehearsed]]]:
    """Every resource that differs or failed by itself, with those that were not tried because of it.

    What differs comes before what failed: a difference is a fact, a failure may only be a gap of the rehearsal.
    """
    failures = view.rehearsal.failures
    by_urn = {one.urn: one for one in failures}
    followers: dict[str, list[Rehearsed]] = {}
    roots: list[Rehearsed] = []
    for one in failures:
        cause = _cause(one, by_urn)
        if cause is None:
            roots.append(one)
        else:
            followers.setdefault(cause.urn, []).append(one)
    roots.sort(key=lambda one: one.state is not State.DIFFERS)
    return [(root, followers.get(root.urn, [])) for root in roots]


def _cause(one: Rehearsed, failures: dict[str, Rehearsed]) -> Rehearsed | None:
    """The failure that another one goes back to, found through the dependencies that the reason names."""
    seen = {one.urn}
    cause = None
    current: Rehearsed | None = one
    while current is not None and current.state is State.FAILED:
        needed = [failures[urn] for urn in current.declared.dependencies if urn in failures and urn not in seen]
        current = next((dep for dep in needed if dep.name in current.reason), None)
        if current is not None:
            seen.add(current.urn)
            cause = current
    return cause


def first_problem(view: View) -> Html | None:
    """One sentence on the first problem, linked."""
    for fault in view.rehearsal.change.faults if view.rehearsal.change else ():
        return join(link("change", code(fault.name)), f": {fault.step}: {view.scrub(fault.what)}")
    for root, _ in causes(view):
        return join(view.link(root), ": ", _why(view, root))
    for refusal in view.rehearsal.refusals:
        return join(_subject(view, refusal), ": ", view.scrub(refusal.what))
    broken = view.rehearsal.policies.violations if view.rehearsal.policies else ()
    for finding in broken:
        return join("policy ", finding.control, " on ", finding.urn.rpartition("::")[2], ": ", finding.message)
    tried = view.rehearsal.service
    if tried is None or tried.passed:
        return _first_of_other_stacks(view)
    step = next((one for one in tried.steps if not one.passed), None)
    return join("the service: ", tried.incomplete or (f"{step.name}: {step.detail}" if step else tried.denials[0]))


def _first_of_other_stacks(view: View) -> Html | None:
    """The first problem of the other stacks, or of who reaches whom."""
    tenants = view.rehearsal.tenants
    wrong = next((one for one in tenants.stacks if one.problems), None) if tenants else None
    if wrong is not None:
        return join(wrong.stack, ": ", wrong.problems[0])
    red = tenants.matrix.red if tenants and tenants.matrix else ()
    return join(link("reach", str(red[0])), f" ({len(red)} such)" if len(red) > 1 else None) if red else None


def problems(view: View) -> Section | None:
    """All problems; None when there are none."""
    found = causes(view)
    refusals = view.rehearsal.refusals
    if not found and not refusals:
        return None
    body = join(
        [_failure(view, root, followers) for root, followers in found],
        _refused(view, refusals),
    )
    return Section("problems", "Problems", body, badge=str(len(view.rehearsal.failures) + len(refusals)), tone="bad")


def _why(view: View, resource: Rehearsed) -> str:
    if resource.state is State.DIFFERS:
        fields = [one.path for one in resource.fields if one.check is Check.DIFFERS]
        more = f" and {len(fields) - 3} more" if len(fields) > 3 else ""
        return f"{', '.join(fields[:3])}{more} read back otherwise than declared"
    return view.scrub(resource.reason) or "could not be created or read back"


def _failure(view: View, resource: Rehearsed, followers: Sequence[Rehearsed]) -> Html:
    return el(
        "article",
        el("h3", mark(resource.state), view.link(resource), " ", chip(resource.state.value, "bad")),
        _origin(short_type(resource.type), resource.declared.source),
        el("p", _why(view, resource), class_="why") if resource.state is State.FAILED else _differences(view, resource),
        el(
            "p",
            f"{count(len(followers), 'resource')} not tried because of it: ",
            [[", " if index else None, view.link(one)] for index, one in enumerate(followers)],
            class_="followers",
        )
        if followers
        else None,
        class_="problem",
    )


def _differences(view: View, resource: Rehearsed) -> Html:
    differing = [one for one in resource.fields if one.check is Check.DIFFERS]
    return table(
        f"Fields of {resource.name} that read back otherwise",
        [Column("Field", "mono"), Column("Declared"), Column("Found", "found")],
        [[one.path, *_sides(view, resource, one)] for one in differing],
    )


def _sides(view: View, resource: Rehearsed, field: FieldResult) -> tuple[Html, Html]:
    if view.is_secret(resource, field.path):
        return value(MASK), value(MASK)
    return value(field.declared), value(field.found)


def _refused(view: View, refusals: Sequence[Refusal]) -> Html | None:
    if not refusals:
        return None
    return join(
        [
            el(
                "article",
                el("h3", mark(State.FAILED), _subject(view, refusal), " ", chip("AWS would refuse this", "bad")),
                _refused_origin(view, refusal),
                el("p", view.scrub(refusal.what), class_="why"),
                el("p", el("strong", "Fix: "), view.scrub(refusal.fix)),
                el("p", "Where AWS says so: ", code(refusal.source.removeprefix("https://")), class_="quiet")
                if refusal.source
                else None,
                class_="problem",
            )
            for refusal in refusals
        ]
    )


def _subject(view: View, refusal: Refusal) -> Html:
    resource = view.rehearsal.by_urn.get(refusal.urn)
    return view.link(resource) if resource is not None else code(refusal.name)


def _refused_origin(view: View, refusal: Refusal) -> Html:
    resource = view.rehearsal.by_urn.get(refusal.urn)
    if resource is None:
        return _origin(refusal.check, "")
    return _origin(short_type(resource.type), resource.declared.source)


def _origin(what: str, source: str) -> Html:
    return el("p", what, [" · declared at ", code(source)] if source else None, class_="quiet")
