"""Graphs in files: as `workbuoy rehearse --json` prints them, and as the recordings in tests/recordings hold them."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from pydantic.alias_generators import to_camel

from graph import Graph, Resource
from graph.rehearsed import SCHEMA
from graph.wire import from_json, to_json

PROGRAM = Path(__file__).parent / "recordings/program"
_LISTS = ("dependencies", "aliases", "ignore_changes", "replace_on_changes")


def rehearsed_text(resources: Sequence[Resource]) -> str:
    """What a rehearsal of these resources would print of them."""
    body = {"schema": SCHEMA, "project": "workbuoy", "stack": "prod", "account": "", "region": ""}
    return json.dumps({**body, "graph": [_entry(one) for one in resources]}, sort_keys=True)


def _entry(one: Resource) -> dict[str, Any]:
    fields: dict[str, Any] = to_json(asdict(one))
    return {to_camel(name): value for name, value in fields.items()} | {"properties": fields["inputs"], "state": ""}


@cache
def declared(name: str) -> Graph:
    """What this program declared for a recording of the engine, with the change of that name."""
    entries = json.loads(gzip.decompress((PROGRAM / f"declared/{name}.json.gz").read_bytes()))
    return Graph([_resource(one) for one in entries])


def _resource(entry: dict[str, Any]) -> Resource:
    lists = {key: tuple(entry.get(key, ())) for key in _LISTS}
    by_property = {key: tuple(urns) for key, urns in entry.get("property_dependencies", {}).items()}
    values = {key: from_json(entry.get(key, {})) for key in ("inputs", "outputs")}
    return Resource(**(entry | lists | values | {"property_dependencies": by_property}))
