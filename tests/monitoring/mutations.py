"""Every way in which one rule can be changed a little, made from the committed rules themselves."""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_NUMBER = re.compile(r'(?<![\w.\["{])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.\]"])')
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}")
_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
_COMPARISON = re.compile(r" (>|<|==) ")
_WINDOW = re.compile(r"\[(\d+)([mhd])\]")
_OTHER = {">": ("<", ">="), "<": (">", "<="), "==": ("!=",)}


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A rule that is not as it was. `of` names the rule (an alert with its severity), `change` what was done to it."""

    of: str
    change: str
    rule: dict[str, Any]


def name_of(rule: dict[str, Any]) -> str:
    """An alert's name with its severity, or a recorded series."""
    return f"{rule['alert']}, {rule['labels']['severity']}" if "alert" in rule else str(rule["record"])


def mutants(rule: dict[str, Any]) -> Iterator[Mutant]:
    """A rule's numbers, comparisons, windows, metrics, labels with their values, how long it holds, its own labels."""
    for change, expression in _expressions(rule["expr"]):
        yield Mutant(of=name_of(rule), change=change, rule={**rule, "expr": expression})
    if "alert" in rule:
        for change, hold in _holds(rule["for"]):
            yield Mutant(of=name_of(rule), change=change, rule={**rule, "for": hold})
        for label in rule["labels"]:
            changed = copy.deepcopy(rule)
            changed["labels"][label] = "changed"
            yield Mutant(of=name_of(rule), change=f"its label {label} changed", rule=changed)


def _expressions(expression: str) -> Iterator[tuple[str, str]]:
    found = (*_numbers(expression), *_comparisons(expression), *_names(expression), *_windows(expression))
    for change, start, end, text in found:
        yield change, expression[:start] + text + expression[end:]


Splice = tuple[str, int, int, str]


def _numbers(expression: str) -> Iterator[Splice]:
    quoted = [one.span(2) for one in _SELECTOR.finditer(expression)]
    for found in _NUMBER.finditer(expression):
        if any(start <= found.start() < end for start, end in quoted):
            continue
        value = float(found[0])
        for changed in (1.1 * value, 0.9 * value) if value else (1.0, -1.0):
            yield f"{found[0]} at {found.start()} is {changed:.10g}", *found.span(), f"{changed:.10g}"


def _comparisons(expression: str) -> Iterator[Splice]:
    for found in _COMPARISON.finditer(expression):
        of_zero = re.match(r"0(?![.\d])", expression[found.end() :])
        for other in _OTHER[found[1]]:
            if not other.endswith("=") or of_zero:  # shares and bytes are never just at a limit other than zero
                yield f"{found[1]} at {found.start()} is {other}", *found.span(1), other


def _names(expression: str) -> Iterator[Splice]:
    for selector in _SELECTOR.finditer(expression):
        yield f"{selector[1]} at {selector.start()} is renamed", *selector.span(1), "renamed"
        for matcher in _MATCHER.finditer(expression, *selector.span(2)):
            where = f"{matcher[1]} of {selector[1]} at {matcher.start()}"
            yield f"{where} is renamed", *matcher.span(1), "renamed"
            yield f"{where} has another value", *matcher.span(3), "another"


def _windows(expression: str) -> Iterator[Splice]:
    for found in _WINDOW.finditer(expression):
        seconds = int(found[1]) * {"m": 60, "h": 3600, "d": 86_400}[found[2]]
        for changed in (2 * seconds, seconds // 2):
            yield f"{found[0]} at {found.start()} is {changed} s", *found.span(), f"[{changed}s]"


def _holds(hold: str) -> Iterator[tuple[str, str]]:
    (minutes,) = re.findall(r"^(\d+)m$", hold)
    for seconds in (30 * int(minutes), 120 * int(minutes)):
        yield f"it holds {seconds} s, not {hold}", f"{seconds}s"
