"""Whose requests a listener's rule takes: two parties' rules on one listener must not take the same host name."""

from collections.abc import Iterator
from typing import Final

from facts import tokens as t
from facts.permissions.patterns import overlap
from facts.ways.model import Path
from facts.ways.parties import party_of
from graph import Graph, Mark, Resource
from graph.values import at, items, maps

HOST_NAME: Final = "requests to its host name"


def host_paths(graph: Graph) -> Iterator[Path]:
    """Each rule on the host names of every other party's rules of the same listener, whichever comes first."""
    rules = [(one, party_of(one.urn, graph.project), _hosts(one)) for one in graph.of(t.LISTENER_RULE)]
    for one, party, taken in rules:
        for other, whom, names in rules:
            if party == whom or one.inputs.get("listenerArn") != other.inputs.get("listenerArn"):
                continue
            for name in names or ["*"]:
                yield _path(one, party, taken, whom, name)


def _path(one: Resource, party: str, taken: list[str | Mark], whom: str, name: str | Mark) -> Path:
    unknown = isinstance(name, Mark) or any(isinstance(each, Mark) for each in taken)
    both = [each for each in taken or ["*"] if isinstance(each, str) and isinstance(name, str) and overlap(each, name)]
    state = True if both else None if unknown else False
    why = f"it takes {both[0]}" if both else "a host name is not known" if unknown else "it takes other names"
    return Path(party=party, caller=one.name, whom=whom, thing=f"host {name}", by=HOST_NAME, open=state, why=why)


def _hosts(rule: Resource) -> list[str | Mark]:
    """The host names that a rule takes; none where it asks for no host, so that it takes all."""
    found: list[str | Mark] = []
    for condition in maps(rule.inputs.get("conditions")):
        values = at(condition, "hostHeader.values")
        found += [one if isinstance(one, Mark) else str(one).lower() for one in items(values)]
    return found
