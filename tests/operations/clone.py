"""A repository of this project's own code and the stacks that are only for tests, to change and compare in."""

import compileall
import os
import subprocess
from pathlib import Path

from tests.conftest import PROJECT, ROOT

CODE = ("bootstrap", "components", "facts", "graph", "infra", "operations", "policies", "project", "rehearsal")
PAST = 1_000_000_000
GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run([*GIT, *arguments], cwd=folder, check=True, capture_output=True)


def make_clone(folder: Path) -> Path:
    """A repository with one commit: the code of the working tree, and the stacks that are only for tests."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *CODE, "waivers", "requirements.lock"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    for pattern in ("Pulumi*.yaml", "bootstrap/Pulumi.*.yaml", "tenants/**/*.yaml"):
        for source in PROJECT.glob(pattern):
            target = folder / source.relative_to(PROJECT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    git(folder, "init", "--quiet")
    (folder / ".git/info/exclude").write_text("__pycache__/\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "as it is")
    _compile(folder)
    return folder


def _compile(folder: Path) -> None:
    """So that not each process compiles the project; files are made old, so that an edit is always newer."""
    for file in folder.rglob("*.py"):
        os.utime(file, (PAST, PAST))
    for name in CODE:
        compileall.compile_dir(folder / name, quiet=2)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
