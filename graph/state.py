"""A graph from an exported state (`pulumi stack export`).

Source of the form: sdk/go/common/apitype/core.go in pulumi/pulumi (ResourceV3).
"""

from collections.abc import Mapping
from typing import Any

from graph.graph import Graph
from graph.resource import REFERENCE_TYPE, Resource, name_of
from graph.wire import from_json


def stack_in(state: Mapping[str, Any]) -> str:
    """The stack's name, which every URN holds. Raises KeyError or IndexError for a state without resources."""
    return str(state["deployment"]["resources"][0]["urn"].split(":")[2])


def graph_of_state(state: Mapping[str, Any], *, account: str = "", region: str = "") -> Graph:
    """What a stack's state says that stands; what an update has still to delete is left out.

    Raises KeyError or TypeError where it is no state.
    """
    entries = [one for one in state["deployment"].get("resources") or () if not one.get("delete")]
    resources = [_resource(one, region) for one in entries if one["type"] != REFERENCE_TYPE]
    stack = stack_in(state) if entries else ""
    project = entries[0]["urn"].split("::")[1] if entries else ""
    return Graph(resources, stack=stack, project=project, account=account, region=region)


def _resource(entry: Mapping[str, Any], region: str) -> Resource:
    urn = str(entry["urn"])
    inputs, outputs = from_json(entry.get("inputs") or {}), from_json(entry.get("outputs") or {})
    return Resource(
        urn=urn,
        type=str(entry["type"]),
        name=name_of(urn),
        inputs=inputs,
        outputs=outputs,
        id=str(entry.get("id") or ""),
        custom=bool(entry.get("custom")),
        read=bool(entry.get("external")),
        parent=str(entry.get("parent") or ""),
        provider=str(entry.get("provider") or "").rpartition("::")[0],
        dependencies=tuple(entry.get("dependencies") or ()),
        property_dependencies={key: tuple(urns) for key, urns in (entry.get("propertyDependencies") or {}).items()},
        protect=bool(entry.get("protect")),
        retain_on_delete=bool(entry.get("retainOnDelete")),
        region=str(outputs.get("region") or inputs.get("region") or region),
    )
