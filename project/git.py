"""git, asked about the project's own history."""

import os
import shlex
import subprocess
from pathlib import Path
from typing import Final

from infra.problems import Problem, ProblemsError

FETCH_WHOLE: Final = "this clone is shallow: fetch it whole (git fetch --unshallow, in a workflow fetch-depth: 0)"


def run_git(root: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    """git in a folder, however it ends; `variables` are added to its environment.

    Raises ProblemsError where there is no git.
    """
    try:
        return subprocess.run(
            ["git", "-C", str(root), *arguments],
            env={**os.environ, **variables},
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except OSError:
        raise ProblemsError([Problem(message="git is not on PATH; install it")]) from None


def git_output(root: Path, *arguments: str) -> bytes | None:
    """What git prints; None where it fails. Raises ProblemsError where there is no git."""
    done = run_git(root, *arguments)
    return done.stdout if done.returncode == 0 else None


def is_shallow(root: Path) -> bool:
    """Whether the clone may hold only the newest part of its history: a git that cannot tell counts as such.

    Raises as `git_output`.
    """
    return git_output(root, "rev-parse", "--is-shallow-repository") != b"false\n"


def commit_of(root: Path, revision: str) -> str:
    """The commit that a person's word for it stands for.

    Raises ProblemsError where git does not know it, or the folder is in no repository.
    """
    found = git_text(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found is not None:
        return found.strip()
    inside = run_git(root, "rev-parse", "--is-inside-work-tree", LC_ALL="C")
    if b"dubious ownership" in inside.stderr:
        cure = f"git config --global --add safe.directory {shlex.quote(str(root))}"
        message = f"{root}: belongs to another user, so that git does not read it: {cure}"
    elif inside.returncode:
        message = f"{root}: is not in a git repository, so it has no revision to compare with; run it in a clone"
    else:
        remote = git_output(root, "rev-parse", "--verify", "--quiet", f"refs/remotes/origin/{revision}")
        cure = f"did you mean origin/{revision}?" if remote else "fetch it, or name another"
        cure = FETCH_WHOLE if is_shallow(root) else cure
        message = f"{revision}: git knows no such commit here; {cure}"
    raise ProblemsError([Problem(message=message)])


def git_text(root: Path, *arguments: str) -> str | None:
    """The same as text, in which a name that is not UTF-8 can be found again. Raises as `git_output`."""
    printed = git_output(root, *arguments)
    return None if printed is None else printed.decode("utf-8", "surrogateescape")
