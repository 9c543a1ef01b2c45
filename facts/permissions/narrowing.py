"""How the conditions of two statements compare by their texts, whoever asks."""

from collections.abc import Iterator

from facts.permissions.documents import Statement, conditions
from facts.permissions.patterns import includes
from facts.ranges import is_within, is_world


def narrows(statement: Statement, known: Statement) -> bool:
    """Whether whatever meets a statement's conditions meets another's: each of those is asked for, with no value more.

    A condition on a further key only narrows. What another operator makes of a value is not compared.
    """
    return all(
        now is not None and not _beyond(operator, now, then) for operator, now, then in _compared(statement, known)
    )


def loosens(statement: Statement, known: Statement) -> bool:
    """Whether a key that another statement asks for is asked for no more, by another operator, or by a pattern.

    One more exact value lets in one more: that is no looser condition, but a grant of its own. One more range of
    addresses is looser where all of them together are the world.
    """
    return any(now is None or _is_looser(operator, now, then) for operator, now, then in _compared(statement, known))


def _compared(statement: Statement, known: Statement) -> Iterator[tuple[str, set[str] | None, set[str]]]:
    """The operator of each condition of `known`, and its key's values now and then; None where it is asked no more."""
    asked = conditions(statement)
    for key, found in conditions(known).items():
        for operator, values in found:
            now = next((set(those) for name, those in asked.get(key, ()) if name == operator), None)
            yield operator, now, set(values)


def _is_looser(operator: str, now: set[str], then: set[str]) -> bool:
    beyond = _beyond(operator, now, then)
    if any(_is_negated(operator) or "*" in one or "?" in one for one in beyond):
        return True
    return bool(beyond) and _is_of_ranges(operator) and is_world(*now)


def _beyond(operator: str, now: set[str], then: set[str]) -> set[str]:
    """The values that let in more than before: what is added, or, of what is refused, what is left out."""
    more, held = (then, now) if _is_negated(operator) else (now, then)
    if _is_of_ranges(operator):
        return {one for one in more - held if not is_within(one, held)}
    return {one for one in more - held if not any(_includes(operator, pattern, one) for pattern in held)}


def _includes(operator: str, pattern: str, value: str) -> bool:
    """Whether an operator takes wildcards, and by them a pattern for whatever it takes another value for."""
    if "Arn" in operator:  # its six parts are compared one by one
        parts = pattern.split(":", 5), value.split(":", 5)
        return len(parts[0]) == len(parts[1]) and all(map(includes, *parts))
    return "Like" in operator and includes(pattern, value)


def _is_of_ranges(operator: str) -> bool:
    return "IpAddress" in operator


def _is_negated(operator: str) -> bool:
    return "Not" in operator
