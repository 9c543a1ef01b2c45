"""The matrix's cells of whatever else there is: everybody whom the graph knows, on everything that it holds.

They are judged from what the stacks declare, where the cells of roles are calls; what stands in moto was compared with
that before.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from facts.ways.hosts import host_paths
from facts.ways.judging import Rights, Verdict, Way, explained
from facts.ways.model import Path
from facts.ways.network import network_paths
from facts.ways.parties import ACCOUNT
from facts.ways.references import reference_paths
from graph import Graph
from rehearsal.service.trial import StepError
from rehearsal.tenants.intended import OnItsWay, intended, intended_path
from rehearsal.tenants.intended_copies import Copies, copies_of
from rehearsal.tenants.result import Cell, Outcome

ANY_ACTION: Final = "any action"

ONLY_AWS_SHOWS: Final = (
    "rights that no stack declares: an organization's policies, resource shares, sessions that somebody has open",
    "what was made by hand in the account; `workbuoy drift` finds what differs of the stacks' own",
    "networks joined from the other side (peering, transit gateways) and records of DNS",
)
"""Holes that no graph shows."""


def joined(graphs: Iterable[Graph], project: str) -> Graph:
    """Every stack of one account as one graph, in which a reference from one stack to another is resolved."""
    found = list(graphs)
    return Graph(
        (resource for one in found for resource in one.resources),
        project=project,
        account=next((one.account for one in found), ""),
        region=next((one.region for one in found), ""),
    )


def cells_of_ways(graph: Graph, on_their_way: Sequence[OnItsWay]) -> Iterator[Cell]:
    """One cell for everybody on every thing of another party; `on_their_way` as in the matrix."""
    rights, copies = Rights(graph), copies_of(graph)
    for verdict in rights.verdicts():
        yield from _of_verdict(verdict, on_their_way, copies)
    paths = [*network_paths(graph), *host_paths(graph), *reference_paths(graph, rights.things, rights.accounts)]
    yield from _of_paths(paths, copies)


def expect_only_intended(when: str, graphs: Iterable[Graph | None], on_their_way: Sequence[OnItsWay]) -> int:
    """How many cells there are of everybody on everything. Raises StepError where one is not as it must be."""
    found = [one for one in graphs if one is not None]
    cells = tuple(cells_of_ways(joined(found, found[0].project), on_their_way))
    if red := [one for one in cells if one.red]:
        raise StepError(f"{when}: {len(red)} cells are not as they must be, such as {red[0]}: {red[0].why}")
    return len(cells)


def _of_verdict(verdict: Verdict, on_their_way: Sequence[OnItsWay], copies: Copies) -> Iterator[Cell]:
    caller, thing = verdict.caller, verdict.thing
    cell = Cell(
        who=caller.party,
        who_as=caller.name,
        whom=thing.party,
        what=thing.name,
        call=ANY_ACTION,
        expected=Outcome.DENIED,
        got=Outcome.NOT_PROVED if verdict.unproved else Outcome.DENIED,
        why=verdict.unproved or "no policy allows any",
    )
    reasons: dict[str, list[Way]] = defaultdict(list)
    for way in verdict.ways:
        reasons[intended(caller, thing, way, on_their_way, copies)].append(way)
    holes = reasons.pop("", [])
    yield replace(cell, got=Outcome.ALLOWED, why=explained(holes)) if holes else cell
    if caller.party != ACCOUNT:  # what the account's roles do to every stack is theirs to do: docs/bootstrap.md
        for reason, ways in reasons.items():
            allowed = {"expected": Outcome.ALLOWED, "got": Outcome.ALLOWED, "why": f"{reason}: {explained(ways)}"}
            yield replace(cell, call=", ".join(sorted({one.action for one in ways})), **allowed)  # type: ignore[arg-type]


def _of_paths(paths: Iterable[Path], copies: Copies) -> Iterator[Cell]:
    """One cell for everybody on everything in one way: open where one of several paths is."""
    found: dict[tuple[str, str, str, str, str], Path] = {}
    for one in paths:
        key = (one.party, one.caller, one.whom, one.thing, one.by)
        known = found.get(key)
        if known is None or (known.open is False and one.open is not False) or one.open:
            found[key] = one
    for one in found.values():
        got = Outcome.ALLOWED if one.open else Outcome.NOT_PROVED if one.open is None else Outcome.DENIED
        yield Cell(
            who=one.party,
            who_as=one.caller,
            whom=one.whom,
            what=one.thing,
            call=one.by,
            expected=Outcome.ALLOWED if intended_path(one, copies) else Outcome.DENIED,
            got=got,
            why=one.why,
        )
