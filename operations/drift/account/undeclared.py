"""The words of the comparison: a thing that nobody declared, and a look for such things."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from graph import Graph, Resource
from operations.locate.live.account import Account


@dataclass(frozen=True)
class Undeclared:
    """One thing as if it were declared, and the command that takes it away; empty where no one command does."""

    resource: Resource
    undo: str = ""


@dataclass(frozen=True)
class Stack:
    """A stack's state, and the account that it stands in."""

    account: Account
    graph: Graph
    is_mine: Callable[[str], bool]
    certificates: Collection[str] = ()
    """Those that records of customers behind this stack's load balancer name."""

    def ids(self, *types: str) -> set[str]:
        """The ids of everything of these types that the stack declares."""
        return {one.id for one in self.graph.of(*types)}

    def region(self, holder: Resource) -> str:
        return self.graph.region_of(holder)

    def undeclared(self, token: str, name: str, undo: str = "", **inputs: Any) -> Undeclared:
        """A thing of a type that nobody declared; what Python keeps for itself is written with a line after it."""
        values = {key.removesuffix("_"): value for key, value in inputs.items() if value not in (None, "", [])}
        urn = f"urn:pulumi:{self.graph.stack}::{self.graph.project}::{token}::{name}"
        return Undeclared(Resource(urn=urn, type=token, name=name, inputs=values, id=name), undo)


@dataclass(frozen=True)
class Look:
    """What is looked for at each declared resource of these types."""

    what: str
    types: tuple[str, ...]
    undeclared: Callable[[Stack, Resource], Iterator[Undeclared]]


def tag_name(tags: Any) -> str:
    """The tag Name of an answer's tags."""
    return next((str(tag["Value"]) for tag in tags or () if tag.get("Key") == "Name"), "")
