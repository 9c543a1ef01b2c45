"""A project of customers in a folder whose state is a folder too, and its commands."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from operations.fleet import runner
from operations.fleet.command import fleet
from operations.fleet.records import Entry
from operations.tenant.deployment.scheduler import SiloOutcome, Stop
from tests.operations.fleet.world import BEFORE, make_fleet

Run = Callable[..., Result]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve customers on prod and prod-1: one canary, two in the share, nine in the rest; the current folder."""
    folder = make_fleet(tmp_path / "project", 12, on_one_base=8)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/state")
    return folder


@pytest.fixture
def run(root: Path) -> Run:
    """`workbuoy fleet ...` in the project."""
    assert root

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(fleet, list(arguments))

    return invoke


class Deployments:
    """Stands in for `workbuoy tenant deploy`: who was deployed with which image, and who fails with what."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []
        self.fails: dict[str, str] = {}
        self.before: str | None = BEFORE

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.made]

    def __call__(self, name: str, entry: Entry, _: Stop) -> tuple[SiloOutcome, dict[str, object]]:
        self.made.append((name, entry.image))
        if name in self.fails:
            return SiloOutcome("failed", self.fails[name]), {"imageBefore": self.before}
        return SiloOutcome("done"), {"imageBefore": self.before, "outcome": "deployed"}


@pytest.fixture
def deployments(monkeypatch: pytest.MonkeyPatch) -> Deployments:
    """In the place of engine and processes, and of CloudWatch, which sees nothing."""
    from operations.fleet.records import Watched

    made = Deployments()
    monkeypatch.setattr(runner, "child_of", lambda *_: made)
    monkeypatch.setattr(runner, "expect_able", lambda *_: None)
    monkeypatch.setattr(runner, "Watching", lambda *_: lambda *_: Watched())
    return made
