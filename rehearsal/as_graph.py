"""A rehearsal as a graph: what was declared and what came of it, every secret value taken out.

What reading back found stays beside it, in the rehearsal itself.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graph import Graph, Resource, Secret
from graph.resource import fields_of
from rehearsal.result import Rehearsal, Rehearsed


def graph_of(rehearsal: Rehearsal) -> Graph:
    """Every resource in order of registration, providers and components included."""
    return Graph(
        (resource_of(one) for one in rehearsal.resources),
        stack=rehearsal.stack,
        project=rehearsal.project,
        account=rehearsal.account,
        region=rehearsal.region,
    )


def resource_of(one: Rehearsed) -> Resource:
    """One resource of a rehearsal, its secret values taken out."""
    declared = one.declared
    hidden = declared.secret_names
    found = {
        "inputs": without_secrets(declared.inputs, declared.secret_paths),
        "outputs": {key: Secret() if key in hidden else value for key, value in one.outputs.items()},
        "id": one.id,
        "region": one.region,
    }
    return Resource(**fields_of(declared) | found)


def without_secrets(
    properties: Mapping[str, Any], paths: Sequence[str], mark: Callable[[], object] = Secret
) -> Mapping[str, Any]:
    """Properties with a mark in the place of every secret value."""
    secret = frozenset(paths)

    def hidden(value: Any, path: str) -> Any:
        if path in secret:
            return mark()
        if isinstance(value, Mapping):
            return {key: hidden(item, f"{path}.{key}") for key, item in value.items()}
        if isinstance(value, list):
            return [hidden(item, f"{path}[{index}]") for index, item in enumerate(value)]
        return value

    return {key: hidden(value, key) for key, value in properties.items()} if secret else properties
