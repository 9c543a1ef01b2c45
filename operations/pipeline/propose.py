"""A patch as a pull request of the workflows' own user, by GitHub's API: nothing of the patch is laid out or run here.

GitHub starts no workflow for what a workflow's own token pushes, except by a dispatch; so the checks are dispatched.
Source: https://docs.github.com/en/actions/concepts/security/github_token
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graph.errors import InputError
from operations.pipeline.github import BOT, Repository
from project.git import run_git
from project.own_folder import own_folder

JUDGES: Final = (".ci/", ".githooks/", ".github/", "waivers/")
"""What decides whether a change may be merged: no machine proposes a change of it."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One file of a patch: its mode in git and its text, or None where it goes."""

    path: str
    mode: str
    text: str | None


def changes_of(root: Path, patch: Path) -> list[Change]:
    """What a patch makes of the last commit, in an index of its own: the working tree stays as it is.

    Raises InputError where the patch does not apply, holds something that is no text, or changes what judges it.
    """
    if not patch.is_file():
        raise InputError(f"{patch}: there is no such file")
    if not patch.stat().st_size:
        return []
    with own_folder("patch") as folder:
        index = {"GIT_INDEX_FILE": str(folder / "index")}
        _git(root, "read-tree", "HEAD", **index)
        _git(root, "apply", "--cached", "--binary", str(patch.absolute()), **index)
        named = _git(root, "diff", "--cached", "--name-only", "--no-renames", "-z", "HEAD", **index)
        paths = [os.fsdecode(one) for one in named.split(b"\0") if one]
        if judges := [path for path in paths if path.startswith(JUDGES)]:
            raise InputError(*(f"{patch}: changes {path}, which judges it: a person proposes that" for path in judges))
        return [_change(root, path, index) for path in paths]


def _change(root: Path, path: str, index: Mapping[str, str]) -> Change:
    listed = _git(root, "ls-files", "--stage", "-z", "--", path, **index).decode()
    if not listed:
        return Change(path=path, mode="100644", text=None)
    try:
        text = _git(root, "show", f":{path}", **index).decode()
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no text; a person proposes that") from None
    return Change(path=path, mode=listed.split()[0], text=text)


def _git(root: Path, *arguments: str, **variables: str) -> bytes:
    done = run_git(root, *arguments, **variables)
    if done.returncode:
        errors = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise InputError(f"git {arguments[0]}: {errors[0]}")
    return done.stdout


def commit_of(root: Path) -> str:
    """The last commit, which a patch stands on. Raises InputError outside a repository."""
    return _git(root, "rev-parse", "HEAD").decode().strip()


def propose(
    repository: Repository, commit: str, changes: Sequence[Change], *, branch: str, onto: str, title: str, text: str
) -> str:
    """Put the changes as one commit on a branch and open its pull request, or bring both up to date.

    Gives back a sentence. Raises ApiError, and InputError where somebody else's commit stands on the branch.
    """
    standing = _head_of(repository, branch)
    tree = repository.ask("GET", f"git/commits/{commit}")["tree"]["sha"]
    made = repository.ask("POST", "git/trees", {"base_tree": tree, "tree": list(_entries(changes))})["sha"]
    coming = repository.ask("POST", "git/commits", {"message": title, "tree": made, "parents": [commit]})["sha"]
    if standing is None:
        repository.ask("POST", "git/refs", {"ref": f"refs/heads/{branch}", "sha": coming})
    else:
        repository.ask("PATCH", f"git/refs/heads/{branch}", {"sha": coming, "force": True})
    owner = repository.name.partition("/")[0]
    found = repository.ask("GET", f"pulls?state=open&base={onto}&head={owner}:{branch}")
    if found:
        return f"Pull request {found[0]['number']} is brought up to date"
    opened = repository.ask("POST", "pulls", {"title": title, "head": branch, "base": onto, "body": text})
    return f"Pull request {opened['number']} is opened"


def _entries(changes: Sequence[Change]) -> Iterator[dict[str, Any]]:
    for one in changes:
        content = {"sha": None} if one.text is None else {"content": one.text}
        yield {"path": one.path, "mode": one.mode, "type": "blob", **content}


def _head_of(repository: Repository, branch: str) -> str | None:
    """The branch's last commit, if there is the branch. Raises InputError where a person made that commit."""
    refs = repository.ask("GET", f"git/matching-refs/heads/{branch}")
    heads = [one["object"]["sha"] for one in refs if one["ref"] == f"refs/heads/{branch}"]
    if not heads:
        return None
    author = repository.ask("GET", f"commits/{heads[0]}").get("author") or {}
    if author.get("login") != BOT:
        raise InputError(
            f"{branch}: its last commit is not a workflow's: merge it, or delete the branch, then run again"
        )
    return str(heads[0])


def dispatch(repository: Repository, workflow: str, branch: str) -> None:
    """Start a workflow on a branch. Raises ApiError."""
    repository.ask("POST", f"actions/workflows/{workflow}/dispatches", {"ref": branch})
