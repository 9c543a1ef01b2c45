"""What guards a resource against loss, exposure and silence, whichever resource says it.

A safeguard has a strength. What says nothing has AWS's own default, so creating, deleting, renaming or inlining what
says it all read the same: versioning of a bucket is one fact, whether a resource of its own or the bucket sets it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from facts.safeguards.model import Rule, Safeguard, Weakening
from facts.safeguards.rules import RULES
from facts.subjects import subjects
from graph import Graph
from graph.marks import is_known
from graph.values import at

_DEFAULTS: Final = {
    (declaration.type, declaration.path): rule.default for rule in RULES for declaration in rule.declared_by
}
_NAMED: Final = {rule.name: tuple(one for one in RULES if one.name == rule.name) for rule in RULES}


def safeguards(graph: Graph) -> Iterator[Safeguard]:
    """Every safeguard that a graph says, and AWS's default for each thing of the graph that nothing is said of."""
    for rule in RULES:
        for subject, (value, by) in _declared_values(graph, rule).items():
            for one, part in _each(rule, value):
                yield Safeguard(one, subject, part, one.strength(part) if is_known(part) else None, by)


def strength_of(graph: Graph, name: str, subject: str) -> float | None:
    """How strong one safeguard of one thing is; None where that is not shown. Raises KeyError for an unknown name."""
    values = [(rule, *found[subject]) for rule in _NAMED[name] if subject in (found := _declared_values(graph, rule))]
    if any(not is_known(value) for _, value, _ in values):
        return None
    return min((rule.strength(value) for rule, value, _ in values), default=None)


def default_of(token: str, path: str) -> Any:
    """What AWS or its provider does where a property of a type is left out. Raises KeyError for one without a row."""
    return _DEFAULTS[token, path]


def own_paths(name: str, token: str) -> Iterator[str]:
    """The properties by which a type says a safeguard of itself."""
    return (
        declaration.path
        for rule in _NAMED[name]
        for declaration in rule.declared_by
        if declaration.type == token and not declaration.of
    )


def _declared_values(graph: Graph, rule: Rule) -> Mapping[str, tuple[Any, str]]:
    """What is guarded -> the value that holds, and who says it.

    Where two resources say it of one thing the weaker counts: AWS keeps what was set last, and nobody knows which.
    """
    found: dict[str, list[tuple[Any, str]]] = {}
    for declaration in rule.declared_by:
        for one in graph.of(declaration.type):
            for subject in subjects(graph, one, declaration.of, declaration.of_type):
                value = at(one.inputs, declaration.path)
                read = rule.read if rule.read and value is not None and is_known(value) else None
                found.setdefault(subject, []).append((read(value) if read else value, one.urn))
    return {subject: _weakest(rule, values) for subject, values in found.items()}


def _each(rule: Rule, value: Any) -> Iterator[tuple[Rule, Any]]:
    """The rule with its value, or one rule for each safeguard that the value holds; one that is not known is whole."""
    if rule.each is None or not is_known(value):
        yield rule, value
        return
    for name, part in rule.each(value).items():
        yield replace(rule, name=name), part


def _weakest(rule: Rule, values: Sequence[tuple[Any, str]]) -> tuple[Any, str]:
    given = [one for one in values if one[0] is not None]
    if not given:
        return rule.default, values[0][1]
    unknown = [one for one in given if not is_known(one[0])]
    return unknown[0] if unknown else min(given, key=lambda one: rule.strength(one[0]))


__all__ = ["RULES", "Rule", "Safeguard", "Says", "Weakening", "default_of", "own_paths", "safeguards", "strength_of"]
