"""What somebody could get at: every resource that holds data, runs code, holds rights or says who reaches what."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from facts import tokens as t
from facts.permissions.actions import actions_on
from facts.stores import stores
from facts.types import TYPES
from facts.ways.parties import party_of
from facts.ways.samples import ANY, below
from graph import Graph, Resource
from graph.values import maps

_RUNS_OR_GRANTS: Final = (
    t.CLUSTER,
    t.FUNCTION,
    t.TASK_DEFINITION,
    t.ROLE,
    t.USER,
    t.GROUP,
    t.POLICY,
    t.SECURITY_GROUP,
    t.DEFAULT_SECURITY_GROUP,
    t.LISTENER,
    t.LISTENER_RULE,
    t.TARGET_GROUP,
    t.TRAIL,
    t.REPOSITORY,
    t.OIDC_PROVIDER,
)


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One thing of a party by the name that a reader sees.

    `actions` are those of AWS that can be asked for on each ARN by which it, or a part of it, is named; `holder` is
    the URN of the resource whose policy decides about it.
    """

    party: str
    name: str
    holder: str
    type: str
    actions: Mapping[str, frozenset[str]]
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The first of its ARNs."""
        return next(iter(self.actions))


def things(graph: Graph, patterns: frozenset[str]) -> list[Thing]:
    """Everything of every party; `patterns` are the resources that policies name, from which parts are made up."""
    held = {store.holder.urn for store in stores(graph)}
    found: list[Thing] = []
    for one in graph.resources:
        counts = one.urn in held or one.type in _RUNS_OR_GRANTS or one.type not in TYPES
        if one.custom and counts and one.type.startswith("aws:") and one.arn.startswith("arn:"):
            found += _of(graph, one, patterns)
    return found


def _of(graph: Graph, one: Resource, patterns: frozenset[str]) -> Iterator[Thing]:
    tags = one.get("tagsAll") or one.get("tags") or {}
    for name, arns in _named(graph, one, patterns):
        yield Thing(
            party=party_of(one.urn, graph.project),
            name=name,
            holder=one.urn,
            type=one.type,
            actions={arn: actions_on(arn) for arn in arns},
            tags={str(key): str(value) for key, value in tags.items()},
        )


def _named(graph: Graph, one: Resource, patterns: frozenset[str]) -> Iterator[tuple[str, list[str]]]:
    """A thing under each name, with its ARNs: a bucket and its objects are two things, a database is several."""
    yield one.name, [one.arn]
    parts: Callable[[Graph, Resource, frozenset[str]], Iterator[tuple[str, list[str]]]] | None = _PARTS.get(one.type)
    yield from parts(graph, one, patterns) if parts else ()


Parts = Iterator[tuple[str, list[str]]]


def _objects(_: Graph, one: Resource, patterns: frozenset[str]) -> Parts:
    yield f"objects of {one.name}", below(f"{one.arn}/", patterns)


def _lines(_: Graph, one: Resource, patterns: frozenset[str]) -> Parts:
    # Policies name a group also with `:*` at its end, and its streams below it.
    arn = one.arn.removesuffix(":*")
    yield f"lines of {one.name}", [f"{arn}:*", *below(f"{arn}:log-stream:", patterns)]


def _of_database(graph: Graph, one: Resource, patterns: frozenset[str]) -> Parts:
    beginning = one.arn.rpartition(":db:")[0]
    name, resource_id = graph.physical_name(one), one.get("resourceId")
    if isinstance(resource_id, str):
        users = below(f"{beginning.replace(':rds:', ':rds-db:')}:dbuser:{resource_id}/", patterns)
        yield f"logins of {one.name}", users
    final = one.get("finalSnapshotIdentifier")
    taken = [f"{beginning}:snapshot:rds:{name}-{ANY}", *([f"{beginning}:snapshot:{final}"] if final else [])]
    yield f"backups of {one.name}", [*taken, f"{beginning}:auto-backup:ab-{ANY}"]
    for secret in maps(one.outputs.get("masterUserSecrets")):
        yield f"owner's password of {one.name}", [str(secret.get("secretArn"))]


def _recovery_points(_: Graph, one: Resource, patterns: frozenset[str]) -> Parts:
    beginning = one.arn.partition(":backup-vault:")[0]
    snapshots = below(f"{beginning.replace(':backup:', ':rds:')}:snapshot:awsbackup:", patterns)
    yield f"recovery points of {one.name}", [f"{beginning}:recovery-point:{ANY}", *snapshots]


def _tasks(graph: Graph, one: Resource, patterns: frozenset[str]) -> Parts:
    cluster = graph.referred(one, "cluster", t.CLUSTER)
    for found in cluster:
        beginning = found.arn.replace(":cluster/", ":task/")
        yield f"tasks of {one.name}", below(f"{beginning}/", patterns)


def _versions(_: Graph, one: Resource, __: frozenset[str]) -> Parts:
    yield f"versions of {one.name}", [f"{one.arn}:{ANY}"]


def _family(_: Graph, one: Resource, __: frozenset[str]) -> Parts:
    yield f"revisions of {one.name}", [f"{one.arn.rpartition(':')[0]}:{ANY}"]


_PARTS: Final[Mapping[str, Any]] = {
    t.BUCKET: _objects,
    t.BACKUP_VAULT: _recovery_points,
    t.LOG_GROUP: _lines,
    t.DATABASE: _of_database,
    t.SERVICE: _tasks,
    t.FUNCTION: _versions,
    t.TASK_DEFINITION: _family,
}
