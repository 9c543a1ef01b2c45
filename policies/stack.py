"""A stack's resources with the links that stack-wide rules follow."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from pulumi_policy import PolicyResource
from pulumi_policy.proxy import UnknownValueError

from policies.graph import IDENTITIES

Index = dict[str, list[PolicyResource]]


class Stack:
    """All resources of a stack. Links are found by value, and by dependency while values are unknown."""

    def __init__(self, resources: Sequence[PolicyResource]) -> None:
        self.resources = resources
        self._links: dict[tuple[str, str, str], tuple[Index, Index]] = {}

    @cached_property
    def by_type(self) -> Mapping[str, list[PolicyResource]]:
        groups: dict[str, list[PolicyResource]] = defaultdict(list)
        for resource in self.resources:
            groups[resource.resource_type].append(resource)
        return groups

    def of(self, *types: str) -> Iterable[PolicyResource]:
        """Every resource of the types."""
        for kind in types:
            yield from self.by_type.get(kind, ())

    def linked(self, side: str, path: str, target: PolicyResource) -> list[PolicyResource]:
        """Resources of type `side` whose property `path` names `target`, as a bucket's versioning names its bucket."""
        return self._link(side, path, target.resource_type)[0].get(target.urn, [])

    def named_by(self, resource: PolicyResource, path: str, kind: str) -> list[PolicyResource]:
        """Resources of type `kind` that `resource` names in its property `path`: the other way round."""
        return self._link(resource.resource_type, path, kind)[1].get(resource.urn, [])

    def _link(self, side: str, path: str, target_type: str) -> tuple[Index, Index]:
        """Both directions of one kind of link, built once: per target who names it, per resource what it names."""
        key = (side, path, target_type)
        if key not in self._links:
            self._links[key] = self._index(*key)
        return self._links[key]

    def _index(self, side: str, path: str, target_type: str) -> tuple[Index, Index]:
        owners = self._identities(target_type)
        targets = {target.urn: target for target in self.of(target_type)}
        naming: Index = defaultdict(list)
        named: Index = defaultdict(list)
        for resource in self.of(side):
            for urn in self._targets(resource, path, target_type, owners):
                naming[urn].append(resource)
                named[resource.urn].append(targets[urn])
        return naming, named

    def _targets(self, resource: PolicyResource, path: str, target_type: str, owners: Mapping[str, str]) -> set[str]:
        try:
            named = {owners[value] for value in _texts(resource.props.get(path)) if value in owners}
        except UnknownValueError:
            named = set()
        dependencies = resource.property_dependencies.get(path, ())
        return named | {d.urn for d in dependencies if d.resource_type == target_type}

    def _identities(self, kind: str) -> dict[str, str]:
        owners: dict[str, str] = {}
        for resource in self.of(kind):
            for identity in IDENTITIES:
                try:
                    value = resource.props.get(identity)
                except UnknownValueError:
                    continue
                if isinstance(value, str) and value:
                    owners[value] = resource.urn
        return owners


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Sequence):
        return [item for item in value if isinstance(item, str)]
    return []
