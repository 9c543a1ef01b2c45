"""Where data lives and what dies when."""

import math

from facts.captions import ENGLISH
from facts.stores import End, KeyKind, Store, guards, stores
from project.terminal import count
from rehearsal.report.markup import Html, el, join
from rehearsal.report.present import Column, Section, bar, chip, items, table
from rehearsal.report.view import View

_TONE = {
    End.NONE: "gone",
    End.DELETED: "gone",
    End.FOR_A_WHILE: "while",
    End.STAYS: "stays",
    End.BLOCKS: "blocks",
    End.UNKNOWN: "blocks",
}
_LONGEST_DAYS = 3653.0  # where the scale ends; AWS's longest log retention is ten years
_COLUMNS = (
    Column("Data"),
    Column("Where"),
    Column("Encrypted with"),
    Column("Kept while the stack stands"),
    Column("When the stack is destroyed", "fate"),
)


def data(view: View) -> Section | None:
    """Every form of data with its place, key, retention and end; None in a stack that holds none."""
    found = stores(view.graph)
    if not found:
        return None
    warned = sum(bool(store.warnings) for store in found)
    body = join(
        el(
            "p",
            "Computed from what the program declares. The bars show how long data can still be had after the "
            "stack is destroyed, from a day to ten years; an arrow has no end.",
        ),
        _guards(view),
        table(
            "Each kind of data, and what becomes of it",
            _COLUMNS,
            [_row(view, one) for one in found],
            class_="cards data",
        ),
    )
    return Section("data", "Where data lives and what dies when", body, badge=str(warned or ""), tone="warn")


def _row(view: View, store: Store) -> list[Html | str]:
    warnings, end = ENGLISH.warnings(store), store.after_deletion.end
    return [
        join(
            el("span", ENGLISH.what(store), class_="what"),
            view.link(store.holder),
            items([chip(one, "warn") for one in warnings]) if warnings else None,
        ),
        ENGLISH.place(store),
        _key(view, store),
        ENGLISH.kept(store),
        join(_bar(store), chip(ENGLISH.ends[end], _TONE[end]), " ", ENGLISH.after_deletion(store)),
    ]


def _key(view: View, store: Store) -> Html | str:
    if store.key.kind is KeyKind.NAMED:
        key = view.graph.by_urn.get(store.key.urn)
        return view.link(key) if key is not None else view.named(store.key.reference)
    return "—" if store.key.kind is KeyKind.IS_ONE else ENGLISH.key(store.key)


def _bar(store: Store) -> Html:
    left, tone = store.after_deletion.days, _TONE[store.after_deletion.end]
    if left is None or math.isinf(left):
        return el("span", bar([(1, tone)], 1), class_="lifeline endless")
    share = math.log1p(min(left, _LONGEST_DAYS)) / math.log1p(_LONGEST_DAYS)
    return el("span", bar([(share, tone)], 1), class_="lifeline")


def _guards(view: View) -> Html:
    """What stands in the way of a destroy at all."""
    guarded = [(one, [ENGLISH.guards[guard] for guard in guards(one)]) for one in view.graph.resources]
    listed = [el("li", view.link(one), f": {' and '.join(found)}") for one, found in guarded if found]
    if not listed:
        return el("p", chip("nothing stands in the way", "warn"), " One command destroys this stack.", class_="note")
    return el(
        "details",
        el(
            "summary",
            el("strong", f"A destroy is refused at first: {count(len(listed), 'resource')} must be unprotected"),
        ),
        el("ul", listed, class_="columns"),
        class_="note",
    )
