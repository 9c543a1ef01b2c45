"""What `workbuoy policies ...` does between its options and its exit code."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graph import Resource
from graph.errors import InputError
from graph.rehearsed import read_graph
from operations.review.recorded import declare
from policies import runner
from policies.catalogue import catalogue
from policies.exemptions import stack_of
from policies.permissions import linter
from policies.permissions import matrix as permissions
from policies.settings import read_configuration
from project.files import find_project
from project.silos import residency_of


def resources(stack: str | None, graph: Path | None) -> list[Resource]:
    """What a stack's program declares, or a recorded graph; raises InputError for an empty one."""
    found = list(read_graph(graph).resources) if graph else declare(str(stack), Path.cwd())
    if not found:
        raise InputError(f"{graph or stack}: no resource in it")
    return found


def check(
    stack: str | None, graph: Path | None, environment: str | None, regions: Sequence[str], configuration: Path | None
) -> runner.Report:
    """Judge a graph by every control, as its own stack unless another environment is named."""
    settings = read_configuration(configuration) if configuration else None
    found = resources(stack, graph)
    allowed = list(regions) or (residency_of(find_project(Path.cwd()), stack) if stack else [])
    return runner.check(found, environment or stack_of(found[0].urn), settings, allowed_regions=allowed)


def findings(report: runner.Report) -> str:
    """Failures and what could not be judged, one a line, and the counts."""
    lines = [
        f"{f.severity:8}  {f.level:9}  {f.status}  [{', '.join(f.ids)}] {f.message}"
        for f in (*report.having("fail"), *report.having("not evaluated"))
    ]
    lines += [f"disabled  {name}, by the settings" for name in report.disabled]
    counts = ", ".join(f"{len(report.having(s))} {s}" for s in ("pass", "fail", "not evaluated", "exempt"))
    asked = len(catalogue()) - len(report.disabled)
    return "\n".join([*lines, f"{asked} controls as in {report.environment}: {counts}"]) + "\n"


def lint(stack: str | None, graph: Path | None) -> list[linter.Fault]:
    return linter.lint(resources(stack, graph))


def fault_rows(faults: Sequence[linter.Fault]) -> list[dict[str, str]]:
    return [{"urn": f.urn, "property": f.property, "rule": f.rule, "message": f.message} for f in faults]


def fault_lines(faults: Sequence[linter.Fault]) -> str:
    return "".join(f"{f.urn.rpartition('::')[2]}.{f.property}: {f.rule}: {f.message}\n" for f in faults)


def matrix(stack: str | None, graph: Path | None) -> tuple[str, list[dict[str, Any]]]:
    """Who may do what, as a page and as rows."""
    found = resources(stack, graph)
    grants = permissions.grants(found)
    rows = [
        {"role": g.role, "action": g.action, "resource": g.resource, "effect": g.effect, "condition": g.condition}
        for g in grants
    ]
    return permissions.page(stack_of(found[0].urn), grants), rows
