"""How values, states, durations and bars look: the small things that every section uses."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rehearsal.report.markup import Child, Html, code, el, join, text
from rehearsal.result import Check, Rehearsed, State

TIMES = "\u00d7"  # as many of them
LONG = 120  # characters of a value that stand in a cell before it is folded


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the page; `badge` stands beside its title in the navigation."""

    anchor: str
    title: str
    body: Html
    badge: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    class_: str = ""


STATE_CLASS: Mapping[State, str] = {
    State.COMPARED: "compared",
    State.DIFFERS: "differs",
    State.DECLARED_ONLY: "only",
    State.FAILED: "failed",
    State.COMPONENT: "component",
}
STATE_MEANING: Mapping[State, str] = {
    State.COMPARED: "created, read back, equal",
    State.DECLARED_ONLY: "declared, not created",
    State.DIFFERS: "reads back otherwise",
    State.FAILED: "could not be created or read",
}


def mark(state: State) -> Html:
    """The square of a state: filled, hollow, notched or crossed, so that colour is not all that tells."""
    return el("i", class_=f"sq {STATE_CLASS[state]}")


def marks(resources: Sequence[Rehearsed]) -> Html:
    """One square a resource, with the counts for who cannot see them."""
    states = [one.state for one in resources]
    counts = ", ".join(f"{states.count(state)} {state.value}" for state in STATE_MEANING if state in states)
    return el("span", [mark(state) for state in states], class_="marks", role="img", aria_label=counts)


def value(given: Any) -> Html:
    """A declared or found value; long ones are folded, policy documents are laid out."""
    if given is None:
        return el("span", "nothing", class_="quiet")
    if isinstance(given, bool):
        return code("true" if given else "false")
    if isinstance(given, Mapping | list | tuple):
        return _folded(_one_line(given), given)
    shown = str(given)
    if shown == "":
        return el("span", "empty", class_="quiet")
    if len(shown) > LONG:
        return _folded(shown, _parsed(shown))
    return code(shown)


def _folded(line: str, content: Any) -> Html:
    if len(line) <= LONG:
        return code(line)
    laid_out = content if isinstance(content, str) else json.dumps(content, indent=1, ensure_ascii=False, default=str)
    return el("details", el("summary", code(f"{line[: LONG - 30]} …")), el("pre", laid_out, tabindex=0), class_="long")


def _one_line(given: Any) -> str:
    return json.dumps(given, ensure_ascii=False, default=str)


def _parsed(shown: str) -> Any:
    if shown[0] not in "{[":
        return shown
    try:
        return json.loads(shown)
    except ValueError:
        return shown


def table(caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Child]], *, class_: str = "") -> Html:
    """A table in a box of its own that scrolls; with class `cards` its rows become cards on a narrow page.

    There, roles keep it a table for assistive technology, and each cell carries its column's title.
    """
    cards = "cards" in class_.split()
    head = el("tr", [el("th", one.title, scope="col", class_=one.class_ or None) for one in columns])
    tags = [_cell_tag(index, column, cards) for index, column in enumerate(columns)]
    row_tag = '<tr role="row">' if cards else "<tr>"
    parts = ['<tbody role="rowgroup">' if cards else "<tbody>"]
    for row in rows:
        parts.append(row_tag)
        for (opened, closed), cell in zip(tags, row, strict=True):
            parts += [opened, cell if isinstance(cell, Html) else join(cell), closed]
        parts.append("</tr>")
    parts.append("</tbody>")
    made = el(
        "table",
        el("caption", caption),
        el("thead", head),
        Html("".join(parts)),
        role="table" if cards else None,
        class_=class_ or None,
    )
    return el("div", made, class_="scroll", role="region", aria_label=caption, tabindex=0)


def _cell_tag(index: int, column: Column, cards: bool) -> tuple[str, str]:
    tag, role = ("th", "rowheader") if index == 0 else ("td", "cell")
    class_ = f' class="{text(column.class_)}"' if column.class_ else ""
    scope = ' scope="row"' if index == 0 else ""
    label = f' role="{role}" data-label="{text(column.title)}"' if cards else ""
    return f"<{tag}{scope}{label}{class_}>", f"</{tag}>"


def bar(parts: Sequence[tuple[float, str]], whole: float) -> Html:
    """A horizontal bar of parts, each a share of the whole with a class for its colour. Its figures stand beside it."""
    drawn, at = [], 0.0
    for share, class_ in parts:
        width = 100 * share / whole if whole > 0 else 0.0
        if width > 0:
            drawn.append(el("rect", x=f"{at:.2f}", y=0, width=f"{max(width, 0.4):.2f}", height=10, class_=class_))
        at += width
    return el("svg", drawn, class_="bar", viewBox="0 0 100 10", preserveAspectRatio="none", aria_hidden="true")


def chip(words: Child, tone: str = "") -> Html:
    """A short remark that stands out."""
    return el("span", words, class_=f"chip {tone}".rstrip())


def items(children: Sequence[Child], class_: str = "plain") -> Html:
    """A list without bullets; one child alone needs none."""
    return join(children[0]) if len(children) == 1 else el("ul", [el("li", one) for one in children], class_=class_)


def milliseconds(amount: float) -> str:
    """`0.3 ms`, `42 ms`, `2.89 s`."""
    if amount >= 1000:
        return f"{amount / 1000:.2f} s"
    return f"{amount:.0f} ms" if amount >= 10 else f"{amount:.1f} ms"


def field_counts(resource: Rehearsed) -> str:
    """`9 fields`, and how many of them differ or were not checked."""
    total, differ = len(resource.fields), resource.count(Check.DIFFERS)
    unchecked = resource.count(Check.NOT_CHECKED)
    parts = [f"{total} field{'' if total == 1 else 's'}"] if total else []
    parts += [f"{differ} differ{'s' if differ == 1 else ''}"] if differ else []
    parts += [f"{unchecked} not checked"] if unchecked else []
    return ", ".join(parts)
