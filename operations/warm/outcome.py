"""What others need to know of a rehearsal that ran in a process of its own."""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graph import Graph
    from rehearsal.result import Rehearsal

_TOKEN = re.compile(r"[A-Za-z0-9_-]{6,}")  # the part of an ARN or a document that an id is


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of one rehearsal.

    `code` is the exit code that the command would have. `properties` holds for each resource, by type and name, a
    digest of each property: enough to name what changed, and no value that could be secret. `errors` is what went to
    stderr, where it was kept.
    """

    code: int
    verdict: str = ""
    summary: str = ""
    seconds: float = 0.0
    properties: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    usd_per_month: float | None = None
    resources: int = 0
    errors: str = ""

    def write(self, file: Path) -> None:
        """As JSON; whoever reads it waits until the process has ended."""
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")


def read_outcome(file: Path) -> Outcome:
    """What a process wrote, or an exit code alone where it came to no verdict."""
    try:
        found = Outcome(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        found = Outcome(code=os.EX_SOFTWARE)
    errors = errors_file(file)
    return replace(found, errors=errors.read_text(encoding="utf-8")) if errors.exists() else found


def errors_file(file: Path) -> Path:
    """Where a process's stderr goes beside its outcome."""
    return file.with_suffix(".errors")


def outcome_of(rehearsal: "Rehearsal", code: int) -> Outcome:
    """What is reported of a rehearsal."""
    from operations.cost.estimate import estimate  # whoever reads an outcome need not pay for these
    from operations.cost.prices import read_prices
    from rehearsal.as_graph import graph_of
    from rehearsal.summary import summary, verdict

    graph = graph_of(rehearsal)
    return Outcome(
        code=code,
        verdict=verdict(rehearsal),
        summary=summary(rehearsal),
        seconds=sum(rehearsal.seconds.values()),
        resources=sum(1 for one in graph.resources if one.custom and not one.read),
        properties=properties_of(graph),
        usd_per_month=float(estimate(graph, read_prices()).usd_per_month),
    )


def properties_of(graph: "Graph") -> dict[str, dict[str, str]]:
    """A digest of each property of each resource, alike in two rehearsals though ids are made anew in each.

    An id is whatever a resource answers and was not given: it is taken for the resource's name wherever it stands.
    """
    made: dict[str, str] = {}
    for one in graph.resources:
        given = set(_tokens(one.inputs))
        for token in _tokens([one.id, one.outputs]):
            if token not in given:
                made.setdefault(token, one.name)
    found: dict[str, dict[str, str]] = {}
    for one in graph.resources:
        if one.custom and not one.read:
            title = f"{one.type.rpartition(':')[2]} {one.name}"
            found[title] = {name: _digest(value, made) for name, value in one.inputs.items() if value is not None}
    return found


def _tokens(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _tokens(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tokens(item)
    elif isinstance(value, str):
        yield from _TOKEN.findall(value)


def _digest(value: Any, made: Mapping[str, str]) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    text = _TOKEN.sub(lambda found: made.get(found[0], found[0]), text)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
