"""The isolation matrix put together: roles, database rows, tenants of the pool, and everybody else of the account."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from facts.permissions.evaluate import Undecided
from graph import Graph
from rehearsal.cloud import Cloud, CloudError
from rehearsal.permissions.gate import open_gate
from rehearsal.service.processes import NotToBeHadError
from rehearsal.service.surroundings import Owner
from rehearsal.tenants.holdings import Holdings
from rehearsal.tenants.intended import OnItsWay
from rehearsal.tenants.pool import PoolMember
from rehearsal.tenants.result import Cell, Outcome
from rehearsal.tenants.roles import cells_of_roles
from rehearsal.tenants.rows import cells_of_pool_rows, cells_of_rows, standing_databases
from rehearsal.tenants.sql import asking
from rehearsal.tenants.ways import cells_of_ways


@dataclass(kw_only=True)
class Grounds:
    """What the cells stand on, as far as it could be made.

    `owners` holds a database's owner by stack, `no_database` why another stack has none. `members` are the pool's
    tenants, logged in; `pool_cells` what they tried while the service ran. `graph` is everything of the account,
    `on_their_way` customers whose data one stack brings to another.
    """

    app: Path
    cloud: Cloud
    stacks: Sequence[Holdings]
    base: str
    owners: Mapping[str, Owner] = field(default_factory=dict)
    no_database: Mapping[str, str] = field(default_factory=dict)
    members: Sequence[PoolMember] = ()
    pool_cells: Sequence[Cell] = ()
    graph: Graph | None = None
    on_their_way: Sequence[OnItsWay] = ()


@dataclass(frozen=True, kw_only=True)
class Found:
    """Every cell; how many requests our evaluator judged for them, and how many cells no call was made for."""

    cells: tuple[Cell, ...]
    judged: int
    without_call: int


def all_cells(grounds: Grounds) -> Found:
    """Every cell."""
    with open_gate(grounds.cloud, remembers=True, undecided=Undecided.GRANTS) as (gate, _):
        of_roles = list(cells_of_roles(grounds.stacks, grounds.cloud, gate, grounds.on_their_way))
    ways = tuple(cells_of_ways(grounds.graph, grounds.on_their_way)) if grounds.graph else ()
    cells = (*of_roles, *rows(grounds), *grounds.pool_cells, *ways)
    return Found(cells=cells, judged=len(gate.judgements), without_call=len(ways))


def rows(grounds: Grounds) -> Iterator[Cell]:
    """The cells of database rows, where there are databases at all."""
    if not grounds.owners and not grounds.no_database:
        return
    reasons = dict(grounds.no_database)
    try:
        with asking(grounds.app) as ask:
            databases = standing_databases(ask, grounds.stacks, grounds.owners, grounds.cloud)
            yield from cells_of_rows(ask, databases)
            base = next((one for one in databases if one.holdings.stack == grounds.base), None)
            if base is not None:
                yield from cells_of_pool_rows(ask, base.login, grounds.members)
    except (NotToBeHadError, CloudError) as error:
        reasons |= {one.stack: str(error) for one in grounds.stacks}
    yield from _unproved_rows(grounds.stacks, reasons)


def _unproved_rows(stacks: Sequence[Holdings], reasons: Mapping[str, str]) -> Iterator[Cell]:
    for one in stacks:
        for other in stacks:
            why = reasons.get(one.stack) or reasons.get(other.stack)
            if why:
                yield Cell(
                    who=one.stack,
                    who_as="database login",
                    whom=other.stack,
                    what="database rows",
                    call="SQL select things",
                    expected=Outcome.ALLOWED if one is other else Outcome.DENIED,
                    got=Outcome.NOT_PROVED,
                    why=why,
                )
