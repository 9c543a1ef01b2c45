"""What of a stack, deployed or live, is not as declared: resource by resource, field by field."""

from collections.abc import Iterator, Sequence

from facts import tokens as t
from operations.locate.answer import Difference
from rehearsal.report.data import Life, lives
from rehearsal.report.graph import ALIAS, Graph
from rehearsal.result import Rehearsal, Rehearsed

LOCATED = (t.DATABASE, t.BUCKET, t.LOG_GROUP, t.SECRET, t.KEY, t.TOPIC)
COPIES = (t.SNAPSHOT, t.SNAPSHOT_COPY)  # made by hand or by RDS; no program declares them
Told = tuple[Rehearsed, Difference]


def differences(declared: Rehearsal, found: Rehearsal) -> Iterator[Told]:
    """Every difference between two graphs whose resources have the same URNs, with the resource that it is of."""
    before, after = Graph(declared), Graph(found)
    missing = [one for one in before.of_type(*LOCATED) if one.urn not in found.by_urn]
    for resource in missing:
        yield resource, difference(before, resource, "", "it", "nothing")
    then = {(one.holder.urn, one.what): one for one in lives(before)}
    now = {(one.holder.urn, one.what): one for one in lives(after)}
    gone = {one.urn for one in missing}
    for key, life in then.items():
        if key[0] not in gone and (key[0] in found.by_urn or life.holder.type not in LOCATED):
            yield from _changed(before, after, life, now.get(key))
    yield from _strangers(declared, [life for key, life in now.items() if key not in then])


def _strangers(declared: Rehearsal, found: Sequence[Life]) -> Iterator[Told]:
    for life in found:
        if life.holder.type not in COPIES:
            name = str(life.holder.outputs.get("name") or life.holder.name)
            yield life.holder, Difference(declared.stack, name, "", "nothing", f"{life.what} in {life.region}")


def _changed(before: Graph, after: Graph, then: Life, now: Life | None) -> Iterator[Told]:
    resource = then.holder
    if now is None:
        yield resource, difference(before, resource, "", then.what, "nothing")
        return
    fields = {
        "place": (then.place, now.place),
        "key": (_key(before, then), _key(after, now)),
        "kept": (then.kept, now.kept),
    }
    for field, (wanted, found) in fields.items():
        if wanted != found:
            yield resource, difference(before, resource, f"{then.what}: {field}", wanted, found)


def _key(graph: Graph, life: Life) -> str:
    """A key by its alias: the ARN is not known before the key is made."""
    key = graph.find(life.key.reference)
    for alias in graph.of_type(ALIAS) if key is not None else ():
        if graph.find(alias.outputs.get("targetKeyId")) is key:
            return str(graph.properties(alias).get("name"))
    return life.key.words or life.key.reference


def difference(graph: Graph, resource: Rehearsed, field: str, declared: object, found: object) -> Difference:
    """One difference of a resource, under the name by which people know it."""
    name = name_of(graph, resource) or resource.name
    return Difference(graph.rehearsal.stack, name, field, str(declared or "nothing"), str(found or "nothing"))


def name_of(graph: Graph, resource: Rehearsed) -> str:
    """The physical name by which a resource is looked for; a key goes by its alias."""
    if resource.type != t.KEY:
        return str(graph.physical_name(resource))
    aliases = (one for one in graph.of_type(ALIAS) if graph.find(one.outputs.get("targetKeyId"), t.KEY) is resource)
    return next((str(graph.properties(one).get("name") or one.id) for one in aliases), "")
