"""Reading a resource that holds data: days, switches, keys and regions, each None or unknown where it is not shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from facts import tokens as t
from facts.places import region_of
from facts.safeguards import default_of, own_paths
from facts.stores.model import (
    FOREVER,
    AfterDeletion,
    Content,
    End,
    Form,
    Guard,
    Keeping,
    Kept,
    Key,
    KeyKind,
    Reason,
    Store,
)
from graph import Graph, Mark, Resource
from graph.values import at, flag, number

NOT_SHOWN: Final = AfterDeletion(End.UNKNOWN, Reason.NOT_SHOWN, None)


@dataclass(frozen=True, slots=True)
class Holder:
    """A resource that holds data, and how its properties are read."""

    graph: Graph
    resource: Resource

    @property
    def region(self) -> str:
        """The region that it is in; empty where that is not shown."""
        hidden = isinstance(self.resource.inputs.get("region"), Mark)
        return "" if hidden else region_of(self.graph, self.resource)

    def at(self, path: str) -> Any:
        """What was declared at a path."""
        return at(self.resource.inputs, path)

    def days(self, name: str) -> float | None:
        """Days that a property says, the safeguard's default where it is left out, None where it is not shown."""
        return number(self._value(name))

    def flag(self, name: str) -> bool | None:
        """A switch, the safeguard's default where it is left out, None where it is not shown."""
        return flag(self._value(name))

    def _value(self, name: str) -> Any:
        value = self.resource.inputs.get(name)
        return default_of(self.resource.type, name) if value is None else value

    def key(self, path: str, without: KeyKind = KeyKind.AWS) -> Key:
        """The key that the property at a path names, or what encrypts without one."""
        value = self.at(path)
        if value is None or value == "":
            return Key(without)
        if isinstance(value, str):
            found = self.graph.key(value)
            return Key(KeyKind.NAMED, value, found.urn if found is not None else "")
        referred = self.graph.referred(self.resource, path, t.KEY, t.REPLICA_KEY)
        return Key(KeyKind.NAMED, urn=referred[0].urn) if len(referred) == 1 else Key(KeyKind.UNKNOWN)

    def store(
        self, form: Form, content: Content, key: Key | KeyKind, kept: Kept, after_deletion: AfterDeletion, **more: Any
    ) -> Store:
        """One form of data in it; `more` are further fields of a Store."""
        key = key if isinstance(key, Key) else Key(key)
        given = {"region": self.region, **more}
        return Store(
            form=form,
            content=content,
            holder=self.resource,
            key=key,
            kept=kept,
            after_deletion=after_deletion,
            **given,
        )


def days_of(value: Any, default: float) -> float | None:
    """A number of days, `default` where there is none, None where it is not shown."""
    return default if value is None else number(value)


def for_days(days: float | None) -> Kept:
    """Kept for a number of days."""
    return Kept(Keeping.UNKNOWN, None) if days is None else Kept(Keeping.FOR_DAYS, days)


def for_a_while(days: float | None, reason: Reason) -> AfterDeletion:
    """To be had for a number of days after the deletion."""
    return NOT_SHOWN if days is None else AfterDeletion(End.FOR_A_WHILE, reason, days)


def stays(reason: Reason) -> AfterDeletion:
    """To be had without end."""
    return AfterDeletion(End.STAYS, reason, FOREVER)


def classification(resource: Resource) -> str:
    """What the `data-classification` tag says a resource holds; empty where it is untagged or holds none."""
    tags = resource.inputs.get("tags")
    value = tags.get("data-classification") if isinstance(tags, Mapping) else None
    return "" if value is None or value == "none" else str(value)


def content_of(classified: str) -> Content:
    """What a classification means."""
    known = {"customer-data": Content.CUSTOMER, "operational": Content.TRACES}
    return known.get(classified, Content.UNKNOWN)


def guards(resource: Resource) -> Iterator[Guard]:
    """What guards a resource against deletion; a value that is not shown counts as a guard."""
    if resource.protect:
        yield Guard.PROTECT
    found = [resource.inputs.get(name) for name in own_paths("deletionProtection", resource.type)]
    if any(isinstance(one, Mark) or flag(one) for one in found):
        yield Guard.DELETION_PROTECTION
