"""A review as SARIF 2.1.0, so that GitHub shows findings on the lines that declared the resources.

Format: OASIS SARIF 2.1.0, and what GitHub's code scanning reads of it (rules, level, location, fingerprint).
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graph.plan import PlanStep
from operations.review.assess import Review, ids_of
from policies.catalogue import catalogue

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {"mandatory": "error", "advisory": "warning"}


def as_sarif(review: Review, root: Path) -> dict[str, Any]:
    """The findings of a review; `root` is the project's folder, to find the code in."""
    results = [_result(found, review, root) for found in _found(review)]
    rules = {result["ruleId"]: _rule(result["ruleId"]) for result in results}
    driver = {"name": "workbuoy review", "rules": list(rules.values())}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


@dataclass(frozen=True, slots=True)
class _Found:
    rule: str
    level: str
    urn: str
    text: str


def _found(review: Review) -> Iterator[_Found]:
    dangers = [(danger, "error") for danger in review.dangers]
    dangers += [(danger, "note") for danger in review.noted]
    for danger, level in dangers:
        yield _Found(danger.kind, level, danger.urn, f"{danger.urn.rpartition('::')[2]}: {danger.what}")
    for result in (*review.violations, *review.advice):
        yield _Found(result.policy, _LEVELS.get(result.level, "warning"), result.urn, result.message)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the project's own code."""

    file: str
    line: int


def _result(found: _Found, review: Review, root: Path) -> dict[str, Any]:
    step = review.plan.by_urn.get(found.urn)
    source = locate(step, root) or Line(f"Pulumi.{review.plan.stack}.yaml", 1)
    return {
        "ruleId": found.rule,
        "level": found.level,
        "message": {"text": found.text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": source.file, "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": source.line},
                },
                "logicalLocations": [{"fullyQualifiedName": found.urn, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"resource/v1": hashlib.sha256(f"{found.rule} {found.urn}".encode()).hexdigest()},
    }


def _rule(name: str) -> dict[str, Any]:
    control = catalogue().get(name)
    if control is None:
        return {"id": name, "shortDescription": {"text": f"{name} (workbuoy review)"}}
    return {
        "id": name,
        "shortDescription": {"text": f"{control.title} [{', '.join(ids_of(name))}]"},
        "help": {"text": control.fix},
    }


def locate(step: PlanStep | None, root: Path) -> Line | None:
    """The line that declared a resource: as the engine recorded it, else as the project's code tells.

    Events carry no line. A component's file holds its type token, and the child's logical name ends as in the code.
    """
    if step is None:
        return None
    for state in (step.new, step.old):
        if state and state.source:
            file, _, line = state.source.rpartition(":")
            return Line(file, int(line))
    chain = step.urn.split("::")[2].split("$")
    token = next((part for part in reversed(chain) if part.startswith("workbuoy:")), None)
    return _search(token, step, root) if token else None


def _search(token: str, step: PlanStep, root: Path) -> Line | None:
    for path in sorted((root / "components").glob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        declared = next((number for number, line in enumerate(lines, 1) if f'"{token}"' in line), None)
        if declared:
            role = step.name.rpartition("-")[2]
            exact = (n for n, line in enumerate(lines, 1) if re.search(rf'-{re.escape(role)}"', line))
            return Line(f"components/{path.name}", next(exact, declared))
    return None
