"""What of the account is not as declared, field by field."""

from collections.abc import Iterator

from operations.locate.answer import Difference
from operations.locate.live.overlay import COPIES, Overlaid, name_of
from policies.tags import APPLICATION, ENVIRONMENT, TENANT
from rehearsal.report.data import Life, guards, lives
from rehearsal.report.graph import ALIAS, Graph
from rehearsal.result import Rehearsal, Rehearsed

_TAGS = (APPLICATION, ENVIRONMENT, TENANT)


def differences(declared: Rehearsal, live: Overlaid) -> Iterator[tuple[Rehearsed, Difference]]:
    """Every difference, with the declared resource that it is of; a stranger's is the stranger itself."""
    before, after = Graph(declared), Graph(live.rehearsal)
    for resource in live.missing:
        yield resource, _difference(before, resource, "", "it", "nothing")
    now = {(one.holder.urn, one.what): one for one in lives(after)}
    then = {(one.holder.urn, one.what): one for one in lives(before)}
    for key, life in then.items():
        if key[0] in live.matched:
            yield from _changed(before, after, life, now.get(key))
    for urn, found in live.matched.items():
        resource = declared.by_urn[urn]
        wanted = before.properties(resource).get("tags") or {}
        for tag in _TAGS:
            if wanted.get(tag) != found.tags.get(tag):
                yield resource, _difference(before, resource, f"tag {tag}", wanted.get(tag), found.tags.get(tag))
        protected = list(guards(before, resource)), list(guards(after, live.rehearsal.by_urn[urn]))
        if protected[0] != protected[1]:
            yield resource, _difference(before, resource, "protected by", *(", ".join(one) for one in protected))
    known = {(one.holder.urn, one.what) for one in then.values()}
    for (urn, what), life in now.items():
        if (urn, what) not in known and life.holder.type not in COPIES:
            told = f"{what} in {life.region}"
            name = str(life.holder.outputs.get("name") or life.holder.name)
            yield life.holder, Difference(declared.stack, name, "", "nothing", told)


def _changed(before: Graph, after: Graph, then: Life, now: Life | None) -> Iterator[tuple[Rehearsed, Difference]]:
    resource = then.holder
    if now is None:
        yield resource, _difference(before, resource, "", then.what, "nothing")
        return
    fields = {
        "place": (then.place, now.place),
        "key": (_key(before, then), _key(after, now)),
        "kept": (then.kept, now.kept),
    }
    for field, (wanted, found) in fields.items():
        if wanted != found:
            yield resource, _difference(before, resource, f"{then.what}: {field}", wanted, found)


def _key(graph: Graph, life: Life) -> str:
    """A key by its alias: the ARN is not known before the key is made."""
    key = graph.find(life.key.reference)
    for alias in graph.of_type(ALIAS) if key is not None else ():
        if graph.find(alias.outputs.get("targetKeyId")) is key:
            return str(graph.properties(alias).get("name"))
    return life.key.words or life.key.reference


def _difference(graph: Graph, resource: Rehearsed, field: str, declared: object, found: object) -> Difference:
    name = name_of(graph, resource) or resource.name
    return Difference(graph.rehearsal.stack, name, field, str(declared or "nothing"), str(found or "nothing"))
