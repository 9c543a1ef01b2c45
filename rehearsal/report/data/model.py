"""What is said of one kind of data: where it lies, which key opens it, how long it is kept, how it ends."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from facts import tokens as t
from rehearsal.report.graph import Graph
from rehearsal.result import Rehearsed


class End(StrEnum):
    """What destroying the stack does to data."""

    NONE = "there is none"
    DELETED = "deleted"
    FOR_A_WHILE = "kept for a while"
    STAYS = "stays"
    BLOCKS = "blocks the destroy"


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens when the stack is destroyed; `days` is how long the data can still be had, None without end."""

    end: End
    words: str
    days: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Key:
    """What encrypts data: a key's ARN or id, or words where AWS holds the key."""

    reference: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """One kind of data that one resource holds."""

    what: str
    holder: Rehearsed
    place: str
    key: Key
    kept: str
    fate: Fate
    warnings: tuple[str, ...] = ()

    @property
    def region(self) -> str:
        """The region alone, or that none is told."""
        return self.place.partition(",")[0]


AWS_KEY = "a key that AWS holds"
UNTOLD = "not told by this stack"  # a place that nothing declared here names


def classification(graph: Graph, resource: Rehearsed) -> str:
    """What the `data-classification` tag says a resource holds; empty where it is untagged or holds none."""
    tags = graph.properties(resource).get("tags")
    value = tags.get("data-classification") if isinstance(tags, Mapping) else None
    return "" if value in (None, "none") else str(value)


def key_of(properties: Mapping[str, Any], name: str, without: str = AWS_KEY) -> Key:
    """The customer key that a property names, or what encrypts without one."""
    value = properties.get(name)
    return Key(reference=str(value)) if value else Key(words=without)


def days(number: float) -> str:
    """`1 day`, `30 days`."""
    whole = int(number) if number == int(number) else number
    return f"{whole} day" if whole == 1 else f"{whole} days"


def place_of(graph: Graph, resource: Rehearsed) -> str:
    """The region that a resource is in."""
    return str(graph.properties(resource).get("region") or resource.region or graph.rehearsal.region)


def guards(graph: Graph, resource: Rehearsed) -> Iterator[str]:
    """What must be switched off before a resource can be deleted at all."""
    if resource.declared.protect:
        yield "Pulumi's protect"
    properties = graph.properties(resource)
    if properties.get("deletionProtection") or properties.get("enableDeletionProtection"):
        yield "deletion protection"


HOLDERS = (t.DATABASE, t.BUCKET, t.LOG_GROUP, t.SECRET, t.KEY)
