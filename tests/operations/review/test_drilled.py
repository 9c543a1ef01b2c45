"""What a pull request's comment says of restore drills: what was found with credentials, or that nobody knows."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from operations.restore import drills
from operations.review import drilled, perform
from operations.review.command import review
from tests.conftest import PROJECT

EVENTS = Path("tests/recordings/previews/unchanged.events.jsonl").resolve()
WARNING = "prod: no restore was tried with success within 30 days, or nobody measured: workbuoy drills prod"
HEADING = "### Whether this stack could be brought back"


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(drilled, "within_days", lambda _: 30)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(review, arguments, catch_exceptions=False)


def comment(tmp_path: Path, *arguments: str) -> str:
    written = tmp_path / "review.md"
    result = run("--events", str(EVENTS), "--markdown", str(written), *arguments)
    assert written.is_file(), result.output
    return written.read_text()


def stack_of_recording(tmp_path: Path) -> str:
    return comment(tmp_path).partition("## ")[2].partition(":")[0]


@pytest.mark.usefixtures("wanted")
@pytest.mark.parametrize("warnings", [[WARNING], []])
def test_what_was_asked_with_credentials_stands_in_the_comment(tmp_path: Path, warnings: Sequence[str]) -> None:
    kept = tmp_path / "drills.json"
    drilled.keep(kept, stack_of_recording(tmp_path), warnings)
    text = comment(tmp_path, "--drills", str(kept))
    assert (HEADING in text, WARNING in text) == (bool(warnings), bool(warnings))


@pytest.mark.usefixtures("wanted")
@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"stack": "another", "warnings": []}', '{"warnings": 1}'])
def test_where_the_answer_is_missing_or_of_another_stack_it_is_said_not_to_be_known(
    tmp_path: Path, content: str | None
) -> None:
    kept = tmp_path / "drills.json"
    if content is not None:
        kept.write_text(content)
    assert "not known whether a restore was tried lately" in comment(tmp_path, "--drills", str(kept))
    assert "not known whether a restore was tried lately: nobody asked" in comment(tmp_path)


def test_where_no_drills_are_wanted_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(drilled, "within_days", lambda _: None)
    assert HEADING not in comment(tmp_path)


@pytest.mark.usefixtures("wanted")
def test_a_recording_keeps_what_was_asked_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drills, "warnings", lambda _: [WARNING])
    monkeypatch.setattr(perform, "record", lambda *_, **__: None)
    kept = tmp_path / "drills.json"
    result = run("prod", "--record", str(tmp_path / "events.jsonl"), "--drills", str(kept))
    assert (result.exit_code, WARNING in " ".join(result.stderr.split())) == (0, True)
    assert json.loads(kept.read_text()) == {"stack": "prod", "warnings": [WARNING]}


def test_a_review_of_a_stack_asks_by_itself() -> None:
    assert run("prod", "--drills", "x.json").exit_code == 2
