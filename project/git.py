"""git, asked about the project's own history."""

import os
import subprocess
from pathlib import Path

from infra.problems import Problem, ProblemsError


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


def git_text(root: Path, *arguments: str) -> str | None:
    """The same as text, in which a name that is not UTF-8 can be found again. Raises as `git_output`."""
    printed = git_output(root, *arguments)
    return None if printed is None else printed.decode("utf-8", "surrogateescape")
