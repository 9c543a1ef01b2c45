"""What a run changed that should have changed nothing, held against what moto is known not to hold."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from graph.values import root_of
from infra.yaml_text import read_yaml_value
from operations.drift.found import drifted
from operations.engine.events import Event

LIST = Path(__file__).parent / "not_held.yaml"
STEADY = ("same", "read", "refresh")


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One property of one resource; `reason` is empty where nothing explains it."""

    urn: str
    what: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.urn.rpartition('::')[2]}: {self.what}"


def changed_by_update(events: Iterable[Event]) -> tuple[Changed, ...]:
    """Every property that an update touched."""
    return tuple(one for event in events if "resourcePreEvent" in event for one in _step(event["resourcePreEvent"]))


def changed_by_refresh(events: Iterable[Event]) -> tuple[Changed, ...]:
    """Every property that a refresh found otherwise."""
    found = []
    for one in drifted(events):
        names = ["is gone"] if one.gone else dict.fromkeys(root_of(each.path) for each in one.differences)
        found += [_explained(one.urn, one.type, name) for name in names]
    return tuple(found)


def _step(body: Mapping[str, Any]) -> Iterator[Changed]:
    step = body["metadata"]
    urn, type_ = step["urn"], step["urn"].split("::")[2].rpartition("$")[2]
    if step["op"] in STEADY:
        return
    if step["op"] != "update":
        yield Changed(urn=urn, what=f"operation {step['op']}")
        return
    paths = list(step.get("detailedDiff") or {}) or list(step.get("diffs") or ()) or ["the whole resource"]
    for name in dict.fromkeys(path.partition(".")[0].partition("[")[0] for path in paths):
        yield _explained(urn, type_, name)


def _explained(urn: str, type_: str, name: str) -> Changed:
    return Changed(urn=urn, what=name, reason=not_held().get((type_, name), ""))


@cache
def not_held() -> Mapping[tuple[str, str], str]:
    """Resource type and property to why moto does not hold it."""
    entries = read_yaml_value(LIST)
    return {(entry["type"], name): entry["reason"] for entry in entries for name in entry["properties"]}
