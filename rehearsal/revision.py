"""A project's own files at a revision of git, and what they declare, each side by its own code in its own process."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from graph.errors import InputError
from infra.stack_files import stack_file
from project.git import commit_of, run_git
from project.own_folder import own_folder
from project.terminal import UNBROKEN, errors_in

_LOCK: Final = "requirements.lock"
_CHECKS_FAILED: Final = 3  # a rehearsal that refuses something has declared all the same


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision as it was named, its commit, and the folder that holds the project's files at it."""

    name: str
    commit: str
    folder: Path

    @property
    def origin(self) -> str:
        return f"{self.name} ({self.commit[:9]})"

    def has_stack(self, stack: str) -> bool:
        """Whether the project had a file for a stack."""
        return stack_file(self.folder, stack).is_file()


@contextmanager
def at(root: Path, name: str) -> Iterator[Revision]:
    """The project's files at a revision, in a folder that goes afterwards.

    An archive and no worktree of git's: nothing is noted in the repository that an end by force could leave there.
    Raises ProblemsError for a revision that git does not know.
    """
    commit = commit_of(root, name)
    inside = run_git(root, "rev-parse", "--show-prefix").stdout.decode().strip()
    top = Path(run_git(root, "rev-parse", "--show-toplevel").stdout.decode().strip())
    done = run_git(top, "archive", "--format=zip", "-0", commit)  # packing costs more than it saves
    if done.returncode != 0:
        raise InputError(f"git cannot read {commit}: {done.stderr.decode(errors='replace').strip()}")
    with own_folder("since") as folder:
        with zipfile.ZipFile(BytesIO(done.stdout)) as archive:
            archive.extractall(folder)
        yield Revision(name, commit, folder / inside)


def notes(root: Path, revision: Revision) -> list[str]:
    """What a person must know of the two sides, one line each."""
    found = []
    former = run_git(root, "show", f"{revision.commit}:./{_LOCK}")
    current = root / _LOCK
    if former.returncode == 0 and current.is_file() and former.stdout != current.read_bytes():
        found.append(f"{_LOCK} differs: the older program runs with the dependencies that are installed now")
    changed = run_git(root, "status", "--porcelain", "--untracked-files=all").stdout.splitlines()
    if changed:
        which = f"{len(changed)} file{'s' if len(changed) > 1 else ''}"
        found.append(f"{which} not committed yet: they are part of what comes")
    return found


@dataclass(frozen=True, slots=True)
class Side:
    """What declares a stack: a project's folder, and how messages name it."""

    root: Path
    origin: str
    stack: str


class Declaration:
    """One side that declares itself in a process of its own."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from operations.main import main; main()",
                *("rehearse", side.stack, "--declare-only", "--json"),
            ],
            cwd=side.root,
            env={
                **os.environ,
                "PYTHONPATH": str(_code_of(side.root)),
                "PYTHONDONTWRITEBYTECODE": "1",
                "COLUMNS": UNBROKEN,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )

    def body(self) -> Mapping[str, Any]:
        """What it declared, as JSON. Raises InputError when its program fails."""
        printed, errors = self._process.communicate()
        what = f"{self._side.origin}: {self._side.stack} cannot be declared"
        if self._process.returncode not in (0, _CHECKS_FAILED) or not printed:  # what is refused prints no result
            reasons = errors_in(errors.decode(errors="replace").splitlines()) or ["it said nothing"]
            raise InputError(*(f"{what}: {reason}" for reason in reasons))
        try:
            body: dict[str, Any] = json.loads(printed)
        except ValueError as error:
            raise InputError(f"{what}: its rehearsal printed no JSON ({error})") from error
        return body

    def end(self) -> None:
        """End it, whatever it does."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


def _code_of(root: Path) -> Path:
    """Where a project's code lies: its own folder, or for bootstrap's the one above."""
    return root if (root / "operations").is_dir() or not (root.parent / "operations").is_dir() else root.parent


@contextmanager
def declaring(sides: Sequence[Side]) -> Iterator[list[Declaration]]:
    """Every side on its way at once; none goes on afterwards."""
    started: list[Declaration] = []
    try:
        for side in sides:
            started.append(Declaration(side))  # noqa: PERF401  one that fails must leave the others to be ended
        yield started
    finally:
        for one in started:
            one.end()
