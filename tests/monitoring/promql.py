"""What a PromQL expression asks for, as far as this project writes them.

Each selector here has braces, each aggregation a `by (...)`: so metric and label names are found without a parser, and
a test refuses an expression that is written otherwise.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from monitoring.dashboards.boards import boards
from monitoring.dashboards.panels import Panel
from monitoring.rules import rules
from monitoring.watched import Watched

_SELECTOR: Final = re.compile(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}")
_MATCHER: Final = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"')
_GROUPING: Final = re.compile(r"\bby \(([^)]*)\)")
_LEGEND: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_WORDS: Final = frozenset(
    (
        *("absent", "and", "by", "clamp_max", "histogram_quantile", "max", "max_over_time", "min"),
        *("min_over_time", "or", "rate", "sum", "sum_over_time", "topk"),
    )
)


@dataclass(frozen=True, kw_only=True)
class NamedExpression:
    """An expression with who asks it: a panel, a rule or an alert, by its name."""

    who: str
    expression: str
    legend: str = ""


def everything(watched: Watched) -> Iterator[NamedExpression]:
    """Every expression of a stack's rules, alerts and panels."""
    for rule in (rule for group in rules(watched)["groups"] for rule in group["rules"]):
        who = f"rule {rule['record']}" if "record" in rule else f"alert {rule['alert']} ({rule['labels']['severity']})"
        yield NamedExpression(who=who, expression=rule["expr"])
    for board in boards(watched):
        for panel in board.panels:
            for query in panel.queries if isinstance(panel, Panel) else ():
                who = f'panel "{panel.title}" of dashboard {board.name}'
                yield NamedExpression(who=who, expression=query.expression, legend=query.legend)


def selected(expression: str) -> dict[str, set[str]]:
    """The metrics of an expression, each with the labels that it is selected by."""
    found: dict[str, set[str]] = {}
    for name, matchers in _SELECTOR.findall(expression):
        found.setdefault(name, set()).update(_MATCHER.findall(matchers))
    return found


def grouped(expression: str) -> set[str]:
    """The labels that an expression groups by, anywhere in it."""
    return {one.strip() for inside in _GROUPING.findall(expression) for one in inside.split(",")}


def unread(expression: str) -> set[str]:
    """Words of an expression that this reader does not understand, such as a selector without braces."""
    rest = _GROUPING.sub(" ", _SELECTOR.sub(" ", re.sub(r"\[\w+\]", " ", expression)))
    return set(re.findall(r"[a-zA-Z_:][\w:]*", rest)) - _WORDS


def missing(expressions: Iterable[NamedExpression], exposed: Mapping[str, Collection[str]]) -> list[str]:
    """Who asks for a metric or label that is not there, in a sentence each.

    Args:
        expressions: every one.
        exposed: the series that there are, each with its labels.
    """
    return [f"{one.who} {problem}" for one in expressions for problem in _missing(one, exposed)]


def _missing(named: NamedExpression, exposed: Mapping[str, Collection[str]]) -> Iterator[str]:
    by, shown = grouped(named.expression), set(_LEGEND.findall(named.legend))
    for metric, labels in selected(named.expression).items():
        if metric not in exposed:
            yield f"asks for {metric}, which nothing exposes"
            continue
        for label in sorted((labels | by | (shown if not by else set())) - set(exposed[metric])):
            yield f"asks {metric} for its label {label}, which it does not have"
    for label in sorted(shown - by if by else ()):
        yield f"shows the label {label}, by which it does not group"
    for word in sorted(unread(named.expression)):
        yield f"has the word {word}, which is neither a function nor a metric with braces"
