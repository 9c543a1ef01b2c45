"""What of a stack, deployed or live, is not as declared: resource by resource, field by field."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from facts import tokens as t
from facts.captions import ENGLISH
from facts.stores import Concern, Form, KeyKind, Store, stores
from facts.types import Loss, loss_of
from graph import Graph, Resource

COPIES = (Form.SNAPSHOT, Form.SNAPSHOT_COPY)  # made by hand or by RDS; no program declares them


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of a live resource that is not as declared; a resource that is missing or a stranger has no field."""

    stack: str
    name: str
    field: str
    declared: str
    found: str

    def __str__(self) -> str:
        if not self.field:
            return f"{self.name}: declared {self.declared}, found {self.found}"
        return f"{self.name}: {self.field} is {self.found}, declared {self.declared}"


ResourceDifference = tuple[Resource, Difference]


def differences(declared: Graph, found: Graph) -> Iterator[ResourceDifference]:
    """Every difference between two graphs whose resources have the same URNs, with the resource that it is of."""
    missing = [one for one in declared.resources if _holds_data(one) and one.urn not in found.by_urn]
    for resource in missing:
        yield resource, difference(declared, resource, "", "it", "nothing")
    then = {one.identity: one for one in stores(declared)}
    now = {one.identity: one for one in stores(found)}
    gone = {one.urn for one in missing}
    for identity, store in then.items():
        if store.holder.urn not in gone:
            yield from _changed(declared, found, store, now.get(identity))
    yield from _undeclared_stores(declared, [store for identity, store in now.items() if identity not in then])


def _holds_data(one: Resource) -> bool:
    return one.custom and loss_of(one.type) is not Loss.NOTHING and not one.type.startswith("pulumi:")


def _undeclared_stores(declared: Graph, found: Sequence[Store]) -> Iterator[ResourceDifference]:
    for store in found:
        if store.form not in COPIES:
            name = str(store.holder.outputs.get("name") or store.holder.name)
            description = f"{ENGLISH.what(store)} in {region_of(store)}"
            yield store.holder, Difference(declared.stack, name, "", "nothing", description)


def _changed(before: Graph, after: Graph, then: Store, now: Store | None) -> Iterator[ResourceDifference]:
    resource, what = then.holder, ENGLISH.what(then)
    if now is None:
        yield resource, difference(before, resource, "", what, "nothing")
        return
    if _holding(then) != _holding(now):
        yield resource, difference(before, resource, "", what, ENGLISH.what(now))
    if (then.region, then.standby) != (now.region, now.standby):
        yield resource, difference(before, resource, f"{what}: place", ENGLISH.place(then), ENGLISH.place(now))
    if _key(before, then) != _key(after, now):
        names = key_name(before, then), key_name(after, now)
        yield resource, difference(before, resource, f"{what}: key", *names)
    if then.kept != now.kept:
        yield resource, difference(before, resource, f"{what}: kept", ENGLISH.kept(then), ENGLISH.kept(now))
    for concern in now.warnings:
        if concern not in then.warnings and concern is not Concern.KEY_LOST:  # which is told of the key
            yield resource, difference(before, resource, f"{what}: state", "as it should be", ENGLISH.concerns[concern])


def _holding(store: Store) -> tuple[str, str, list[str]]:
    return store.content, store.classification, [one.urn for one in store.writers]


def _key(graph: Graph, store: Store) -> tuple[KeyKind, str]:
    """A key by its alias: the ARN is not known before the key is made."""
    key = graph.by_urn.get(store.key.urn)
    return store.key.kind, (graph.alias_of(key) if key is not None else "") or store.key.reference


def key_name(graph: Graph, store: Store) -> str:
    """What encrypts a store, for a reader: a key by its alias, else its ARN or id."""
    return _key(graph, store)[1] or ENGLISH.key(store.key)


def region_of(store: Store) -> str:
    """The region, or that the stack does not say it."""
    return store.region or ENGLISH.region_not_shown


def difference(graph: Graph, resource: Resource, field: str, declared: object, found: object) -> Difference:
    """One difference of a resource, under the name by which people know it."""
    name = name_of(graph, resource) or resource.name
    return Difference(graph.stack, name, field, str(declared or "nothing"), str(found or "nothing"))


def name_of(graph: Graph, resource: Resource) -> str:
    """The physical name by which a resource is looked for; a key goes by its alias."""
    return graph.alias_of(resource) if resource.type == t.KEY else graph.physical_name(resource)
