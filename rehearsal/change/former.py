"""The stack as it stood: what an older revision declared, made in moto in the order in which it was registered.

It was declared without a cloud, so the ids and addresses in it are made up. Each is exchanged for moto's own in whoever
names it, as the resource that has it is made.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from graph import Graph, Resource
from graph.marks import marks_in
from graph.resource import REFERENCE_TYPE, fields_of
from rehearsal.kinds import DECLARED_ONLY
from rehearsal.kinds.local import LOCAL
from rehearsal.mapper import Mapper
from rehearsal.result import Declared, State

_BETWEEN_PARTS: Final = re.compile("[./:]")
_SHORTEST: Final = 6
"""Shorter texts stand in other values by chance."""


@dataclass
class Former:
    """Makes a graph that was only declared. `references` are the base stack's made-up exports -> its real ones."""

    mapper: Mapper
    graph: Graph
    references: Mapping[str, str] = field(default_factory=dict)
    _real: dict[str, dict[str, str]] = field(default_factory=dict)
    made: dict[str, Resource] = field(default_factory=dict)
    """URN -> the resource with what stands in moto."""

    def stand_up(self) -> Graph:
        """Make every resource; those that could not be made are in the mapper, with the reason."""
        declared: dict[str, Declared] = {}
        for one in self.graph.resources:
            asked = {"inputs": self._with_real(one), "outputs": {}, "id": "", "region": ""}
            resource = Declared(**fields_of(one) | asked, import_id=one.id if one.read else "")
            declared[one.urn] = resource
            self.made[one.urn] = self._make(one, resource, declared.get(one.provider))
        return self.graph.of_others(self.made.values())

    def _make(self, one: Resource, resource: Declared, provider: Declared | None) -> Resource:
        if not one.custom or one.type == REFERENCE_TYPE:
            return replace(one, inputs=resource.inputs)
        hidden = [path for path, _ in marks_in(one.inputs)]
        if hidden:
            self.mapper.fail(resource, f"its {', '.join(hidden)} is secret, and a secret leaves no program")
            return replace(one, inputs=resource.inputs)
        id_, outputs = self.mapper.read(resource, provider) if one.read else self.mapper.create(resource, provider)
        if one.type in LOCAL or one.type in DECLARED_ONLY or one.is_provider:
            # nothing of it is in moto: what the older program saw stays
            id_, outputs = one.id, {**outputs, **one.outputs}
            self.mapper.made[one.urn].id, self.mapper.made[one.urn].outputs = id_, outputs
        self._real[one.urn] = dict(_exchanged({"id": one.id, **one.outputs}, {"id": id_, **outputs}))
        return replace(one, inputs=resource.inputs, id=id_, outputs=dict(outputs))

    def _with_real(self, one: Resource) -> Mapping[str, Any]:
        return {name: _put(value, self._known(one, name)) for name, value in one.inputs.items()}

    def _known(self, one: Resource, name: str) -> list[tuple[str, str]]:
        """What is made up in a property -> what is real, the longest first: an ARN holds its own id."""
        found = dict(self.references)
        for urn in one.property_dependencies.get(name) or one.dependencies:
            found.update(self._real.get(urn, {}))
        return sorted(found.items(), key=lambda pair: -len(pair[0]))

    @property
    def failures(self) -> list[tuple[str, str, str]]:
        """URN, name and reason of what could not be made."""
        made = self.mapper.made.values()
        return [(m.declared.urn, m.declared.name, m.reason) for m in made if m.state is State.FAILED]


def exchanged(made_up: Mapping[str, Any], real: Mapping[str, Any]) -> dict[str, str]:
    """Texts that were made up -> what stands in their place, under the same keys."""
    return dict(_exchanged(made_up, real))


def _exchanged(made_up: Any, real: Any) -> Iterator[tuple[str, str]]:
    if isinstance(made_up, str) and isinstance(real, str):
        yield from _differing(made_up, real)
        parts, others = _BETWEEN_PARTS.split(made_up), _BETWEEN_PARTS.split(real)
        if len(parts) == len(others):  # a program may make another address of an address's parts
            for one, other in zip(parts, others, strict=True):
                yield from _differing(one, other)
    elif isinstance(made_up, Mapping) and isinstance(real, Mapping):
        for key, value in made_up.items():
            yield from _exchanged(value, real.get(key))
    elif isinstance(made_up, list) and isinstance(real, list):
        for one, other in zip(made_up, real, strict=False):
            yield from _exchanged(one, other)


def _differing(made_up: str, real: str) -> Iterator[tuple[str, str]]:
    if made_up != real and len(made_up) >= _SHORTEST:
        yield made_up, real


def _put(value: Any, known: list[tuple[str, str]]) -> Any:
    if isinstance(value, str):
        for made_up, real in known:
            value = value.replace(made_up, real)
        return value
    if isinstance(value, Mapping):
        return {key: _put(item, known) for key, item in value.items()}
    return [_put(item, known) for item in value] if isinstance(value, list) else value
