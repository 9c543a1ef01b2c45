"""A legal hold on a silo passes a review, and its release stops one: what was kept would end."""

from pathlib import Path

from facts.difference import difference
from graph import Graph
from graph.plan import Plan
from operations.review.judging import judge
from project.files import Project
from tests.conftest import ROOT, copy_of_project
from tests.declared import graph_with_base

HELD = "dates:\n  hold:\n    since: 2026-11-20\n    reason: Case 26-104522, Oslo tingrett"


def declared(root: Path, dates: str) -> Graph:
    record = copy_of_project(root) / "tenants/acme.yaml"
    record.write_text(record.read_text().replace("dates:", dates))
    project = Project("workbuoy", root, ROOT / "infra")
    return graph_with_base(project, "prod-acme")


def stopping(before: Graph, after: Graph) -> list[tuple[str, str]]:
    plan = Plan(stack="prod-acme", steps=difference(before, after), source="test")
    return sorted((one.kind, one.urn.rpartition("::")[2]) for one in judge(plan).stopping)


def test_hold_passes_and_its_release_stops(tmp_path: Path) -> None:
    free, held = declared(tmp_path / "free", "dates:"), declared(tmp_path / "held", HELD)
    assert stopping(free, held) == []
    assert stopping(held, free) == [("lifecycle-shortened", "files-lifecycle"), ("retention-cut", "database-instance")]
