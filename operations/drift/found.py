"""What a refresh would write into the state: each resource that differs from what was deployed, and where."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from operations.engine.events import Event

SECRET: Final = "[secret]"  # noqa: S105  how the engine writes one in its events


@dataclass(frozen=True, slots=True)
class Difference:
    """One property: what was deployed, and what is there now."""

    path: str
    deployed: Any
    found: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Drifted:
    """One resource: gone, or changed in some properties."""

    urn: str
    gone: bool
    differences: tuple[Difference, ...] = ()

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]

    @property
    def type(self) -> str:
        return self.urn.split("::")[2].rpartition("$")[2]


def drifted(events: Iterable[Event]) -> tuple[Drifted, ...]:
    """Everything that a refresh found otherwise, in the engine's order."""
    found = []
    for event in events:
        step = event.get("resOutputsEvent", {}).get("metadata")
        if step and step["op"] == "delete":
            found.append(Drifted(urn=step["urn"], gone=True))
        elif step and step["op"] == "update":
            found.append(Drifted(urn=step["urn"], gone=False, differences=tuple(_differences(step))))
    return tuple(found)


def _differences(step: Mapping[str, Any]) -> Iterator[Difference]:
    """Top-level properties; what only the cloud computes is left out, unless nothing else differs."""
    old, new = step.get("old") or {}, step.get("new") or {}
    before, after = old.get("outputs") or {}, new.get("outputs") or {}
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    declared = [name for name in changed if name in (old.get("inputs") or {}) or name in (new.get("inputs") or {})]
    for name in declared or changed:
        yield Difference(name, before.get(name), after.get(name))


def as_json(stack: str, found: Iterable[Drifted]) -> dict[str, Any]:
    """For programs: names of what differs, without values, which may be anybody's data."""
    rows = [
        {"urn": one.urn, "gone": one.gone, "properties": [difference.path for difference in one.differences]}
        for one in found
    ]
    return {"stack": stack, "drifted": bool(rows), "resources": rows}


def as_markdown(stack: str, found: tuple[Drifted, ...]) -> str:
    """For an issue."""
    if not found:
        return f"## {stack}: no drift\n\nEverything is as the last deployment left it.\n"
    lines = [f"## {stack}: {len(found)} resource{'s' if len(found) > 1 else ''} drifted", ""]
    for one in found:
        lines.append(f"- `{one.name}` ({one.type})" + (" is gone" if one.gone else ""))
        lines += [f"  - {each.path}: {_shown(each.deployed)} → {_shown(each.found)}" for each in one.differences]
    lines += [
        "",
        f"`workbuoy review {stack}` shows what the next deployment would put back. What shall stay goes into the "
        f"program or the stack's file first; then `pulumi refresh --stack {stack}` takes it into the state.",
    ]
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    if value is None:
        return "(unset)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"`{value:g}`"
    if isinstance(value, str) and value != SECRET and len(value) <= 60 and "\n" not in value:
        return f"`{value.replace('`', chr(39))}`"
    return "(changed)"
