"""Putting something else in the place of an attribute for a while."""

from collections.abc import Callable
from typing import Any

Undo = Callable[[], None]


def replace_attribute(owner: Any, name: str, new: Any) -> Undo:
    """Put `new` in the place of what a class or module has under a name; the function undoes it."""
    old = vars(owner)[name]
    setattr(owner, name, new)
    return lambda: setattr(owner, name, old)


def add_attribute(owner: Any, name: str, new: Any) -> Undo:
    """The same for a name that the owner lacks; one that it has wins."""
    if hasattr(owner, name):
        return lambda: None
    setattr(owner, name, new)
    return lambda: delattr(owner, name)
