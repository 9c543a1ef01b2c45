"""The looks of the night come out of other workflows' artifacts, by the newest run alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from operations.pipeline import looks as fetching
from operations.pipeline.command import pipeline
from tests.operations.pipeline.api import REPOSITORY, TOKEN, GitHub, serving


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    with serving() as held:
        monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        monkeypatch.setenv("GITHUB_API_URL", held.address)
        held.runs["drift.yml", "main"] = 7
        yield held


def run(folder: Path, *workflows: str) -> Result:
    return CliRunner().invoke(pipeline, ["looks", *(workflows or ("drift.yml",)), "--output", str(folder / "looks")])


@pytest.mark.lengthy
def test_every_look_of_the_newest_run_is_written_by_a_name_of_its_own(github: GitHub, tmp_path: Path) -> None:
    for number in range(101):  # more than one page
        github.add_artifact(7, f"looks-s{number}", {"look-drift.json": f"{number}", "readme.md": "no"})
    github.add_artifact(7, "drift-prod", {"other.json": "no look"})
    github.add_artifact(7, "looks-old", {"old.json": "no"}, expired=True)
    github.add_artifact(6, "looks-before", {"before.json": "no"})
    result = run(tmp_path, "drift.yml", "drills.yml")
    assert result.exit_code == 0, result.output
    assert "drift.yml: 101 looks" in result.stderr
    assert "drills.yml has not run on main yet" in result.stderr
    assert sorted(int(one.read_text()) for one in (tmp_path / "looks").iterdir()) == list(range(101))


def test_a_forks_run_is_not_ours_whatever_its_branch_is_called(github: GitHub, tmp_path: Path) -> None:
    github.forks_runs["drift.yml", "main"] = list(range(8, 120))  # more than one page, some of forks that are gone
    github.add_artifact(119, "looks-forged", {"look.json": "forged"})
    github.add_artifact(7, "looks-own", {"look.json": "own"})
    assert run(tmp_path).exit_code == 0
    assert [one.read_text() for one in (tmp_path / "looks").iterdir()] == ["own"]


def test_what_an_archive_calls_a_folder_leads_nowhere(github: GitHub, tmp_path: Path) -> None:
    github.add_artifact(7, "looks-s", {"../../escaped.json": "{}", "/absolute.json": "{}", "a\\..\\b.json": "{}"})
    assert run(tmp_path).exit_code == 0
    assert {one.parent.name for one in tmp_path.rglob("*.json")} == {"looks"}
    assert len(list(tmp_path.rglob("*.json"))) == 3


def test_what_is_no_archive_or_too_large_is_reported_in_one_line(
    github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.add_artifact(7, "looks-s", {"look.json": "x" * 50})
    monkeypatch.setattr(fetching, "_MOST_BYTES", 49)
    large = run(tmp_path)
    assert (large.exit_code, large.stderr) == (4, "error: looks-s: look.json has 50 bytes, more than any look\n")
    github.artifacts[0]["zip"] = b"no archive".hex()
    broken = run(tmp_path)
    assert broken.exit_code == 4
    assert "looks-s: is no archive of looks" in broken.stderr


def test_github_that_does_not_answer_is_reported(github: GitHub, tmp_path: Path) -> None:
    github.broken = 500
    result = run(tmp_path)
    assert result.exit_code == 4
    assert "GitHub: GET actions/workflows/drift.yml/runs failed: 500" in result.stderr
