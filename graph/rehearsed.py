"""A graph from the JSON that `workbuoy rehearse --json` prints, of this revision of the project or an older one.

Older ones say less of a resource: what they leave out is taken as not being there.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from graph.errors import InputError, reason_of
from graph.graph import Graph
from graph.resource import Resource
from graph.wire import from_json

SCHEMA: Final = 1


def read_graph(path: Path) -> Graph:
    """The graph in a file that holds it. Raises InputError where there is none."""
    hint = f"record it again: workbuoy rehearse STACK --json > {path.name}"
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a recorded graph ({reason_of(error)}); {hint}") from error
    if not isinstance(body, dict) or "graph" not in body:
        raise InputError(f"{path}: not a recorded graph; {hint}")
    return graph_of_json(body, str(path))


def graph_of_json(body: Mapping[str, Any], origin: str) -> Graph:
    """The resources of a rehearsal. Raises InputError for another schema; `origin` says whose it is."""
    if body.get("schema") != SCHEMA:
        raise InputError(f"{origin}: its rehearsal speaks schema {body.get('schema')!r}, this one {SCHEMA}")
    try:
        resources = [_resource(one) for one in body["graph"]]
        return Graph(
            resources,
            stack=body["stack"],
            project=body["project"],
            account=body["account"],
            region=body["region"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{origin}: its rehearsal is of another form ({error!r})") from error


def _resource(entry: Mapping[str, Any]) -> Resource:
    return Resource(
        urn=entry["urn"],
        type=entry["type"],
        name=entry["name"],
        inputs=from_json(entry["properties"]),
        outputs=from_json(entry["outputs"]),
        id=entry["id"],
        custom=entry.get("custom", entry["state"] != "component"),
        read=entry.get("read", False),
        parent=entry["parent"],
        provider=entry.get("provider", ""),
        dependencies=tuple(entry["dependencies"]),
        property_dependencies={name: tuple(urns) for name, urns in entry.get("propertyDependencies", {}).items()},
        protect=entry["protect"],
        retain_on_delete=entry["retainOnDelete"],
        aliases=tuple(entry.get("aliases", ())),
        ignore_changes=tuple(entry.get("ignoreChanges", ())),
        replace_on_changes=tuple(entry.get("replaceOnChanges", ())),
        region=entry["region"],
        source=entry["source"],
    )
