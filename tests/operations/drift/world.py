"""The stack `prod` as the engine tells of it: deployed as the program declares it, and changed behind its back.

Its events have the form of the engine's own (CLI 3.260); what a resource is was declared by a rehearsal.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from graph import Mark, Resource
from graph.wire import MASK
from rehearsal.as_graph import graph_of
from tests.conftest import declared_graph

STACK = "prod"
Changed = Mapping[str, Mapping[str, Any] | None]
"""Logical name -> properties with what is found instead; None for a resource that is gone."""


def plain(value: Any) -> Any:
    """A value as the engine's events hold it."""
    if isinstance(value, Mark):
        return MASK
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


@cache
def resources(stack: str = STACK) -> tuple[Resource, ...]:
    """Everything that a stack declares."""
    return graph_of(declared_graph(stack).rehearsal).resources


def inputs_of(name: str) -> dict[str, Any]:
    """What is declared of a resource, to change something deep inside it."""
    (found,) = [one for one in resources() if one.name == name and one.custom]
    return deepcopy(dict(plain(found.inputs)))


def policy_of(name: str, change: Any, key: str = "policy") -> dict[str, Any]:
    """A resource's policy document after somebody's change of it."""
    document = json.loads(inputs_of(name)[key])
    change(document)
    return {key: json.dumps(document)}


def state(one: Resource, found: Mapping[str, Any]) -> dict[str, Any]:
    """As a provider reads it: what nobody asked for stands in the outputs alone."""
    asked = plain(one.inputs)
    inputs = {**asked, **{name: value for name, value in found.items() if name in asked}}
    head = {"type": one.type, "urn": one.urn, "id": one.id, "parent": one.parent, "custom": one.custom}
    return {**head, "provider": one.provider, "inputs": inputs, "outputs": {**plain(one.outputs), **asked, **found}}


def refreshed(changed: Changed, stack: str = STACK) -> dict[str, Any]:
    """An answer to a refresh that finds this."""
    events, counts = [], {"same": 0, "update": 0, "delete": 0}
    names = set()
    for one in resources(stack):
        own = changed.get(one.name, {}) if one.custom else {}
        names.add(one.name)
        asked = any(name in one.inputs for name in own or ())  # what nobody asks for is `same` to the engine
        op = "delete" if own is None else "update" if asked else "same"
        counts[op] += 1
        new = None if own is None else state(one, own)
        metadata = {"op": op, "urn": one.urn, "type": one.type, "old": state(one, {}), "new": new}
        events.append({"resOutputsEvent": {"metadata": {**metadata, "provider": "", "detailedDiff": None}}})
    assert set(changed) <= names
    return {"events": [*events, {"summaryEvent": {"resourceChanges": counts, "durationSeconds": 1}}]}


def previewed(changed: Changed) -> dict[str, Any]:
    """An answer to a preview once a refresh has taken this into the state: the program asks for what it did before."""
    events, counts = [], {"same": 0, "update": 0, "create": 0}
    for one in resources():
        own = changed.get(one.name, {}) if one.custom else {}
        op = "create" if own is None else "update" if own else "same"
        counts[op] += 1
        detail = {name: {"diffKind": "update"} for name in own or ()}
        metadata = {
            "op": op,
            "urn": one.urn,
            "type": one.type,
            "old": None if own is None else state(one, own),
            "new": state(one, {}),
            "detailedDiff": detail,
            "provider": "",
        }
        events.append({"resourcePreEvent": {"metadata": metadata}})
    summary = {"resourceChanges": counts, "durationSeconds": 1, "isPreview": True}
    return {"events": [*events, {"summaryEvent": summary}]}
