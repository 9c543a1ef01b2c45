"""What the account has, laid over what the program declares: one graph that the report's own rules can read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from facts import tokens as t
from graph.values import items
from operations.locate.differences import LOCATED, name_of
from operations.locate.live.found import Found, stem
from rehearsal.report.graph import Graph
from rehearsal.result import Declared, Rehearsal, Rehearsed, State

SIDES = (t.BUCKET_VERSIONING, t.BUCKET_ENCRYPTION, t.BUCKET_LIFECYCLE, t.BUCKET_REPLICATION, t.SECRET_ROTATION)


@dataclass(frozen=True)
class Overlaid:
    """The live graph, and which of its resources was found as what; what was not found is not in it."""

    rehearsal: Rehearsal
    matched: Mapping[str, Found]  # by URN


def overlay(declared: Rehearsal, found: Sequence[Found]) -> Overlaid:
    """Lay the account's resources over the declared ones of the same kind and name."""
    graph = Graph(declared)
    matched: dict[str, Found] = {}
    for resource in graph.of_type(*LOCATED):
        alike = [one for one in found if one.identity == (resource.type, stem(name_of(graph, resource)))]
        region = resource.region or declared.region
        if alike:  # in its own region if it is there; elsewhere it has moved, and is told so
            matched[resource.urn] = next((one for one in alike if one.region == region), alike[0])
    missing = {one.urn for one in graph.of_type(*LOCATED) if one.urn not in matched}
    taken = {id(one) for one in matched.values()}
    strangers = tuple(one for one in found if id(one) not in taken and not _is_replica(one, matched.values()))
    renamed = dict(_renames(declared, matched))
    resources = [
        *_laid(declared, graph, matched, missing, renamed),
        *(one for stranger in strangers for one in _strange(declared, stranger)),
        *(side for urn, one in matched.items() for side in _undeclared_sides(declared, graph, urn, one)),
    ]
    return Overlaid(replace(declared, resources=tuple(resources)), matched)


def _is_replica(one: Found, matched: Iterable[Found]) -> bool:
    """A secret's or a key's replica is a resource of its region, and told with its original already."""
    return any(
        original.identity == one.identity
        and any(isinstance(copy, Mapping) and copy.get("region") == one.region for copy in items(replicas))
        for original in matched
        if (replicas := original.properties.get("replicas"))
    )


def _renames(declared: Rehearsal, matched: Mapping[str, Found]) -> Iterator[tuple[str, str]]:
    """Stand-ins of the declaration -> what AWS and the engine made."""
    for urn, one in matched.items():
        resource = declared.by_urn[urn]
        yield str(resource.outputs.get("arn")), one.arn
        own = one.arn.rpartition("/")[2] if one.type == t.KEY else one.name
        for key in ("bucket", "name", "keyId"):
            if isinstance(resource.outputs.get(key), str):
                yield str(resource.outputs[key]), own
        if one.type == t.SECRET:
            yield resource.id, one.arn
        else:
            yield resource.id, own


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Mapping):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(item, names) for item in value]
    return value


def _laid(
    declared: Rehearsal, graph: Graph, matched: Mapping[str, Found], missing: set[str], names: Mapping[str, str]
) -> Iterator[Rehearsed]:
    for resource in declared.resources:
        owner = _owner(graph, resource) if resource.type in SIDES else None
        if resource.urn in missing or (owner is not None and owner.urn in missing):
            continue
        properties = _renamed(resource.declared.properties, names)
        outputs = {**_renamed(resource.outputs, names)}
        id_, region = _renamed(resource.id, names), resource.region
        one = matched.get(resource.urn)
        if one is not None:
            properties |= {**one.properties, "region": one.region}
            outputs |= {"arn": one.arn}
            region = one.region
        elif owner is not None and owner.urn in matched:
            side = matched[owner.urn].side.get(resource.type)
            if side is None:
                continue
            properties |= side
        yield replace(
            resource, declared=replace(resource.declared, properties=properties), outputs=outputs, id=id_, region=region
        )


def _owner(graph: Graph, side: Rehearsed) -> Rehearsed | None:
    properties = graph.properties(side)
    found = graph.find(properties.get("bucket"), t.BUCKET) or graph.find(properties.get("secretId"), t.SECRET)
    if found is not None:
        return found
    named = (one for one in graph.of_type(t.BUCKET) if one.outputs.get("bucket") == properties.get("bucket"))
    return next(named, None)


def _undeclared_sides(declared: Rehearsal, graph: Graph, urn: str, one: Found) -> Iterator[Rehearsed]:
    """What hangs on a resource in the account and on nothing in the program, such as a replication."""
    told = {side.type for side in graph.of_type(*SIDES) if (owner := _owner(graph, side)) and owner.urn == urn}
    for token, properties in one.side.items():
        if token not in told:
            yield _side(declared, one, token, properties)


def _strange(declared: Rehearsal, one: Found) -> Iterator[Rehearsed]:
    yield _made(declared, replace(one, properties={**one.properties, "tags": dict(one.tags)}))
    for token, properties in one.side.items():
        yield _side(declared, one, token, properties)


def _side(declared: Rehearsal, one: Found, token: str, properties: Mapping[str, Any]) -> Rehearsed:
    owner = {"secretId": one.arn} if token == t.SECRET_ROTATION else {"bucket": one.name}
    return _made(declared, replace(one, type=token, properties={**properties, **owner}))


def _made(declared: Rehearsal, one: Found) -> Rehearsed:
    """A resource that nobody declared, under a URN that says so."""
    urn = f"urn:pulumi:{declared.stack}::{declared.project}::{one.type}::found {one.name} in {one.region}"
    made = Declared(
        urn=urn, type=one.type, name=one.name, custom=True, properties={**one.properties, "region": one.region}
    )
    outputs = {"arn": one.arn, "name": one.name, "identifier": one.name, "bucket": one.name}
    return Rehearsed(made, State.DECLARED_ONLY, id=one.arn, outputs=outputs, region=one.region)
