"""What a person reads of several customers' stacks, within the terminal's columns: do they stand, who reaches whom."""

from collections.abc import Iterator

from project.terminal import columns, wrapped
from rehearsal.tenants.result import Cell, Matrix, Outcome, TenantsRehearsal

_SHOWN_CELLS = 20
_NAME = 24
_CELL = 5
POOL = (
    "IAM does not separate tenants of one pool: one role and one login serve them all. Their cells are requests to the "
    "service, and SQL in their own sessions."
)


def other_stacks(found: TenantsRehearsal) -> Iterator[str]:
    """One line a stack; the base stack that was asked for has its own table."""
    if not found.stacks:
        return
    yield f"{'stacks beside it':{_NAME}}{'compared':>10}{'fields':>10}{'policies':>10}{'wrong':>7}{'s':>6}  region"
    for one in found.stacks:
        yield (
            f"{_short(one.stack, _NAME - 1):{_NAME}}{one.compared:>10}{one.fields_checked:>10}"
            f"{one.policies_passed:>10}{len(one.problems):>7}{one.seconds:>6.1f}  {one.region}"
        )
    yield ""
    for one in found.stacks:
        if one.problems:
            yield f"{one.stack} is wrong ({len(one.problems)}), see `workbuoy rehearse {one.stack}`:"
            yield from wrapped(one.problems[0], "  ")
            yield ""


def who_reaches_whom(found: TenantsRehearsal, verbose: bool) -> Iterator[str]:
    """The matrix as a grid of counts, and every red cell in full."""
    matrix = found.matrix
    if matrix is None:
        if found.not_tried:
            yield f"Who can reach whom: not tried, {found.not_tried}"
            yield ""
        return
    denied = sum(one.got is Outcome.DENIED for one in matrix.cells)
    allowed = sum(one.got is Outcome.ALLOWED for one in matrix.cells)
    others = len(matrix.cells) - denied - allowed
    called = len(matrix.cells) - matrix.without_call
    yield f"Who can reach whom ({matrix.seconds:.1f} s): {called} attempts, each a real call"
    if matrix.without_call:
        yield f"  and {matrix.without_call} more, judged from policies, networks and references alone"
    yield f"  {denied} denied, {allowed} allowed, {others} not proved; {len(matrix.red)} not as it must be"
    yield from _grid(matrix)
    yield from _red(matrix, verbose)
    if any(one.kind == "pool tenant" for one in matrix.parties):
        yield from wrapped(POOL, "  ", "  ")
    for note in notes_of(matrix):
        yield from wrapped(note, "  ")
    yield f"  {matrix.judged} requests were judged by our evaluator, not by AWS."
    yield ""


def notes_of(matrix: Matrix) -> Iterator[str]:
    """How tenants were chosen or made up, and what was left out."""
    if matrix.sampled:
        yield f"A sample: {matrix.sampled}"
    if matrix.stand_in:
        yield matrix.stand_in
    for one in matrix.left_out:
        yield f"Not in it: {one}"


def _grid(matrix: Matrix) -> Iterator[str]:
    """Rows ask, columns are asked, as many beside each other as fit."""
    letters = {party.name: _letter(place) for place, party in enumerate(matrix.parties)}
    reached = {whom for _, whom in matrix.between}
    reached_names = [name for name in letters if name in reached]
    columns_each = (columns() - 2 - _NAME) // _CELL
    for first in range(0, len(reached_names), columns_each):
        shown = reached_names[first : first + columns_each]
        yield f"  {'who':{_NAME}}" + "".join(f"{letters[one]:>{_CELL}}" for one in shown)
        for party in matrix.parties:
            cells = [matrix.between.get((party.name, other), ()) for other in shown]
            name = f"{letters[party.name]} {_short(party.name, _NAME - 3)}"
            yield f"  {name:{_NAME}}" + "".join(f"{_count(one):>{_CELL}}" for one in cells)
    yield "  n denied as they must be; =n allowed on its own; !n wrong; - not tried"


def _letter(place: int) -> str:
    return chr(ord("A") + place) if place < 26 else str(place)


def _count(cells: tuple[Cell, ...]) -> str:
    if not cells:
        return "-"
    red = sum(one.red for one in cells)
    if red:
        return f"!{red}"
    own = cells[0].who == cells[0].whom
    return f"={len(cells)}" if own else str(len(cells))


def _red(matrix: Matrix, verbose: bool) -> Iterator[str]:
    shown = matrix.red if verbose else matrix.red[:_SHOWN_CELLS]
    for cell in shown:
        yield from wrapped(f"! {cell}: {cell.why}", "  ")
    if len(matrix.red) > len(shown):
        yield f"  and {len(matrix.red) - len(shown)} more: --verbose, or --json"


def _short(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"...{name[3 - longest :]}"
