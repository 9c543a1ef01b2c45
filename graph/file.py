"""A graph in a file: one resource a line, for `workbuoy policies --graph` and for tests."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from graph.errors import InputError
from graph.resource import Resource
from graph.wire import from_json, to_json

_LISTS = ("dependencies", "aliases", "ignore_changes", "replace_on_changes")


def write_graph(resources: Sequence[Resource]) -> str:
    """The resources as JSON, for a file that `read_graph` takes."""
    lines = (json.dumps(to_json(asdict(one)), sort_keys=True) for one in resources)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def read_graph(path: Path) -> list[Resource]:
    """The resources in a file of `write_graph`; raises InputError where it is none."""
    try:
        return resources_of(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path}: not a recorded graph ({error}); `workbuoy rehearse` records one") from error


def resources_of(entries: Sequence[dict[str, Any]]) -> list[Resource]:
    """The resources of parsed JSON. Raises TypeError, KeyError or AttributeError where it holds none."""
    return [_resource(entry) for entry in entries]


def _resource(entry: dict[str, Any]) -> Resource:
    lists = {key: tuple(entry.get(key, ())) for key in _LISTS}
    by_property = {key: tuple(urns) for key, urns in entry.get("property_dependencies", {}).items()}
    values = {key: from_json(entry.get(key, {})) for key in ("inputs", "outputs")}
    return Resource(**(entry | lists | values | {"property_dependencies": by_property}))
