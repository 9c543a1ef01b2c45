"""Which files a change touches, as git sees it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.problems import Problem, ProblemsError
from project.git import FETCH_WHOLE, commit_of, git_text, is_shallow

_NOTHING_BEFORE: Final = re.compile(r"0{40}|0{64}")  # how a push names the commit before a branch's first


@dataclass(frozen=True, kw_only=True)
class Files:
    """Paths from the project's root: all that differ, and those of them that were not there before."""

    differing: tuple[str, ...]
    added: frozenset[str] = frozenset()


def changed_files(root: Path, since: str) -> Files | None:
    """What differs between the working tree and where it left `since`; None where that is all zeros.

    Files that are moved count twice, as gone and as added. Raises ProblemsError where git cannot tell.
    """
    if _NOTHING_BEFORE.fullmatch(since):
        return None
    fork = git_text(root, "merge-base", commit_of(root, since), "HEAD")
    if fork is None:
        cure = FETCH_WHOLE if is_shallow(root) else "name another"
        raise _mistake(f"{since}: shares no commit with HEAD; {cure}")
    names = ("--name-only", "--no-renames", "--relative", "-z")
    differing = git_text(root, "diff", *names, fork.strip(), "--")
    added = git_text(root, "diff", *names, "--diff-filter=A", fork.strip(), "--")
    untracked = git_text(root, "ls-files", "--others", "--exclude-standard", "-z")
    if differing is None or added is None or untracked is None:
        raise _mistake(f"{root}: git cannot compare with {since}; `git status` may tell why")
    return Files(differing=tuple(sorted(_paths(differing + untracked))), added=frozenset(_paths(added + untracked)))


def _paths(listed: str) -> set[str]:
    return {path for path in listed.split("\0") if path}


def _mistake(message: str) -> ProblemsError:
    return ProblemsError([Problem(message=message)])
