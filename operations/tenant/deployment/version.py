"""Which state of the project is deployed: its commit, and what is changed beside it."""

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

UNKNOWN: Final = "unknown"


def version_of(root: Path, besides: Sequence[str] = ()) -> str:
    """The commit, with a digest of uncommitted changes where there are any; UNKNOWN without git.

    Args:
        root: the project's folder.
        besides: files, as names in `root`, that do not count: a first deployment writes into a silo's stack file.
    """
    commit = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    if commit is None:
        return UNKNOWN
    leave_out = [f":(exclude,literal){name}" for name in besides]
    changed = _git(root, "diff", "HEAD", "--relative", "--binary", "--", ".", *leave_out)
    new = _git(root, "ls-files", "--others", "--exclude-standard", "-z", "--", ".", *leave_out)
    if changed is None or new is None:
        return UNKNOWN
    names = sorted(name for name in new.split(b"\0") if name)
    if not changed and not names:
        return commit.decode().strip()
    digest = hashlib.sha256(changed)
    for name in names:
        file = root / name.decode("utf-8", "surrogateescape")
        digest.update(name + b"\0" + (file.read_bytes() if file.is_file() else b""))
    return f"{commit.decode().strip()}+{digest.hexdigest()[:16]}"


def _git(root: Path, *arguments: str) -> bytes | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
