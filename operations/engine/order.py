"""Updates in the order of their commits: one that waited for its approval longer than a newer one is refused.

The stack's tags say which commit and image its last update was of. They lie beside its state, so that every machine
reads the same (`pulumi stack tag`). Whatever updates a stack asks here first, and notes its own commit before it does.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from infra.problems import ProblemsError
from operations.ending import Notify
from operations.engine.errors import MistakenError
from operations.engine.stack import EngineStack
from project.git import FETCH_WHOLE, git_text, is_shallow

COMMIT: Final = "workbuoy:commit"
IMAGE: Final = "workbuoy:image"


GO_BACK: Final = "to go back, revert on main, or say --older; nothing was changed"


def refuse_older(
    opened: EngineStack, tags: Mapping[str, str], root: Path, notify: Notify, instead: str = GO_BACK
) -> str | None:
    """The commit that is checked out, for the tags of this update; None outside a repository of git.

    `tags` are the stack's, of the update before; `instead` is what to do where it was of a newer commit.

    Raises MistakenError where a newer commit is deployed already, or this clone cannot tell.
    """
    commit, deployed = head_of(root), tags.get(COMMIT)
    if commit is None:
        notify(f"{opened.name}: this is no repository of git, so whether something newer is deployed is not known")
        return None
    if deployed is None or deployed == commit or _is_ancestor(root, deployed, commit):
        return commit
    if _git(root, "cat-file", "-t", deployed) is None:
        cure = FETCH_WHOLE if is_shallow(root) else f"fetch it (`git fetch origin {deployed}`)"
        raise MistakenError(
            f"{opened.name}: {deployed[:9]} is deployed, which this clone does not know",
            f"{cure}, so that the older one is never put back; where nobody has it any more, "
            "`workbuoy deploy --older` puts this one in its place",
        )
    if _is_ancestor(root, commit, deployed):
        raise MistakenError(
            f"{opened.name}: runs {deployed[:9]} already, which is newer than {commit[:9]}: an older run would put "
            "older code back",
            instead,
        )
    notify(f"{opened.name}: {deployed[:9]} is deployed, of another branch than {commit[:9]}")
    return commit


def head_of(root: Path) -> str | None:
    """The commit that is checked out."""
    return _git(root, "rev-parse", "HEAD")


BRING_UP_TO_DATE: Final = "bring this clone up to date (`git pull`); nothing was changed"


def same_code(opened: EngineStack, tags: Mapping[str, str], root: Path, notify: Notify) -> str | None:
    """As `refuse_older`, for an update that means to bring no other code; what comes along all the same is said."""
    commit, deployed = refuse_older(opened, tags, root, notify, BRING_UP_TO_DATE), tags.get(COMMIT)
    if commit is not None and deployed is not None and commit != deployed:
        notify(f"{opened.name}: {deployed[:9]} is deployed; what was committed since comes along")
    return commit


def committed_since(root: Path, commit: str) -> tuple[str, ...] | None:
    """The files that commits change between where this branch left a commit and HEAD; None where git cannot tell.

    What is not committed does not count: a deployment writes how secrets are encrypted into its stack's file.
    """
    listed = _git(root, "diff", "--name-only", "--no-renames", "--relative", "-z", f"{commit}...HEAD", "--")
    return None if listed is None else tuple(path for path in listed.split("\0") if path)


def note(opened: EngineStack, tags: Mapping[str, str], commit: str | None, image: str | None) -> None:
    """Say in the stack's tags of which commit and image the update is that is about to begin."""
    for name, value in to_note(tags, commit, image).items():
        opened.tag(name, value)


def to_note(tags: Mapping[str, str], commit: str | None, image: str | None) -> Mapping[str, str]:
    """What the stack's tags do not say yet of an update that is about to begin: of which commit and image it is."""
    wanted = {COMMIT: commit, IMAGE: image}
    return {name: value for name, value in wanted.items() if value is not None and tags.get(name) != value}


def _is_ancestor(root: Path, older: str, newer: str) -> bool:
    return _git(root, "merge-base", "--is-ancestor", older, newer) is not None


def _git(root: Path, *arguments: str) -> str | None:
    """What git says; None where it fails or is not there."""
    try:
        said = git_text(root, *arguments)
    except ProblemsError:
        return None
    return None if said is None else said.strip()
