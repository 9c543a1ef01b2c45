"""git, asked about the project's own history."""

import subprocess
from pathlib import Path

import pytest

from infra.problems import ProblemsError
from project.git import commit_of, git_output, git_text, run_git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def test_what_git_prints_comes_back_and_nothing_where_it_fails(repository: Path) -> None:
    (repository / "new").touch()
    assert git_output(repository, "ls-files", "--others", "-z") == b"new\0"
    assert git_text(repository, "ls-files", "--others", "-z") == "new\0"
    assert git_output(repository, "rev-parse", "--verify", "--quiet", "HEAD") is None
    assert git_text(repository, "no-such-command") is None


def test_a_name_that_is_not_utf_8_can_be_found_again(repository: Path) -> None:
    file = repository / b"caf\xe9".decode("utf-8", "surrogateescape")
    file.touch()
    listed = git_text(repository, "ls-files", "--others", "-z")
    assert listed is not None
    assert (repository / listed.rstrip("\0")).samefile(file)


def test_variables_are_added_to_its_environment(repository: Path) -> None:
    done = run_git(repository, "var", "GIT_AUTHOR_IDENT", GIT_AUTHOR_NAME="Ola", GIT_AUTHOR_EMAIL="ola@example.com")
    assert done.stdout.startswith(b"Ola <ola@example.com>")


def test_without_git_one_line_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ProblemsError, match="git is not on PATH; install it"):
        run_git(repository, "status")


def test_a_repository_of_another_user_is_not_said_to_be_none(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # as git's own tests do
    with pytest.raises(ProblemsError, match=r"belongs to another user.*--add safe\.directory"):
        commit_of(repository, "HEAD")


def test_a_branch_that_only_the_remote_has_is_suggested(repository: Path) -> None:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a"}
    run_git(repository, "commit", "--allow-empty", "--message", "first", **who)
    run_git(repository, "update-ref", "refs/remotes/origin/release", "HEAD")
    with pytest.raises(ProblemsError, match=r"did you mean origin/release\?"):
        commit_of(repository, "release")
