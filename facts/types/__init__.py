"""The one list of resource types: what each holds, what its going means, who judges each of its properties.

A type that is not in it is unknown, which every reader treats as the worst.
"""

from collections.abc import Mapping
from typing import Final

from facts.types import access, data, running
from facts.types.model import Harmless, Loss, Removal, ResourceType

TYPES: Final[Mapping[str, ResourceType]] = {one.token: one for one in (*data.TYPES, *access.TYPES, *running.TYPES)}


def noun_of(token: str) -> str:
    """What a person calls a resource of a type; `resource` for one that is not listed."""
    listed = TYPES.get(token)
    return listed.noun if listed else "resource"


def loss_of(token: str) -> Loss:
    """What it costs to lose what a type holds; an unknown type may hold data."""
    listed = TYPES.get(token)
    return listed.loss if listed else Loss.DATA


__all__ = ["TYPES", "Harmless", "Loss", "Removal", "ResourceType", "loss_of", "noun_of"]
