"""What one property of one resource may be: rows of data, and the one function that walks them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graph import Graph
from rehearsal.checks.reading import judged, refuse
from rehearsal.result import Refusal
from rehearsal.shapes import shown


@dataclass(frozen=True)
class Rule:
    """One place in resources of one type, and what AWS takes there.

    `path` is in Pulumi's names; `[]` stands for every entry of a list, and a property that is not declared is not
    judged. `source` is the page of AWS's documentation that says so.
    """

    check: str
    type_: str
    path: str
    takes: str
    source: str
    holds: Callable[[Any], bool]
    where: Callable[[Mapping[str, Any]], bool] = lambda _: True  # of the resources to judge, by what they declare


def only(rules: Iterable[Rule], key: str, *values: Any) -> tuple[Rule, ...]:
    """The same rules, for resources whose property is one of these."""
    return tuple(replace(rule, where=lambda declared: declared.get(key) in values) for rule in rules)


def text(check: str, type_: str, path: str, pattern: str, takes: str, source: str) -> Rule:  # noqa: PLR0917 rows read best by place
    """Text that a pattern must match as a whole."""
    compiled = re.compile(pattern, re.ASCII)
    return Rule(check, type_, path, takes, source, lambda value: compiled.fullmatch(str(value)) is not None)


def number(check: str, type_: str, path: str, least: float, most: float, unit: str, source: str) -> Rule:  # noqa: PLR0917 rows read best by place
    """A number within bounds, both included; text that is no number is none."""
    takes = f"{least:g} to {most:g}{f' {unit}' if unit else ''}"
    return Rule(check, type_, path, takes, source, lambda value: _is_within(value, least, most))


def one_of(check: str, type_: str, path: str, values: Iterable[Any], source: str) -> Rule:
    """One of certain values."""
    known = tuple(values)
    return Rule(check, type_, path, ", ".join(map(str, known)), source, lambda value: value in known)


def count(check: str, type_: str, path: str, least: int, most: int, of: str, source: str) -> Rule:  # noqa: PLR0917 rows read best by place
    """A list (or map) of so many entries."""
    takes = f"{least} to {most} {of}" if least else f"at most {most} {of}"
    return Rule(check, type_, path, takes, source, lambda value: least <= len(value) <= most)


def _is_within(value: Any, least: float, most: float) -> bool:
    try:
        return not isinstance(value, bool) and least <= float(value) <= most
    except (TypeError, ValueError):
        return False


def breaches_of(rules: Iterable[Rule], graph: Graph) -> Iterator[Refusal]:
    """A refusal for each place of which a rule does not hold."""
    for rule in rules:
        for one in graph.of(rule.type_):
            for place, value in at(judged(one), rule.path) if rule.where(one.inputs) else ():
                if not rule.holds(value):
                    yield refuse(
                        one, rule.check, f"{place} {_described(value)}", f"AWS takes {rule.takes}", rule.source
                    )


def _described(value: Any) -> str:
    if isinstance(value, (list, Mapping)):
        return f"has {len(value)} entries"
    return f"is {shown(value) if isinstance(value, str) else value}"


def at(values: Any, path: str, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every value at a path such as `rules[].id`, each with its own place; none where nothing is declared."""
    if not path:
        if values is not None:
            yield before, values
        return
    step, _, rest = path.partition(".")
    many = step.endswith("[]")
    name = step.removesuffix("[]")
    found = values.get(name) if isinstance(values, Mapping) else None
    here = f"{before}.{name}" if before else name
    if not many:
        yield from at(found, rest, here)
    for index, item in enumerate(found if many and isinstance(found, list) else ()):
        yield from at(item, rest, f"{here}[{index}]")
