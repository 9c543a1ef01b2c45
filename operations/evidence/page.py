"""The pack as one page to read, in the look of a rehearsal's report; it fetches nothing."""

from collections.abc import Sequence
from itertools import groupby

from operations.evidence.declared import Control
from operations.evidence.items import Item, State
from operations.evidence.judged import Judged, Pack
from project.terminal import count
from rehearsal.report.markup import Child, Html, code, el, join
from rehearsal.report.page import head, script
from rehearsal.report.present import Column, chip, table

_TONES = {State.PASSED: "", State.FAILED: "bad", State.MISSING: "bad", State.NONE: "warn"}


def page(pack: Pack) -> str:
    """One HTML document; the same pack gives the same text."""
    title = _title(pack)
    body = el(
        "body",
        el("a", "Skip to the evidence", href="#main", class_="skip"),
        el(
            "main",
            el("h1", title),
            el(
                "p",
                f"{pack.since.date()} to {pack.until:%Y-%m-%d %H:%M} UTC. Stacks: {', '.join(pack.stacks)}. Made by ",
                code("workbuoy evidence"),
                ". What is missing is never counted as passed; exceptions that were accepted stand with their reasons "
                "in ",
                el("a", "exemptions.json", href="exemptions.json"),
                " and ",
                el("a", "waivers.json", href="waivers.json"),
                ".",
            ),
            _evidence(pack.items),
            [_framework(name, list(of)) for name, of in groupby(pack.judged, lambda one: one.framework.framework)],
            _controls(pack.controls),
            _limits(),
            id="main",
            class_="estate",
        ),
        script(),
    )
    return f"<!doctype html>\n{el('html', head(title), body, lang='en')}\n"


def _title(pack: Pack) -> str:
    bad = pack.count(State.FAILED) + pack.count(State.MISSING)
    if bad:
        return f"{bad} of {len(pack.judged)} requirements are not shown"
    return f"{count(len(pack.judged), 'requirement')} answered" if pack.passed else "Evidence is missing"


def _state(state: State) -> Html:
    return chip(state.value, _TONES[state])


def _evidence(items: Sequence[Item]) -> Html:
    rows: list[list[Child]] = [
        [
            one.title,
            _state(one.state),
            join(*(el("div", line) for line in one.summary)),
            join(*(el("div", el("a", path, href=path)) for path in one.documents)) or "none",
        ]
        for one in items
    ]
    columns = (Column("Evidence"), Column("Verdict"), Column("What it shows"), Column("Files"))
    return el("section", el("h2", "Evidence of the period"), table("Kinds of evidence", columns, rows, class_="cards"))


def _framework(name: str, judged: Sequence[Judged]) -> Html:
    rows: list[list[Child]] = [
        [
            one.requirement.id,
            _state(one.state),
            one.requirement.title,
            join(*(el("div", reason) for reason in one.because)) if one.because else _answered(one),
        ]
        for one in judged
    ]
    columns = (Column("Id"), Column("Verdict"), Column("What is asked"), Column("What decides"))
    shown = sum(1 for one in judged if one.state is State.PASSED)
    return el(
        "section",
        el("h2", f"{name}: {shown} of {len(judged)}"),
        el("p", judged[0].framework.source),
        table(name, columns, rows, class_="cards"),
    )


def _answered(one: Judged) -> str:
    parts = [count(len(one.requirement.controls), "control")] if one.requirement.controls else []
    return ", ".join([*parts, *one.requirement.evidence])


def _controls(controls: Sequence[Control]) -> Html:
    rows: list[list[Child]] = [
        [
            code(one.name),
            _state(one.state),
            ", ".join(f"{number} {status}" for status, number in one.counts.items() if number) or "covers nothing",
            join(*(el("div", reason) for reason in one.failing)),
        ]
        for one in sorted(controls, key=lambda one: list(State).index(one.state) * -1)
    ]
    columns = (Column("Control"), Column("Verdict"), Column("Resources"), Column("What fails"))
    shown = sum(1 for one in controls if one.state is State.PASSED)
    return el(
        "section",
        el("h2", f"Controls: {shown} of {len(controls)} passed"),
        el("p", "An advisory control that is not followed decides nothing and is shown as no occasion."),
        el("p", "Each verdict on each resource: ", el("a", "controls.json", href="controls.json")),
        el("details", el("summary", "Every control"), table("Controls", columns, rows, class_="cards")),
    )


def _limits() -> Html:
    limits = (
        "Controls are judged on what the reviewed program declares, not on the account; drift and audits are of the "
        "account.",
        "Which control answers which requirement is this project's own table; an auditor decides.",
        "Permissions and the isolation matrix are judged by this project's evaluator of IAM, not by AWS.",
        "Policies of people, contracts, training and premises are not here.",
    )
    return el("section", el("h2", "What this does not prove"), el("ul", [el("li", one) for one in limits]))
