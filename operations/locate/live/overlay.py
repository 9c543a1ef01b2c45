"""What the account has, laid over what the program declares: one graph that facts can be read from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from facts import tokens as t
from facts.captions import ENGLISH
from facts.stores import guards
from facts.subjects import OWNERS
from graph import Graph, Resource
from graph.values import items
from operations.locate.differences import ResourceDifference, difference, name_of
from operations.locate.live.found import Found, stem
from operations.locate.live.others import DELETED_ON, STATE
from operations.locate.live.sweep import LOOKED_FOR
from policies.tags import APPLICATION, ENVIRONMENT, TENANT

# Side resources that are looked for in the account.
_SIDES: Final = frozenset(
    (
        *(t.BUCKET_VERSIONING, t.BUCKET_ENCRYPTION, t.BUCKET_LIFECYCLE, t.BUCKET_REPLICATION),
        *(t.SECRET_ROTATION, t.BACKUP_VAULT_LOCK),
    )
)
_TAGS: Final = (APPLICATION, ENVIRONMENT, TENANT)


@dataclass(frozen=True)
class Overlaid:
    """The live graph, and which of its resources was found as what; what was not found is not in it."""

    graph: Graph
    matched: Mapping[str, Found]  # by URN


def overlay(declared: Graph, found: Sequence[Found]) -> Overlaid:
    """Lay the account's resources over the declared ones of the same kind and name."""
    matched: dict[str, Found] = {}
    for resource in declared.of(*LOOKED_FOR):
        alike = [one for one in found if one.identity == (resource.type, stem(name_of(declared, resource)))]
        region = declared.region_of(resource)
        if alike:  # in its own region if it is there; elsewhere it has moved, and is reported so
            matched[resource.urn] = next((one for one in alike if one.region == region), alike[0])
    taken = {id(one) for one in matched.values()}
    kept = {arn for one in matched.values() for arn in one.keeps}
    strangers = tuple(
        one for one in found if id(one) not in taken and one.arn not in kept and not _is_replica(one, matched.values())
    )
    resources = [
        *_laid(declared, matched, dict(_renames(declared, matched))),
        *(one for stranger in strangers for one in _undeclared_resources(declared, stranger)),
        *(side for urn, one in matched.items() for side in _undeclared_sides(declared, urn, one)),
    ]
    live = Graph(
        resources,
        stack=declared.stack,
        project=declared.project,
        account=declared.account,
        region=declared.region,
    )
    return Overlaid(live, matched)


def _is_replica(one: Found, matched: Iterable[Found]) -> bool:
    """A secret's or a key's replica is a resource of its region, and reported with its original already."""
    return any(
        original.identity == one.identity
        and any(isinstance(copy, Mapping) and copy.get("region") == one.region for copy in items(replicas))
        for original in matched
        if (replicas := original.properties.get("replicas"))
    )


def _renames(declared: Graph, matched: Mapping[str, Found]) -> Iterator[tuple[str, str]]:
    """Stand-ins of the declaration -> what AWS and the engine made."""
    for urn, one in matched.items():
        resource = declared.by_urn[urn]
        yield str(resource.outputs.get("arn")), one.arn
        for key in ("bucket", "name"):
            if isinstance(resource.outputs.get(key), str):
                yield str(resource.outputs[key]), one.name
        own = _id(one)
        if isinstance(resource.outputs.get("keyId"), str):
            yield str(resource.outputs["keyId"]), own
        yield resource.id, own


def _id(one: Found) -> str:
    """By which the engine knows it."""
    match one.type:
        case t.KEY:
            return one.arn.rpartition("/")[2]
        case t.BACKUP_PLAN:
            return one.arn.rpartition(":")[2]
        case t.SECRET:
            return one.arn
        case _:
            return one.name


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Mapping):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(item, names) for item in value]
    return value


def _laid(declared: Graph, matched: Mapping[str, Found], names: Mapping[str, str]) -> Iterator[Resource]:
    for resource in declared.resources:
        owner = _owner(declared, resource)
        one = matched.get((owner or resource).urn)
        if one is None and (owner or resource).type in LOOKED_FOR:
            continue  # missing, and what hangs on it with it
        inputs, outputs = _renamed(resource.inputs, names), _renamed(resource.outputs, names)
        region = resource.region
        if one is not None and owner is None:
            inputs |= {**one.properties, "region": one.region}
            outputs |= {"arn": one.arn}
            region = one.region
        elif one is not None:
            if resource.type not in one.side:
                continue
            inputs |= one.side[resource.type]
        yield replace(resource, inputs=inputs, outputs=outputs, id=_renamed(resource.id, names), region=region)


def _owner(graph: Graph, side: Resource) -> Resource | None:
    """What a side resource belongs to; None for anything else."""
    if side.type not in _SIDES:
        return None
    ((name, kind),) = OWNERS[side.type]
    return next(iter(graph.referred(side, name, kind)), None)


def _undeclared_sides(declared: Graph, urn: str, one: Found) -> Iterator[Resource]:
    """What hangs on a resource in the account and on nothing in the program, such as a replication."""
    declared_types = {
        side.type for side in declared.of(*_SIDES) if (owner := _owner(declared, side)) and owner.urn == urn
    }
    for token, properties in one.side.items():
        if token not in declared_types:
            yield _side(declared, one, token, properties)


def _undeclared_resources(declared: Graph, one: Found) -> Iterator[Resource]:
    yield _made(declared, replace(one, properties={**one.properties, "tags": dict(one.tags)}))
    for token, properties in one.side.items():
        yield _side(declared, one, token, properties)


def _side(declared: Graph, one: Found, token: str, properties: Mapping[str, Any]) -> Resource:
    ((name, kind),) = OWNERS[token]
    owner = {name: one.arn if kind == t.SECRET else one.name}
    return _made(declared, replace(one, type=token, properties={**properties, **owner}))


def _made(declared: Graph, one: Found) -> Resource:
    """A resource that nobody declared, under a URN that says so."""
    return Resource(
        urn=f"urn:pulumi:{declared.stack}::{declared.project}::{one.type}::found {one.name} in {one.region}",
        type=one.type,
        name=one.name,
        inputs={**one.properties, "region": one.region},
        outputs={"arn": one.arn, "name": one.name, "identifier": one.name, "bucket": one.name},
        id=one.arn,
        region=one.region,
    )


def unreadable(declared: Graph, live: Overlaid) -> Iterator[ResourceDifference]:
    """Keys that nobody can use, or not for long: what they encrypt is lost with them, its backups too."""
    for urn, found in live.matched.items():
        state = found.properties.get(STATE)
        if found.type == t.KEY and state not in (None, "Enabled"):
            resource, day = declared.by_urn[urn], found.properties.get(DELETED_ON)
            state_text = f"{state}, and gone on {day:%Y-%m-%d}" if isinstance(day, datetime) else str(state)
            lost = f"{state_text}: what it encrypts is unreadable"
            yield resource, difference(declared, resource, "state", "Enabled", lost)


def lost_marks(declared: Graph, live: Overlaid) -> Iterator[ResourceDifference]:
    """Whose a resource is, and what guards it against deletion, where the account says otherwise."""
    for urn, found in live.matched.items():
        resource = declared.by_urn[urn]
        wanted = resource.inputs.get("tags") or {}
        for tag in _TAGS:
            if wanted.get(tag) != found.tags.get(tag):
                yield resource, difference(declared, resource, f"tag {tag}", wanted.get(tag), found.tags.get(tag))
        then, now = (
            ", ".join(ENGLISH.guards[guard] for guard in guards(one)) for one in (resource, live.graph.by_urn[urn])
        )
        if then != now:
            yield resource, difference(declared, resource, "protected by", then, now)
