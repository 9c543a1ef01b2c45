"""Which files a change touches, as git sees it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from infra.problems import Problem, ProblemsError
from infra.tenants.listing import FOLDER, name_in
from infra.yaml_text import parse_yaml
from project.git import FETCH_WHOLE, commit_of, git_text, is_shallow

_NOTHING_BEFORE: Final = re.compile(r"0{40}|0{64}")  # how a push names the commit before a branch's first


@dataclass(frozen=True, kw_only=True)
class Files:
    """Paths from the project's root: all that differ, and those of them that were not there before.

    `moved` has the base stacks of each record that said before that a customer of the pool moves.
    """

    differing: tuple[str, ...]
    added: frozenset[str] = frozenset()
    moved: Mapping[str, frozenset[str]] = field(default_factory=dict)


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
    paths = _paths(differing + untracked)
    return Files(
        differing=tuple(sorted(paths)),
        added=frozenset(_paths(added + untracked)),
        moved=_moved(root, fork.strip(), paths),
    )


def _moved(root: Path, commit: str, paths: set[str]) -> dict[str, frozenset[str]]:
    """Read of these files alone that spoke of a move: a change may concern thousands of records."""
    speaking = git_text(root, "grep", "--name-only", "-z", "--fixed-strings", "move", commit, "--", FOLDER) or ""
    records = (path for path in paths & {named.partition(":")[2] for named in _paths(speaking)} if name_in(path))
    return {path: _moves_between(_record(root, commit, path)) for path in records}


def _moves_between(record: Mapping[str, Any]) -> frozenset[str]:
    """The base stacks that a record names of a customer of the pool who moves; none of another."""
    move = record.get("move") if record.get("isolation") == "pool" else None
    return frozenset({str(record.get("base")), str(move.get("base"))}) if isinstance(move, Mapping) else frozenset()


def _record(root: Path, commit: str, path: str) -> Mapping[str, Any]:
    content, _ = parse_yaml(git_text(root, "show", f"{commit}:./{path}") or "", path)
    return content if isinstance(content, Mapping) else {}


def _paths(listed: str) -> set[str]:
    return {path for path in listed.split("\0") if path}


def _mistake(message: str) -> ProblemsError:
    return ProblemsError([Problem(message=message)])
