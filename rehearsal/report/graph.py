"""The rehearsed resources by type and by identifier, with every secret value already taken out."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from rehearsal.report.markup import Html, code, link
from rehearsal.result import SECRET, Rehearsal, Rehearsed, State

ALIAS = "aws:kms/alias:Alias"
_NAMES = ("name", "bucket", "identifier", "family", "dashboardName", "clusterIdentifier")


class Graph:
    """What the sections of a report look things up in."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        self._properties: dict[str, Mapping[str, Any]] = {}
        self._anchors = {one.urn: f"r{index}" for index, one in enumerate(rehearsal.resources)}

    def properties(self, resource: Rehearsed) -> Mapping[str, Any]:
        """Declared properties, `[secret]` in place of every secret value."""
        declared = resource.declared
        if not declared.secret_paths:
            return declared.properties
        if declared.urn not in self._properties:
            self._properties[declared.urn] = {
                key: _without_secrets(value, key, declared.secret_paths) for key, value in declared.properties.items()
            }
        return self._properties[declared.urn]

    def is_secret(self, resource: Rehearsed, path: str) -> bool:
        """Whether a field is secret, lies inside a secret, or holds one."""
        secrets = resource.declared.secret_paths
        return bool(secrets) and any(_within(path, secret) or _within(secret, path) for secret in secrets)

    @cached_property
    def _secret_values(self) -> tuple[str, ...]:
        """Secret texts, the longest first, that messages of AWS may quote."""
        found: set[str] = set()
        for resource in self.rehearsal.resources:
            for path in resource.declared.secret_paths:
                found.update(_texts(_at(resource.declared.properties, path)))
        found.update(*(_texts(self.rehearsal.exports.get(name)) for name in self.rehearsal.secret_exports))
        return tuple(sorted((value for value in found if value), key=lambda value: (-len(value), value)))

    def scrub(self, message: str) -> str:
        """A message with every secret value that it quotes taken out."""
        for value in self._secret_values:
            message = message.replace(value, SECRET)
        return message

    # ---- looking up

    @cached_property
    def _by_type(self) -> dict[str, list[Rehearsed]]:
        found: dict[str, list[Rehearsed]] = {}
        for resource in self.rehearsal.resources:
            found.setdefault(resource.type, []).append(resource)
        return found

    def of_type(self, *tokens: str) -> Iterator[Rehearsed]:
        """Resources of these types, type by type, in order of declaration."""
        for token in tokens:
            yield from self._by_type.get(token, ())

    @cached_property
    def _by_reference(self) -> dict[str, list[Rehearsed]]:
        """ARN, id or alias -> the resources that go by it; a bucket's side resources have the bucket's name as id."""
        found: dict[str, list[Rehearsed]] = {}
        for resource in self.rehearsal.resources:
            if resource.state is not State.COMPONENT and resource.type != ALIAS:
                for key in dict.fromkeys((resource.outputs.get("arn"), resource.id, resource.outputs.get("keyId"))):
                    if isinstance(key, str) and key:
                        found.setdefault(key, []).append(resource)
        for alias in self.of_type(ALIAS):
            targets = found.get(str(alias.outputs.get("targetKeyId")), [])
            for key in {alias.id, str(alias.outputs.get("arn"))}:
                found.setdefault(key, []).extend(targets)
        return found

    def find(self, reference: object, *types: str) -> Rehearsed | None:
        """The resource that an ARN, an id or an alias names; of one of these types, where any are given."""
        found = self._by_reference.get(reference, ()) if isinstance(reference, str) else ()
        return next((one for one in found if not types or one.type in types), None)

    @cached_property
    def _made_by_others(self) -> dict[str, tuple[Rehearsed, str]]:
        """ARNs of what AWS makes along with a resource, and what it is of it."""
        found: dict[str, tuple[Rehearsed, str]] = {}
        for resource in self.rehearsal.resources:
            for secret in maps(resource.outputs.get("masterUserSecrets")):
                found[str(secret.get("secretArn"))] = (resource, "master password")
        return found

    def find_within(self, arn: str) -> tuple[Rehearsed | None, str]:
        """The resource whose ARN begins this one, and what follows it: a key prefix, a stream."""
        exact = self.find(arn)
        if exact is not None:
            return exact, ""
        if arn in self._made_by_others:
            return self._made_by_others[arn]
        for end in range(len(arn) - 1, 8, -1):
            if arn[end] in ":/" and (found := self.find(arn[:end])) is not None:
                return found, arn[end:]
        return None, ""

    # ---- showing

    def physical_name(self, resource: Rehearsed) -> str:
        """The name that AWS shows for a resource; empty where it has none."""
        for key in _NAMES:
            value = resource.outputs.get(key)
            if isinstance(value, str) and value and "[rehearsal makes no " not in value:
                return SECRET if self.is_secret(resource, key) else value
        tags = self.properties(resource).get("tags")
        return str(tags.get("Name", "")) if isinstance(tags, Mapping) else ""

    def anchor(self, urn: str) -> str:
        """The id on this page of a resource."""
        return self._anchors.get(urn, "resources")

    def link(self, resource: Rehearsed) -> Html:
        """A resource's name, leading to its entry; a component has none of its own."""
        if resource.state is State.COMPONENT:
            return code(resource.name)
        return link(self.anchor(resource.urn), code(resource.name))

    def named(self, reference: object) -> Html:
        """The name of the resource that a reference names, else the reference itself."""
        found = self.find(reference)
        return self.link(found) if found is not None else code(reference)


def short_type(token: str) -> str:
    """`aws:s3/bucket:Bucket` as `s3 Bucket`."""
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    module = module.split("/", 1)[0]
    return f"{package if module in ('', 'index') else module} {name or rest}"


def maps(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects of a list, or the one object that stands alone."""
    items: Sequence[object] = value if isinstance(value, list | tuple) else [value]
    return (item for item in items if isinstance(item, Mapping))


def number(value: object) -> float | None:
    """A number, also where it came as a text; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(str(value))
    except ValueError:
        return None


def words(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _without_secrets(value: Any, path: str, secrets: Sequence[str]) -> Any:
    if path in secrets:
        return SECRET
    if isinstance(value, Mapping):
        return {key: _without_secrets(item, f"{path}.{key}", secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item, f"{path}[{index}]", secrets) for index, item in enumerate(value)]
    return value


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


def _at(value: Any, path: str) -> Any:
    for step in path.replace("[", ".[").split("."):
        if step.startswith("[") and isinstance(value, list):
            index = int(step[1:-1])
            value = value[index] if index < len(value) else None
        elif isinstance(value, Mapping):
            value = value.get(step)
        else:
            return None
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
