"""git, asked about the project's own history."""

import subprocess
from pathlib import Path

import pytest

from infra.problems import ProblemsError
from project.git import git_output, git_text, run_git


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
