"""The recorded graph in the neutral form that the policies judge."""

from policies.graph import Resource
from rehearsal.as_json import masked
from rehearsal.result import Rehearsal, Rehearsed


def policy_graph(rehearsal: Rehearsal) -> list[Resource]:
    """Every resource, components and providers too, in order of registration; secret values are masked.

    Outputs win over inputs, and the provider's id stands among them as `id`.
    """
    return [_resource(one) for one in rehearsal.resources]


def _resource(one: Rehearsed) -> Resource:
    declared = one.declared
    outputs = masked(one.outputs, (*declared.secret_paths, *declared.additional_secret_outputs))
    inputs = masked(declared.properties, declared.secret_paths)
    return Resource(
        urn=one.urn,
        type=one.type,
        name=one.name,
        properties={**inputs, **outputs, **({"id": one.id} if one.id else {})},
        parent=declared.parent,
        provider=declared.provider,
        dependencies=declared.dependencies,
        property_dependencies=declared.property_dependencies,
        protect=declared.protect,
        retain_on_delete=declared.retain_on_delete,
        aliases=declared.aliases,
    )
