"""Plans made by hand (synthetic), for what no recording shows; their form is the recordings' own."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graph.plan import Plan
from graph.recordings import from_events

PROVIDER = "urn:pulumi:prod::workbuoy::pulumi:providers:aws::aws"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def urn(kind: str, name: str, component: str = "Database", stack: str = "prod") -> str:
    return f"urn:pulumi:{stack}::workbuoy::workbuoy:aws:{component}${kind}::{name}"


def state(kind: str, name: str, inputs: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    component = more.pop("component", "Database")
    return {
        "type": kind,
        "urn": urn(kind, name, component),
        "parent": f"urn:pulumi:prod::workbuoy::workbuoy:aws:{component}::{component.lower()}",
        "provider": f"{PROVIDER}::1",
        "inputs": dict(inputs),
        "outputs": {},
        **more,
    }


def step(
    op: str,
    kind: str,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    *,
    name: str = "it",
    old_more: Mapping[str, Any] | None = None,
    new_more: Mapping[str, Any] | None = None,
    component: str = "Database",
    **metadata: Any,
) -> dict[str, Any]:
    """One event of a step; `old` and `new` are the inputs before and after."""
    before, after = dict(old_more or {}), dict(new_more or {})
    return {
        "resourcePreEvent": {
            "metadata": {
                "op": op,
                "urn": urn(kind, name, component),
                "type": kind,
                "old": None if old is None else state(kind, name, old, component=component, **before),
                "new": None if new is None else state(kind, name, new, component=component, **after),
                **metadata,
            }
        }
    }


def provider(old: str, new: str, *accounts: str) -> dict[str, Any]:
    """The provider's step, from one region to another; `accounts` are those that it is held to."""
    kind = "pulumi:providers:aws"
    held_to = {"allowedAccountIds": json.dumps(accounts)} if accounts else {}

    def of(region: str) -> dict[str, Any]:
        return {"type": kind, "urn": PROVIDER, "inputs": {"region": region, **held_to}, "outputs": {}}

    metadata = {"op": "update" if old != new else "same", "urn": PROVIDER, "type": kind}
    return {"resourcePreEvent": {"metadata": metadata | {"old": of(old), "new": of(new)}}}


def events(*steps: dict[str, Any], config: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    counts: dict[str, int] = {}
    for one in steps:
        op = one["resourcePreEvent"]["metadata"]["op"] if "resourcePreEvent" in one else None
        if op:
            counts[op] = counts.get(op, 0) + 1
    prelude = {"preludeEvent": {"config": dict(config or {})}}
    summary = {"summaryEvent": {"isPreview": True, "result": "succeeded", "resourceChanges": counts}}
    return [prelude, *steps, summary]


def plan(*steps: dict[str, Any], config: Mapping[str, str] | None = None) -> Plan:
    return from_events(events(*steps, config=config), Path("synthetic"))


def write(path: Path, recorded: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("\n".join(json.dumps(event) for event in recorded) + "\n")
    return path
