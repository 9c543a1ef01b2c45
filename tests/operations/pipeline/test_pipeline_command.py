"""One comment, one issue, a summary: against a server that answers as GitHub does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from operations.main import main
from tests.operations.pipeline.api import REPOSITORY, TOKEN, GitHub, serving

MARKED = "<!-- workbuoy:preview -->\n\n"


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[GitHub]:
    """The environment of a pull request's workflow, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_SERVER_URL", "GITHUB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    with serving() as held:
        for name, value in {
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_API_URL": held.address,
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        }.items():
            monkeypatch.setenv(name, value)
        yield held


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["pipeline", *arguments])
    assert TOKEN not in result.output
    assert "Traceback" not in result.output
    return result


def write(name: str, text: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return name


def bodies(github: GitHub, number: int = 7) -> list[str]:
    return [one["body"] for one in github.comments.get(number, [])]


def test_the_second_run_changes_the_comment_of_the_first(github: GitHub) -> None:
    first = run("comment", write("reviews/dev.md", "dev: nothing\n"))
    assert (first.exit_code, first.stderr) == (0, "The comment on pull request 7 is written\n")
    second = run("comment", write("reviews/dev.md", "dev: something\n"))
    assert second.stderr == "The comment on pull request 7 is brought up to date\n"
    assert bodies(github) == [f"{MARKED}dev: something\n"]


def test_an_unchanged_text_is_not_sent_again(github: GitHub) -> None:
    write("dev.md", "dev: nothing")
    run("comment", "dev.md")
    github.writes.clear()
    assert "is as it was" in run("comment", "dev.md").stderr
    assert github.writes == []


def test_the_comment_is_found_behind_two_pages_of_talk(github: GitHub) -> None:
    for _ in range(230):
        github.add_comment(7, "a word", login="someone")
    mine = github.add_comment(7, f"{MARKED}old\n")
    for _ in range(30):
        github.add_comment(7, "another word", login="someone")
    run("comment", write("dev.md", "new"))
    assert mine["body"] == f"{MARKED}new\n"
    assert len(bodies(github)) == 261


def test_someone_elses_text_with_the_marker_is_left_alone(github: GitHub) -> None:
    github.add_comment(7, f"{MARKED}mine, says a stranger", login="stranger")
    github.add_comment(7, f"as the bot said: {MARKED}")
    run("comment", write("dev.md", "new"))
    assert bodies(github) == [
        f"{MARKED}mine, says a stranger",
        f"as the bot said: {MARKED}",
        f"{MARKED}new\n",
    ]


def test_each_marker_has_its_own_comment(github: GitHub) -> None:
    write("dev.md", "x")
    run("comment", "dev.md")
    run("comment", "dev.md", "--marker", "image")
    assert len(bodies(github)) == 2
    assert run("comment", "dev.md", "--marker", "a -->").exit_code == 1


def test_folders_give_their_files_by_name_and_say_which_are_empty(github: GitHub) -> None:
    write("reviews/b/prod.md", "prod")
    write("reviews/a/dev.md", "dev")
    write("reviews/a/empty.md", "\n")
    write("reviews/a/dev.sarif", "{}")
    run("comment", "--folder", "reviews", "--say", "Two stacks.")
    assert bodies(github) == [
        f"{MARKED}Two stacks.\n\ndev\n\n`empty`: nothing was written; the job's log says why.\n\nprod\n"
    ]


def test_a_folder_that_nobody_filled_leaves_what_is_said(github: GitHub) -> None:
    result = run("comment", "--folder", "nowhere", "--say", "Something could not be looked at.")
    assert result.exit_code == 0, result.stderr
    assert bodies(github) == [f"{MARKED}Something could not be looked at.\n"]


def test_a_forks_token_may_not_write_so_the_summary_has_to_do(github: GitHub) -> None:
    github.read_only = True
    result = run("comment", "--say", "From a fork: rehearsed only.", write("dev.md", "dev: nothing"))
    assert result.exit_code == 0
    assert "Resource not accessible by integration. The job's summary holds the text instead." in result.stderr
    assert Path("summary").read_text() == "From a fork: rehearsed only.\n\ndev: nothing\n\n"
    assert bodies(github) == []


def test_a_text_beyond_githubs_limit_is_cut_fairly_and_whole_in_the_summary(github: GitHub) -> None:
    fold = "<details>\n\n```\n" + "line\n" * 30_000 + "```\n\n</details>"
    write("a.md", "short: all of it stays")
    write("b.md", "long\n" + fold)
    write("c.md", "long too\n" + "æ\n" * 60_000)
    result = run("comment", "a.md", "b.md", "c.md")
    assert result.exit_code == 0, result.stderr
    (body,) = bodies(github)
    assert 60_000 < len(body) <= 65_536
    assert "short: all of it stays" in body
    assert body.count("Cut here: the rest is in the run's summary.") == 2
    assert body.count("<details>") == body.count("</details>")
    assert body.count("```") % 2 == 0
    assert len(Path("summary").read_text(encoding="utf-8")) > 200_000


def test_the_run_is_linked(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example")
    monkeypatch.setenv("GITHUB_RUN_ID", "12")
    run("comment", write("dev.md", "x"))
    assert f"[The run](https://github.example/{REPOSITORY}/actions/runs/12)" in bodies(github)[0]


@pytest.mark.parametrize("status", [401, 404, 429, 502])
def test_github_in_trouble_is_reported_in_one_line(github: GitHub, status: int) -> None:
    github.broken = status
    result = run("comment", write("dev.md", "x"))
    assert result.exit_code == 4
    assert result.stderr == f"error: GitHub: GET issues/7/comments failed: {status} Server Error\n"
    assert Path("summary").read_text() == "x\n\n"


@pytest.mark.usefixtures("github")
def test_a_wrong_token_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "another-secret")
    result = run("comment", write("dev.md", "x"))
    assert (result.exit_code, "another-secret" in result.output) == (4, False)
    assert "401 Bad credentials" in result.stderr


def test_no_answer_is_reported_in_one_line(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    result = run("comment", write("dev.md", "x"))
    assert result.exit_code == 4
    assert "Connection refused" in result.stderr
    assert github.writes == []


def test_a_file_that_is_missing_is_a_mistake(github: GitHub) -> None:
    result = run("comment", "nowhere.md", "never.md")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "error: nowhere.md: there is no such file",
        "error: never.md: there is no such file",
    ]
    assert github.writes == []


@pytest.mark.usefixtures("github")
def test_on_a_laptop_the_text_is_printed_and_nothing_is_posted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "GITHUB_STEP_SUMMARY", "GITHUB_REF"):
        monkeypatch.delenv(name)
    write("dev.md", "dev: nothing")
    result = run("comment", "dev.md")
    assert (result.exit_code, result.stdout) == (0, "dev: nothing\n")
    assert "no comment is written" in result.stderr
    result = run("issue", "dev.md", "--title", "Drift")
    assert (result.exit_code, result.stdout) == (0, "dev: nothing\n")
    assert run("summary", "dev.md").stdout == "dev: nothing\n"


def test_an_issue_is_opened_brought_up_to_date_and_closed(github: GitHub) -> None:
    write("drift/dev.md", "dev drifted")
    assert "Issue 1 is opened" in run("issue", "--folder", "drift", "--title", "Drift").stderr
    write("drift/prod.md", "prod drifted")
    assert "Issue 1 is brought up to date" in run("issue", "--folder", "drift", "--title", "Drift").stderr
    (one,) = github.issues
    assert one["body"] == "<!-- workbuoy:drift -->\n\ndev drifted\n\nprod drifted\n"
    assert "Issue 1 is closed" in run("issue", "--title", "Drift").stderr
    assert one["state"] == "closed"
    assert bodies(github, 1) == ["Nothing of this is found any more."]
    github.writes.clear()
    assert "no issue is open" in run("issue", "--title", "Drift").stderr
    assert github.writes == []
    write("drift/dev.md", "dev drifted again")
    assert "Issue 2 is opened" in run("issue", "--folder", "drift", "--title", "Drift").stderr


def test_pull_requests_and_strangers_issues_are_not_taken_for_ours(github: GitHub) -> None:
    github.add_issue("Drift", "<!-- workbuoy:drift -->\n\nx", pull_request={})
    github.add_issue("Drift", "<!-- workbuoy:drift -->\n\nx", login="stranger")
    github.add_issue("Drift", None)  # type: ignore[arg-type]
    assert "Issue 4 is opened" in run("issue", write("dev.md", "x"), "--title", "Drift").stderr
