"""A stack's resources in the neutral form that the rehearsal records and the policies judge."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from policies.errors import PolicyError


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource as Pulumi registered it.

    `properties` are inputs and outputs together, camelCase, with secrets unwrapped and redacted. `provider` is the
    provider's URN, with or without its `::id`; the provider itself stands among the resources, for its region and
    its allowed accounts place everything that names none. `unknown` holds dotted paths of properties whose value is
    not known yet (`tags.owner`, `subnetIds.0`).
    """

    urn: str
    type: str
    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    provider: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    aliases: tuple[str, ...] = ()
    unknown: frozenset[str] = frozenset()


IDENTITIES: Final = ("id", "arn", "name", "bucket", "identifier")
"""Outputs by which other resources name this one."""


def with_identities(declared: Mapping[str, Any], outputs: Mapping[str, Any], id_: str) -> dict[str, Any]:
    """A resource's declared properties and the outputs that others name it by.

    Other outputs are AWS's defaults or a rehearsal's inventions: a policy judges what the program says.
    """
    named = {key: outputs[key] for key in IDENTITIES if outputs.get(key)}
    return {"id": id_, **named, **declared}


def write_graph(resources: Sequence[Resource]) -> str:
    """The graph as JSON, one resource a line, for a file that `read_graph` takes."""
    lines = (json.dumps(asdict(r) | {"unknown": sorted(r.unknown)}, sort_keys=True) for r in resources)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def read_graph(path: Path) -> list[Resource]:
    """The graph in a file of `write_graph`; raises PolicyError where it is none."""
    try:
        entries = json.loads(path.read_text())
        return [_resource(entry) for entry in entries]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise PolicyError(f"{path}: not a recorded graph ({error}); `workbuoy rehearse` records one") from error


def _resource(entry: dict[str, Any]) -> Resource:
    by_property = {key: tuple(urns) for key, urns in entry.get("property_dependencies", {}).items()}
    lists = {key: tuple(entry.get(key, ())) for key in ("dependencies", "aliases")}
    fixed: dict[str, Any] = {"property_dependencies": by_property, "unknown": frozenset(entry.get("unknown", ()))}
    return Resource(**(entry | lists | fixed))
