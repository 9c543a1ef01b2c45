"""What becomes reachable from further away."""

from collections import defaultdict
from collections.abc import Iterator

from facts.exposure import Opening, exposed, openings, openings_of_things
from facts.ranges import is_world
from graph import Graph, Mark
from graph.plan import Plan
from operations.review.effects import Found, NotEvaluated, note, stop


def opened(plan: Plan) -> Iterator[Found]:
    """Every opening of a security group and every public way that was not there before."""
    yield from _openings(plan)
    yield from _ways(plan)


def _openings(plan: Plan) -> Iterator[Found]:
    of_group: dict[str, list[Opening]] = defaultdict(list)
    for one in _of_groups_and_things(plan, plan.before):
        of_group[one.group].append(one)
    seen: set[tuple[str, str]] = set()
    after = _of_groups_and_things(plan, plan.after)
    for one in after:
        known = of_group[one.group]
        if not _changed(plan, one.by) or any(other.covers(one) for other in known):
            continue
        if isinstance(one.peer, Mark):
            yield from _unknown_peer(plan, one, known)
        elif one.undeclared and one.inward and not one.web:
            why = f"{one.ports} open to whoever {one.peer} lets in, which nothing here declares"
            yield NotEvaluated(one.by, why, matters=plan.whole)
        elif (one.by, what := _what(one, known)) not in seen:
            seen.add((one.by, what))
            together = not one.to_the_world and _together(one, after) and not _together(one, known)
            wide = one.inward and (one.to_the_world or together) and not one.web
            beside = ", and with other ranges to the whole internet" if together else ""
            yield (stop if wide else note)("exposed", one.by, f"{what}{beside}")


def _of_groups_and_things(plan: Plan, graph: Graph) -> list[Opening]:
    """Of a thing that is made, its groups say it all, unless nothing here says what they let in."""
    found = list(openings(graph))
    of_things = openings_of_things(graph, found)
    return [*found, *(one for one in of_things if one.undeclared or plan.by_urn[one.by].op != "create")]


def _together(one: Opening, openings: list[Opening]) -> bool:
    """Whether ranges that meet an opening, by whatever rules, are together the world, though each is a part of it."""
    return is_world(*(other.peer for other in openings if other.meets(one)))


def _unknown_peer(plan: Plan, one: Opening, known: list[Opening]) -> Iterator[Found]:
    """A peer that is not known may be a group that is made along with it; where the rule stood before, it matters."""
    step = plan.by_urn[one.by]
    stood = step.op != "create" and any(other.by == one.by for other in known)
    yield NotEvaluated(
        one.by, "the address range or group is not known before the update", matters=stood and one.inward
    )


def _what(one: Opening, known: list[Opening]) -> str:
    if not one.inward:
        return f"may reach {one.ports} at {_peer(one)}"
    before = [str(other.peer) for other in known if other.by == one.by and other.ports == one.ports]
    return f"{one.ports} open to {_peer(one)}" + (f", before to {', '.join(before)}" if before else "")


def _peer(one: Opening) -> str:
    peer = str(one.peer)
    return "the whole internet" if one.to_the_world else peer.rpartition("::")[2] if "::" in peer else peer


def _ways(plan: Plan) -> Iterator[Found]:
    before = {(one.subject, one.exposure) for one in exposed(plan.before) if one.known}
    for one in exposed(plan.after):
        if (one.subject, one.exposure) in before or not _changed(plan, one.by):
            continue
        new = plan.by_urn[one.by].op == "create"
        if not one.known:
            yield NotEvaluated(one.by, f"whether {one.exposure.value} is not known before the update", matters=not new)
        elif new and not one.never_new:
            yield note("exposed", one.by, one.exposure.value)
        else:
            yield stop("exposed", one.by, one.exposure.value)


def _changed(plan: Plan, urn: str) -> bool:
    step = plan.by_urn.get(urn)
    return step is not None and step.changes
