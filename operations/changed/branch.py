"""`workbuoy require-branch`: the second lock beside GitHub's own rule that an environment admits main only."""

import os
import subprocess
from pathlib import Path

import click

from operations.ending import MISTAKE, stop


@click.command("require-branch")
@click.argument("branch")
def require_branch(branch: str) -> None:
    """Stop unless this runs for BRANCH: in a workflow the ref that it runs for, elsewhere the branch checked out."""
    ref, event = os.environ.get("GITHUB_REF") or _checked_out(), os.environ.get("GITHUB_EVENT_NAME", "")
    if ref == f"refs/heads/{branch}" and not event.startswith("pull_request"):
        return
    place = f"{ref or 'no branch'}{f' ({event})' if event else ''}"
    stop(MISTAKE, f"this runs for {place}; only {branch} may go on from here: merge first")


def _checked_out() -> str:
    try:
        asked = subprocess.run(
            ["git", "-C", str(Path.cwd()), "symbolic-ref", "--quiet", "HEAD"],
            capture_output=True,
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        return ""
    return asked.stdout.strip()
