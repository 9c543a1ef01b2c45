"""A repository of git around a project that tests made."""

import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    """What git says in a folder, to somebody who may commit."""
    named = ["-c", "user.name=Ola", "-c", "user.email=ola@example.com"]
    done = subprocess.run(["git", "-C", str(folder), *named, *arguments], capture_output=True, check=True, text=True)
    return done.stdout.strip()


def commit(folder: Path) -> str:
    """The commit of everything as it is now, also where nothing changed."""
    git(folder, "add", "-A")
    git(folder, "commit", "--allow-empty", "-qm", "a change")
    return git(folder, "rev-parse", "HEAD")
