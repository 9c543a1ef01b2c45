"""A stack's resources with the links that stack-wide rules follow: the graph's own, over pulumi-policy's resources."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from pulumi_policy import PolicyResource
from pulumi_policy.proxy import UnknownValueError

from facts.exposure import Opening, openings
from facts.reach import Grants, Reach, reach
from graph import Graph, Mark, Resource, Unknown
from graph.values import at, items, root_of


class NotEvaluated(Exception):  # noqa: N818 - a verdict like the SDK's UnknownValueError, not a mistake
    """Raised by a rule that lacks what it needs to judge: neither pass nor fail."""


class Missing(Exception):  # noqa: N818 - a verdict, not a mistake
    """Raised where a resource lacks what it needs: one of its own, which no other says too.

    Where one of several resources certainly lacks it, though not which one, this may be it.
    """


class Stack:
    """All resources of a stack. Links are found by value, and by dependency while values are unknown.

    A recording holds no dependencies. Where a value that could be the link is unknown in one, following it raises
    NotEvaluated instead of finding nothing.
    """

    def __init__(self, resources: Sequence[PolicyResource]) -> None:
        self.resources = resources

    @cached_property
    def _graph(self) -> Graph:
        return Graph(_resource(one) for one in self.resources)

    @cached_property
    def _by_urn(self) -> dict[str, PolicyResource]:
        return {one.urn: one for one in self.resources}

    def of(self, *types: str) -> Iterable[PolicyResource]:
        """Every resource of the types."""
        return (self._by_urn[one.urn] for one in self._graph.of(*types))

    @cached_property
    def _reach(self) -> Reach:
        return reach(self._graph)

    @cached_property
    def openings(self) -> list[Opening]:
        """Of every security group, those that a list of ranges makes among them."""
        return list(openings(self._graph))

    def granted_to(self, role: PolicyResource) -> Grants:
        """What an identity may do, whichever resource says it."""
        return self._reach.get((role.urn, "identity"), Grants("identity"))

    def linked(self, side: str, path: str, target: PolicyResource, *, needed: bool = False) -> list[PolicyResource]:
        """Resources of type `side` whose property `path` names `target`, as a bucket's versioning names its bucket.

        With `needed`, each target has to have one: Missing is raised where fewer are made than targets, and where it
        has several, since AWS keeps one.
        """
        one = self._graph.by_urn[target.urn]
        found = self._graph.referring(one, side, path)
        if needed and not found:
            self._refuse_too_few(side, path, one)
        told = [other.name for other in found if not self._is_open(other, path)] if needed else []
        if len(told) > 1:
            raise Missing(
                f"{' and '.join(told)} are each its {side.rpartition(':')[2]}: AWS keeps the last that was set"
            )
        return self._followed(found, self._graph.of(side), path)

    def _refuse_too_few(self, side: str, path: str, target: Resource) -> None:
        """A link that is not known yet is to something that is only made: what stands has an id that is known."""
        made = [
            one
            for one in self._graph.of(target.type)
            if not one.get("id") and not self._graph.referring(one, side, path)
        ]
        links = [one for one in self._graph.of(side) if self._is_open(one, path)]
        if target in made and 0 < len(links) < len(made):
            kind, of = (token.rpartition(":")[2] for token in (side, target.type))
            raise Missing(f"{len(made)} {of}s are made and {len(links)} {kind} for them, so that not each has its own")

    @staticmethod
    def _is_open(one: Resource, path: str) -> bool:
        """Whether a link is neither known nor recorded as a dependency."""
        recorded = root_of(path) in one.property_dependencies
        return not recorded and any(isinstance(value, Mark) for value in items(at(one.inputs, path)))

    def named_by(self, resource: PolicyResource, path: str, kind: str) -> list[PolicyResource]:
        """Resources of type `kind` that `resource` names in its property `path`: the other way round."""
        one = self._graph.by_urn[resource.urn]
        return self._followed(self._graph.referred(one, path, kind), [one], path)

    def names_others(self, resource: PolicyResource, path: str, kind: str) -> bool:
        """Whether `resource` names in its property `path` more of a type than is of this stack."""
        one = self._graph.by_urn[resource.urn]
        known = [value for value in items(at(one.inputs, path)) if not isinstance(value, Mark)]
        return len(known) > len(self._graph.referred(one, path, kind))

    def _followed(self, found: Iterable[Resource], naming: Iterable[Resource], path: str) -> list[PolicyResource]:
        links = [self._by_urn[one.urn] for one in found]
        for one in () if links else naming:
            if self._is_open(one, path):
                raise NotEvaluated(f"what {path} of {one.name} names is not known yet")
        return links


def _resource(one: PolicyResource) -> Resource:
    properties = Readable(one.props)
    return Resource(
        urn=one.urn,
        type=one.resource_type,
        name=one.name,
        inputs=properties,
        property_dependencies={
            path: tuple(other.urn for other in others) for path, others in one.property_dependencies.items()
        },
    )


class Readable(Mapping[str, Any]):
    """The SDK's properties, with a mark where it would raise for a value that is not known; read as they are asked."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._properties = properties

    def __getitem__(self, key: str) -> Any:
        try:
            value = self._properties[key]
            return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
        except UnknownValueError:
            return Unknown()

    def __iter__(self) -> Iterator[str]:
        return iter(self._properties)

    def __len__(self) -> int:
        return len(self._properties)
