"""The one list of resource types: what each holds, what its going means, who judges each of its properties.

A type that is not in it is unknown, which every reader treats as the worst.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from facts.places import LABELS
from facts.types import access, data, running
from facts.types.model import Harmless, Loss, Removal, ResourceType
from graph.values import root_of

TYPES: Final[Mapping[str, ResourceType]] = {one.token: one for one in (*data.TYPES, *access.TYPES, *running.TYPES)}


def noun_of(token: str) -> str:
    """What a person calls a resource of a type; `resource` for one that is not listed."""
    listed = TYPES.get(token)
    return listed.noun if listed else "resource"


def loss_of(token: str) -> Loss:
    """What it costs to lose what a type holds; an unknown type may hold data."""
    listed = TYPES.get(token)
    return listed.loss if listed else Loss.DATA


def judged_among(token: str, paths: Iterable[str]) -> Iterator[str]:
    """The paths that lead into a property which somebody judges; of an unknown type that may be any but the labels."""
    listed = TYPES.get(token)
    for path in paths:
        name = root_of(path)
        if name == "*" or (name in listed.judged if listed else name not in LABELS):
            yield path


__all__ = ["TYPES", "Harmless", "Loss", "Removal", "ResourceType", "judged_among", "loss_of", "noun_of"]
