"""The resources of one stack, with references between them resolved in one way for every reader."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Final

from graph.marks import Mark
from graph.resource import Resource
from graph.values import at, items, maps, root_of

ALIAS: Final = "aws:kms/alias:Alias"
_IDENTITIES: Final = ("id", "arn", "keyId")
_NAMES: Final = ("name", "bucket", "identifier", "family", "dashboardName", "clusterIdentifier")


class Graph:
    """What a reader looks resources up in: by type, by reference, and by what names what.

    A reference is an ARN, an id, an alias, a physical name or another attribute of the resource that it means. While
    its value is not known, the dependency that Pulumi recorded for the property stands for it; where a recording holds
    none (the engine's events do not), the one resource of that type in the same component does.
    """

    def __init__(
        self,
        resources: Iterable[Resource],
        *,
        stack: str = "",
        project: str = "",
        account: str = "",
        region: str = "",
    ) -> None:
        self.resources = tuple(resources)
        self.stack, self.project, self.account, self.region = stack, project, account, region
        self._referring: dict[tuple[str, str, str], dict[str, list[Resource]]] = {}

    def of_others(self, resources: Iterable[Resource]) -> "Graph":
        """The same stack, of other resources."""
        return Graph(resources, stack=self.stack, project=self.project, account=self.account, region=self.region)

    # ---- by URN and type

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        return {one.urn: one for one in self.resources}

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = defaultdict(list)
        for one in self.resources:
            found[one.type].append(one)
        return dict(found)

    def of(self, *types: str) -> Iterator[Resource]:
        """Resources of these types, type by type, in order of declaration."""
        for token in types:
            yield from self._by_type.get(token, ())

    # ---- by reference

    @cached_property
    def _by_identity(self) -> dict[str, list[Resource]]:
        """ARN, id or key id -> the resources that go by it; a bucket's side resources have the bucket's name as id."""
        found: dict[str, list[Resource]] = defaultdict(list)
        aliases = []
        for one in self.resources:
            if one.type == ALIAS:
                aliases.append(one)
            elif one.custom:
                keys = (
                    key for key in (one.id, *(one.get(name) for name in _IDENTITIES)) if isinstance(key, str) and key
                )
                for key in dict.fromkeys(keys):
                    found[key].append(one)
        for alias in aliases:
            targets = found.get(str(alias.get("targetKeyId")), [])
            for key in {alias.id, str(alias.outputs.get("arn") or ""), str(alias.get("name") or "")} - {""}:
                found[key] = [*found.get(key, ()), *targets]
        return dict(found)

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], Resource]:
        found: dict[tuple[str, str], Resource] = {}
        for one in self.resources:
            for key in _NAMES:
                name = one.get(key)
                if isinstance(name, str) and name and one.custom:
                    found.setdefault((one.type, name), one)
        return found

    def find(self, reference: object, *types: str) -> Resource | None:
        """The resource that a reference means, of one of these types; a name counts only where types are given."""
        if not isinstance(reference, str) or not reference:
            return None
        for one in self._by_identity.get(reference, ()):
            if not types or one.type in types:
                return one
        named = (self._by_name.get((kind, reference)) for kind in types)
        return next((one for one in named if one is not None), None)

    def key(self, reference: object) -> Resource | None:
        """The KMS key that an ARN, an id or an alias means."""
        return self.find(reference, "aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey")

    def alias_of(self, key: Resource) -> str:
        """The name of a key's alias, which is the same before and after the key is made; empty without one."""
        return next(
            (str(one.get("name") or one.id) for one in self.of(ALIAS) if self.key(one.get("targetKeyId")) is key), ""
        )

    @cached_property
    def _made_along(self) -> dict[str, tuple[Resource, str]]:
        """ARNs of what AWS makes along with a resource, and what it is of it."""
        return {
            str(secret.get("secretArn")): (one, "master password")
            for one in self.resources
            for secret in maps(one.outputs.get("masterUserSecrets"))
        }

    def find_within(self, arn: str) -> tuple[Resource | None, str]:
        """The resource whose ARN begins this one, and what follows it: a key prefix, a stream."""
        exact = self.find(arn)
        if exact is not None:
            return exact, ""
        if arn in self._made_along:
            return self._made_along[arn]
        for end in range(len(arn) - 1, 8, -1):
            if arn[end] in ":/" and (found := self.find(arn[:end])) is not None:
                return found, arn[end:]
        return None, ""

    # ---- by property

    def referred(self, resource: Resource, path: str, *types: str) -> list[Resource]:
        """The resources of these types that a property of a resource names."""
        value = at(resource.inputs, path)
        if value is None:
            value = at(resource.outputs, path)
        found = [one for text in items(value) if (one := self.find(text, *types)) is not None]
        for urn in resource.property_dependencies.get(root_of(path), ()):
            one = self.by_urn.get(urn)
            if one is not None and one.type in types and one not in found and _may_mean(value, one):
                found.append(one)
        if not found and any(isinstance(one, Mark) for one in items(value)):
            siblings = [one for one in self.of(*types) if one.parent and one.parent == resource.parent]
            found = siblings if len(siblings) == 1 else []
        return found

    def referring(self, target: Resource, kind: str, path: str) -> list[Resource]:
        """Resources of a type whose property names a resource, as a bucket's versioning names its bucket."""
        key = (kind, path, target.type)
        if key not in self._referring:
            index: dict[str, list[Resource]] = defaultdict(list)
            for one in self.of(kind):
                for named in self.referred(one, path, target.type):
                    index[named.urn].append(one)
            self._referring[key] = dict(index)
        return self._referring[key].get(target.urn, [])

    def needs(self, one: Resource, other: Resource) -> bool:
        """Whether one resource waits for another, directly or through others."""
        return other.urn in self._needed.get(one.urn, frozenset())

    @cached_property
    def _needed(self) -> dict[str, frozenset[str]]:
        needed: dict[str, frozenset[str]] = {}
        for one in self.resources:  # in order of registration, so what is needed comes first
            direct = {*one.dependencies, one.parent} - {""}
            needed[one.urn] = frozenset(direct.union(*(needed.get(urn, frozenset()) for urn in direct)))
        return needed

    # ---- names and places

    def physical_name(self, resource: Resource) -> str:
        """The name that AWS shows for a resource; empty where it has none."""
        for key in _NAMES:
            value: Any = resource.outputs.get(key) or resource.inputs.get(key)
            if value and isinstance(value, str | Mark) and "[rehearsal makes no " not in str(value):
                return str(value)
        tags = resource.inputs.get("tags")
        return str(tags.get("Name", "")) if isinstance(tags, dict) else ""

    def region_of(self, resource: Resource) -> str:
        """The region that a resource is in: its own, its provider's, else the stack's."""
        own = resource.inputs.get("region")
        if isinstance(own, str) and own:
            return own
        if resource.region:
            return resource.region
        provider = self.by_urn.get(resource.provider)
        inherited = provider.inputs.get("region") if provider is not None else None
        return inherited if isinstance(inherited, str) and inherited else self.region


def _may_mean(value: Any, one: Resource) -> bool:
    """Whether a value that depends on a resource may be a reference to it: it is not all known, or a text says it."""
    texts = items(value)
    if not texts or any(isinstance(text, Mark) for text in texts):
        return True
    said = (one.id, *(one.get(key) for key in (*_IDENTITIES, *_NAMES)))
    return any(isinstance(name, str) and name and _says(str(text), name) for text in texts for name in said)


def _says(text: str, name: str) -> bool:
    """Whether a text holds a name whole: `files-logs` says nothing of `files`."""
    return name in text and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None
