"""Marks in the place of values that are not there to be compared. A mark is equal to nothing, not even to itself."""

from collections.abc import Iterator, Mapping
from typing import Any


class Mark:
    """In the place of a value. Make a new one for each place: a list compares what it holds by identity first."""

    __slots__ = ()
    word = ""

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return id(self)

    def __str__(self) -> str:
        return self.word

    __repr__ = __str__

    def __reduce__(self) -> "tuple[type[Mark], tuple[()]]":
        return type(self), ()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Mark":
        return type(self)()


class Unknown(Mark):
    """A value that is computed only when the change is made."""

    __slots__ = ()
    word = "(known after the update)"


class Secret(Mark):
    """A value that the program or the state marks as secret; it was taken out."""

    __slots__ = ()
    word = "[secret]"


class Masked(Mark):
    """A value that a recording does not show: neither what it is nor whether it changed."""

    __slots__ = ()
    word = "[secret]"


def marks_in(value: Any, path: str = "") -> Iterator[tuple[str, Mark]]:
    """Every mark in a value with its path, `rules[0].days`."""
    if isinstance(value, Mark):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from marks_in(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from marks_in(item, f"{path}[{index}]")


def is_known(value: Any) -> bool:
    """Whether a value, and everything in it, is there to be compared."""
    if isinstance(value, str):  # most are, and asking for an abstract class takes ten times as long
        return True
    if isinstance(value, Mapping):
        return all(map(is_known, value.values()))
    if isinstance(value, list | tuple):
        return all(map(is_known, value))
    return not isinstance(value, Mark)
