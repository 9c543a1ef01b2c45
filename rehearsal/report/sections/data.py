"""Where data lives and what dies when."""

import math

from rehearsal.report.data import End, Key, Life, guards, lives
from rehearsal.report.graph import Graph
from rehearsal.report.markup import Html, count, el, join
from rehearsal.report.present import Column, Section, bar, chip, items, table
from rehearsal.result import Rehearsed

_TONE = {End.NONE: "gone", End.DELETED: "gone", End.FOR_A_WHILE: "while", End.STAYS: "stays", End.BLOCKS: "blocks"}
_LONGEST_DAYS = 3653.0  # where the scale ends; AWS's longest log retention is ten years
_COLUMNS = (
    Column("Data"),
    Column("Where"),
    Column("Encrypted with"),
    Column("Kept while the stack stands"),
    Column("When the stack is destroyed", "fate"),
)


def data(graph: Graph) -> Section | None:
    """Every kind of data with its place, key, retention and end; None in a stack that holds none."""
    found = lives(graph)
    if not found:
        return None
    warned = sum(bool(life.warnings) for life in found)
    body = join(
        el(
            "p",
            "Computed from what the program declares. The bars show how long data can still be had after the "
            "stack is destroyed, from a day to ten years; an arrow has no end.",
        ),
        _guards(graph),
        table("Each kind of data, and what becomes of it", _COLUMNS, _rows(graph, found), class_="cards data"),
    )
    return Section("data", "Where data lives and what dies when", body, badge=str(warned or ""), tone="warn")


def _rows(graph: Graph, found: list[Life]) -> list[list[Html | str]]:
    return [
        [
            join(el("span", life.what, class_="what"), graph.link(life.holder), _warnings(life)),
            life.place,
            _key(graph, life.key),
            life.kept,
            join(_bar(life), chip(life.fate.end.value, _TONE[life.fate.end]), " ", life.fate.words),
        ]
        for life in found
    ]


def _warnings(life: Life) -> Html | None:
    return items([chip(one, "warn") for one in life.warnings]) if life.warnings else None


def _key(graph: Graph, key: Key) -> Html | str:
    if not key.reference:
        return "—" if key.words == "is one" else key.words
    return graph.named(key.reference)


def _bar(life: Life) -> Html:
    left = life.fate.days
    tone = _TONE[life.fate.end]
    if left is None:
        return el("span", bar([(1, tone)], 1), class_="lifeline endless")
    share = math.log1p(min(left, _LONGEST_DAYS)) / math.log1p(_LONGEST_DAYS)
    return el("span", bar([(share, tone)], 1), class_="lifeline")


def _guards(graph: Graph) -> Html:
    """What stands in the way of a destroy at all."""
    guarded: list[tuple[Rehearsed, list[str]]] = []
    for one in graph.rehearsal.resources:
        found = list(guards(graph, one))
        if found:
            guarded.append((one, found))
    if not guarded:
        return el("p", chip("nothing stands in the way", "warn"), " One command destroys this stack.", class_="note")
    listed = [el("li", graph.link(one), f": {' and '.join(found)}") for one, found in guarded]
    return el(
        "details",
        el(
            "summary",
            el("strong", f"A destroy is refused at first: {count(len(guarded), 'resource')} must be unprotected"),
        ),
        el("ul", listed, class_="columns"),
        class_="note",
    )
