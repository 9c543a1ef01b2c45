"""The report of many rehearsals: a table of all, and each one's own report below it."""

from collections.abc import Sequence
from datetime import datetime

from rehearsal.report.markup import Html, el
from rehearsal.report.page import head, script

Row = tuple[str, str, int, float | None, float]
"""Name, verdict, resources, USD a month, seconds."""


def render_estate(rows: Sequence[Row], pages: Sequence[str], *, made_at: datetime) -> str:
    """One HTML document. A page is shown in a frame of its own, so that no name in it meets another's."""
    bad = sum(verdict != "passed" for _, verdict, *_ in rows)
    title = f"{bad} of {len(rows)} do not stand" if bad else f"All {len(rows)} stand"
    body = el(
        "body",
        el("a", "Skip to the report", href="#main", class_="skip"),
        el(
            "main",
            el("h1", title),
            el("p", f"Rehearsed {made_at:%Y-%m-%d %H:%M} UTC"),
            el("div", _table(rows), class_="scroll", tabindex="0", role="region", aria_label="All rehearsals"),
            [_page(row, page) for row, page in zip(rows, pages, strict=True) if page],
            id="main",
            class_="estate",
        ),
        script(),
    )
    return f"<!doctype html>\n{el('html', head(title), body, lang='en')}\n"


def _table(rows: Sequence[Row]) -> Html:
    columns = ("Stack or account", "Verdict", "Resources", "USD a month", "Seconds")
    return el(
        "table",
        el("thead", el("tr", [el("th", one, scope="col") for one in columns])),
        el(
            "tbody",
            [
                el(
                    "tr",
                    el("th", el("a", name, href=f"#{_anchor(name)}"), scope="row"),
                    el("td", verdict, class_="bad" if verdict != "passed" else None),
                    el("td", resources, class_="number"),
                    el("td", f"{usd:,.2f}" if usd is not None else "not known", class_="number"),
                    el("td", f"{seconds:.1f}", class_="number"),
                )
                for name, verdict, resources, usd, seconds in rows
            ],
        ),
    )


def _page(row: Row, page: str) -> Html:
    name, verdict, *_ = row
    return el(
        "details",
        el("summary", el("h2", f"{name}: {verdict}")),
        el("iframe", srcdoc=page, title=f"The report of {name}", loading="lazy"),
        id=_anchor(name),
        open=verdict != "passed",
    )


def _anchor(name: str) -> str:
    return f"of-{name.replace('/', '-')}"
