"""The recorded graph in the neutral form that the policies judge."""

from typing import Any

from policies.graph import Resource, with_identities
from rehearsal.as_json import masked
from rehearsal.result import Rehearsal, Rehearsed, State


def policy_graph(rehearsal: Rehearsal) -> list[Resource]:
    """Every resource in order of registration, secret values masked.

    Providers and components are included: providers place what names no region.
    """
    return [_resource(one) for one in rehearsal.resources]


def _resource(one: Rehearsed) -> Resource:
    declared = one.declared
    return Resource(
        urn=one.urn,
        type=one.type,
        name=one.name,
        properties=_properties(one),
        parent=declared.parent,
        provider=declared.provider,
        dependencies=declared.dependencies,
        property_dependencies=declared.property_dependencies,
        protect=declared.protect,
        retain_on_delete=declared.retain_on_delete,
        aliases=declared.aliases,
    )


def _properties(one: Rehearsed) -> dict[str, Any]:
    """What is declared wins over what was made: defaults and inventions of a rehearsal are not the program's."""
    inputs = masked(one.declared.properties, one.declared.secret_paths)
    return dict(inputs) if one.state is State.COMPONENT else with_identities(inputs, one.outputs, one.id)
