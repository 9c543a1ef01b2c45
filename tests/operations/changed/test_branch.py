"""`workbuoy pipeline require-branch` lets main through and nothing else."""

import pytest
from click.testing import CliRunner, Result

from operations.main import main
from tests.operations.changed.conftest import Repository


@pytest.fixture(autouse=True)
def _on_a_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_REF", "GITHUB_EVENT_NAME"):
        monkeypatch.delenv(name, raising=False)


def run() -> Result:
    return CliRunner().invoke(main, ["pipeline", "require-branch", "main"])


@pytest.mark.parametrize("event", ["push", "schedule", "workflow_dispatch"])
def test_main_goes_on(event: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_REF", "refs/heads/main")
    monkeypatch.setenv("GITHUB_EVENT_NAME", event)
    assert (run().exit_code, run().output) == (0, "")


@pytest.mark.parametrize(
    ("ref", "event"),
    [
        ("refs/heads/feature", "workflow_dispatch"),
        ("refs/heads/main2", "push"),
        ("refs/tags/main", "push"),
        ("refs/pull/7/merge", "pull_request"),
        ("refs/heads/main", "pull_request_target"),
    ],
)
def test_anything_else_stops(ref: str, event: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_REF", ref)
    monkeypatch.setenv("GITHUB_EVENT_NAME", event)
    result = run()
    assert result.exit_code == 1
    assert result.stderr == f"error: this runs for {ref} ({event}); only main may go on from here: merge first\n"


def test_on_a_laptop_the_branch_that_is_checked_out_decides(repository: Repository) -> None:
    assert run().exit_code == 0
    repository.git("checkout", "--quiet", "-b", "feature")
    assert run().exit_code == 1
    repository.git("checkout", "--quiet", "--detach")
    assert "this runs for no branch;" in run().stderr
