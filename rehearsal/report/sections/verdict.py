"""Did it pass, what was rehearsed, what failed first: the band at the top and the figures under it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from graph.wire import MASK
from project.terminal import count
from rehearsal.report.markup import Facts, Html, code, el, join, link, text
from rehearsal.report.present import STATE_MEANING, Section, chip, mark, marks, value
from rehearsal.report.sections.problems import first_problem
from rehearsal.report.view import View
from rehearsal.result import Check, Rehearsal, Rehearsed, State


def resources_of(rehearsal: Rehearsal) -> list[Rehearsed]:
    """What counts as a resource: neither a component nor a provider."""
    return [one for members in rehearsal.components.values() for one in members]


def tone_of(rehearsal: Rehearsal) -> str:
    """`passed`, `failed` or, where nothing was created, `declared`."""
    if not rehearsal.passed:
        return "failed"
    return "declared" if rehearsal.declare_only else "passed"


def headline(rehearsal: Rehearsal) -> str:
    """The verdict in one sentence."""
    if rehearsal.declare_only:
        rest = "nothing was created" if rehearsal.passed else "AWS would refuse it"
        return f"{rehearsal.stack} was declared, and {rest}"
    return f"{rehearsal.stack} {'passed' if rehearsal.passed else 'failed'} its rehearsal"


def band(view: View, about: Facts = ()) -> Html:
    """The banner: verdict, one sentence on what happened, the first problem, and where it would stand."""
    rehearsal = view.rehearsal
    tone = tone_of(rehearsal)
    first = first_problem(view)
    return el(
        "header",
        el(
            "div",
            el("p", _BUOY, el("span", "Workbuoy"), " rehearsal report", class_="brand"),
            el("h1", _SIGN[tone], el("span", headline(rehearsal))),
            el("p", _lead(rehearsal), class_="lead"),
            el("p", el("strong", "First problem: "), first, class_="first") if first else None,
            _head_facts(rehearsal, about),
            class_="inner",
        ),
        class_=f"band {tone}",
    )


def _head_facts(rehearsal: Rehearsal, about: Facts) -> Html:
    facts = (("Account", rehearsal.account), ("Region", rehearsal.region), *about)
    return el("dl", [el("div", el("dt", name), el("dd", what)) for name, what in facts], class_="head")


def _lead(rehearsal: Rehearsal) -> str:
    made = resources_of(rehearsal)
    states = [one.state for one in made]
    if rehearsal.declare_only:
        return (
            f"The Pulumi program declared {count(len(made), 'resource')}. None was created: this says that the "
            "program runs, and which of it AWS would refuse."
        )
    whole = f"{states.count(State.COMPARED):,} of {count(len(made), 'resource')}"
    rest = [
        f"{states.count(state):,} {words}"
        for state, words in (
            (State.DIFFERS, "read back otherwise than declared"),
            (State.FAILED, "could not be created or read back"),
            (State.DECLARED_ONLY, "could only be declared"),
        )
        if state in states
    ]
    tried = " Then the service was started in it, and worked." if rehearsal.service and rehearsal.service.passed else ""
    refused = f" AWS would refuse {len(rehearsal.refusals):,} of what is declared." if rehearsal.refusals else ""
    return (
        f"The Pulumi program ran against moto, a stand-in for AWS on this machine. {whole} were created there, "
        f"read back, and equal to what was declared{'; ' + ', '.join(rest) if rest else ''}.{refused}{tried}"
    )


def verdict(view: View, made_at: datetime | None) -> Section:
    """Figures, what was rehearsed component by component, and where."""
    rehearsal = view.rehearsal
    body = join(
        _figures(rehearsal),
        el("h3", "What was rehearsed"),
        _components(rehearsal),
        el("h3", "Where, and with what"),
        _facts(rehearsal, made_at),
        _stand_ins(rehearsal),
        _outputs(rehearsal),
    )
    return Section("verdict", "In short", body)


def _figures(rehearsal: Rehearsal) -> Html:
    states = [one.state for one in resources_of(rehearsal)]
    cells = [
        _figure(states.count(state), join(mark(state), state.value), meaning, "bad" if _is_bad(state) else "")
        for state, meaning in STATE_MEANING.items()
    ]
    cells.append(_figure(rehearsal.count_fields(Check.CHECKED), "fields checked", "equal after reading back"))
    cells.append(_figure(rehearsal.count_fields(Check.DIFFERS), "fields differ", "declared is not found", "bad"))
    cells.append(_figure(rehearsal.count_fields(Check.NOT_CHECKED), "fields not checked", "never counted as passed"))
    cells.append(_figure(len(rehearsal.refusals), "refused by AWS", "though moto takes it", "bad"))
    return el("dl", cells, class_="figures")


def _figure(amount: int, name: str | Html, meaning: str, tone: str = "") -> Html:
    number = el("dd", f"{amount:,}", class_="number")
    words = el("dd", meaning, class_="quiet")
    return el("div", el("dt", name), number, words, class_=tone if amount else "none" if tone else None)


def _is_bad(state: State) -> bool:
    return state in (State.DIFFERS, State.FAILED)


def _components(rehearsal: Rehearsal) -> Html:
    rows = []
    for index, (name, members) in enumerate(rehearsal.components.items()):
        bad = sum(_is_bad(one.state) for one in members)
        rows.append(
            el(
                "li",
                link(f"c-{index}", name or "the stack itself"),
                el("span", len(members), class_="amount"),
                marks(members),
                chip(f"{bad} with problems", "bad") if bad else None,
            )
        )
    return el("ul", rows, class_="components")


def _facts(rehearsal: Rehearsal, made_at: datetime | None) -> Html:
    facts: list[tuple[str, str | Html]] = [
        ("Stack", code(rehearsal.stack)),
        ("Project", code(rehearsal.project)),
        ("Account", code(rehearsal.account)),
        ("Region", code(rehearsal.region)),
    ]
    if made_at is not None:
        zone = f" {made_at.tzname()}" if made_at.tzinfo else ""
        shown = f"{made_at:%Y-%m-%d %H:%M}{zone}"
        facts.append(("Rehearsed", el("time", shown, datetime=made_at.isoformat(timespec="seconds"))))
    if rehearsal.versions:
        facts.append(("With", ", ".join(f"{name} {version}" for name, version in rehearsal.versions.items())))
    return el("dl", [el("div", el("dt", name), el("dd", what)) for name, what in facts], class_="facts")


def _stand_ins(rehearsal: Rehearsal) -> Html | None:
    if not rehearsal.stand_ins:
        return None
    rows = [
        el("li", code(one.path), ": ", code(one.placeholder), " became ", code(one.stand_in))
        for one in rehearsal.stand_ins
    ]
    return el(
        "details",
        el("summary", el("strong", f"{count(len(rows), 'value')} had a stand-in")),
        el(
            "p",
            "Made up for the rehearsal, because the stack file holds a placeholder or names what exists elsewhere. "
            "On a real account a placeholder is refused until it is filled in.",
        ),
        el("ul", rows),
        class_="note",
    )


def _outputs(rehearsal: Rehearsal) -> Html | None:
    if not rehearsal.exports:
        return None
    exports: Mapping[str, object] = rehearsal.exports
    hidden: Sequence[str] = rehearsal.secret_exports
    rows = [
        el("div", el("dt", code(name)), el("dd", value(MASK if name in hidden else exports[name])))
        for name in sorted(exports)
    ]
    return el(
        "details", el("summary", f"{count(len(rows), 'output')} of the stack"), el("dl", rows, class_="facts wide")
    )


def _icon(path: str, class_: str) -> Html:
    return Html(f'<svg class="{text(class_)}" viewBox="0 0 24 24" aria-hidden="true"><path d="{path}"/></svg>')


_SIGN = {
    "passed": _icon("M4 13l5 5L20 6", "sign"),
    "failed": _icon("M6 6l12 12M18 6L6 18", "sign"),
    "declared": _icon("M4 12h16", "sign"),
}
_BUOY = _icon("M12 2v4M9 6h6l3 10H6zM7.6 11h8.8M2 19c2 2 4 2 5 0 2 2 4 2 5 0 2 2 4 2 5 0 1 2 3 2 5 0", "buoy")
