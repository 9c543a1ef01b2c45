"""Who can reach whom: the isolation matrix, and behind each of its cells every attempt with what decided it."""

from collections.abc import Sequence

from project.terminal import count
from rehearsal.report.markup import Child, Html, code, el, join
from rehearsal.report.present import Column, Section, chip, items, table
from rehearsal.report.view import View
from rehearsal.tenants.result import Cell, Matrix, Outcome
from rehearsal.tenants.text import POOL, notes_of

_ATTEMPTS = (Column("As"), Column("Call", "mono"), Column("On"), Column("Outcome"), Column("What decided"))


def reach(view: View) -> Section | None:
    """None where there is no matrix."""
    found = view.rehearsal.tenants
    if found is None or (found.matrix is None and not found.not_tried):
        return None
    if found.matrix is None:
        return Section("reach", "Who can reach whom", el("p", f"Not tried: {found.not_tried}."))
    matrix = found.matrix
    red = matrix.red
    body = join(
        el("p", _lead(matrix)),
        _grid(matrix),
        _red(red),
        el("p", POOL) if any(one.kind == "pool tenant" for one in matrix.parties) else None,
        items(list(notes_of(matrix)), "bullets"),
        el("h3", "Every attempt"),
        # Not the section's own children: a print would lay open every one of them.
        el("div", [_pair(number, *pair, cells) for number, (pair, cells) in enumerate(matrix.between.items())]),
    )
    return Section("reach", "Who can reach whom", body, badge=str(len(red) or ""), tone="bad")


def _lead(matrix: Matrix) -> str:
    allowed = sum(cell.expected is Outcome.ALLOWED for cell in matrix.cells)
    otherwise = count(len(matrix.red), "attempt") if matrix.red else "None"
    judged = count(matrix.without_call, "more that was", "more that were")
    without = f", and {judged} judged from policies, networks and references alone" if matrix.without_call else ""
    return (
        "Everybody whom the stacks and their account know, on everything of each other: "
        f"{count(len(matrix.cells) - matrix.without_call, 'attempt')}, each a real call{without}. "
        f"{len(matrix.cells) - allowed:,} had to be denied, and {allowed:,}, most on a stack's own things, had to be "
        f"allowed. {otherwise} went otherwise. {matrix.judged:,} requests to AWS were judged by this project's own "
        "evaluator of permissions, from the policies that stood in moto, not by AWS."
    )


def _grid(matrix: Matrix) -> Html:
    numbers = {pair: number for number, pair in enumerate(matrix.between)}
    columns_of = [one for one in matrix.parties if any(one.name == whom for _, whom in matrix.between)]
    rows: list[list[Child]] = [
        [
            join(el("span", one.name, class_="what"), el("span", one.kind, class_="about")),
            *(_cell(matrix, numbers, one.name, other.name) for other in columns_of),
        ]
        for one in matrix.parties
    ]
    columns = [Column("Who asks"), *(Column(one.name) for one in columns_of)]
    return table("Rows ask, columns are asked; each number leads to its attempts", columns, rows, class_="reach")


def _cell(matrix: Matrix, numbers: dict[tuple[str, str], int], who: str, whom: str) -> Html:
    cells = matrix.between.get((who, whom), ())
    if not cells:
        return el("span", "not tried", class_="quiet")
    red = sum(cell.red for cell in cells)
    label = f"{red} of {len(cells)} wrong" if red else f"{len(cells)} {'allowed' if who == whom else 'denied'}"
    class_ = "red" if red else "own" if who == whom else ""
    return el("a", el("span", label, class_=class_ or None), href=f"#reach-{numbers[who, whom]}")


def _red(red: Sequence[Cell]) -> Html | None:
    if not red:
        return None
    rows: list[list[Child]] = [[cell.who, *_attempt(cell, cell.who_as, whom=True)] for cell in red]
    columns = (Column("Who"), *_ATTEMPTS)
    return join(
        el("h3", "What went otherwise", chip(str(len(red)), "bad")),
        table("Attempts that are not as they must be", columns, rows, class_="cards attempts"),
    )


def _pair(number: int, who: str, whom: str, cells: Sequence[Cell]) -> Html:
    red = sum(cell.red for cell in cells)
    rows = [_attempt(alike[0], ", ".join(cell.who_as for cell in alike)) for alike in _alike(cells)]
    return el(
        "details",
        el(
            "summary",
            el("span", f"{who} on its own" if who == whom else f"{who} on {whom}", class_="sid"),
            chip(f"{red} wrong", "bad") if red else None,
            el("span", count(len(cells), "attempt"), class_="amount"),
        ),
        table(f"What {who} tried on {whom if who != whom else 'its own'}", _ATTEMPTS, rows, class_="attempts"),
        class_="resource",
        id=f"reach-{number}",
    )


def _alike(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Attempts that differ only in who made them, together; those that went wrong first."""
    found: dict[tuple[object, ...], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.call, cell.what, cell.expected, cell.got, cell.why), []).append(cell)
    return sorted(found.values(), key=lambda alike: not alike[0].red)


def _attempt(cell: Cell, who_as: str, *, whom: bool = False) -> list[Child]:
    tone = "bad" if cell.red else "stays" if cell.got is Outcome.ALLOWED else ""
    verdict = f"{cell.got}, not {cell.expected}" if cell.red else str(cell.got)
    return [who_as, code(cell.call), f"{cell.whom}: {cell.what}" if whom else cell.what, chip(verdict, tone), cell.why]
