"""What the program declares, made once in a run of the tests for the same files, whichever worker asks for it first."""

import fcntl
import hashlib
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

from graph import Graph
from infra.placeholders import IMAGE_VARIABLE
from project.files import Project, read_config
from project.silos import base_of, tenant_of
from rehearsal.as_graph import graph_of
from rehearsal.cloud import Moto
from rehearsal.result import Rehearsal
from rehearsal.run import Options, Quiet, rehearse

DECLARE = Options(declare_only=True)


class Kept:
    """Results by name: in this process, and in a folder that the workers of a run share, where there is one."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self._here: dict[str, bytes] = {}

    def result(self, name: str, make: Callable[[], Rehearsal]) -> Rehearsal:
        """A result that is the caller's own to change; who asks while another worker makes it waits for it."""
        if name not in self._here:
            self._here[name] = self._shared(name, make)
        found = pickle.loads(self._here[name])  # noqa: S301 it is our own
        assert isinstance(found, Rehearsal)
        return found

    def _shared(self, name: str, make: Callable[[], Rehearsal]) -> bytes:
        if self.folder is None:
            return pickle.dumps(make())
        self.folder.mkdir(exist_ok=True)
        file = self.folder / name
        with file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                made = file.with_suffix(f".{os.getpid()}")
                made.write_bytes(pickle.dumps(make()))
                made.replace(file)
            return file.read_bytes()


KEPT = Kept()


def declared_once(project: Project, stack: str, options: Options | None = None, moto: Moto | None = None) -> Rehearsal:
    """`rehearse`; what only declares is the same for the same files, and is made once.

    Not for a test that changes the program itself: nobody would see the change.
    """
    options = options or Options()
    shows_progress = not isinstance(options.progress, Quiet)
    if shows_progress or moto is not None or options.stood is not None or not options.declare_only:
        return rehearse(project, stack, options, moto)
    return KEPT.result(name_of(project, stack, options), lambda: rehearse(project, stack, options))


def declared_with_base(project: Project, stack: str) -> Rehearsal:
    """`rehearse_with_base` of what only declares."""
    base = base_of(project, stack)
    references = {base: declared_once(project, base, DECLARE).exports} if base else {}
    return declared_once(project, stack, Options(declare_only=True, references=references))


def graph_with_base(project: Project, stack: str) -> Graph:
    """The same as a graph, which the review and the facts read."""
    return graph_of(declared_with_base(project, stack))


def name_of(project: Project, stack: str, options: Options) -> str:
    """A sum over all that the program reads. Where it lies in its project's folder, each resource tells its line."""
    whole = project.main.is_relative_to(project.root)
    place = (project.name, str(project.main), str(project.root) if whole else "", stack)
    inputs = [*place, os.environ.get(IMAGE_VARIABLE), options.references]
    seen = hashlib.sha256(json.dumps(inputs, sort_keys=True, default=repr).encode())
    silo = tenant_of(project, read_config(project, stack)) is not None
    for file in sorted(project.root.glob("Pulumi*.yaml")):
        seen.update(_of(file, file.read_bytes(), project.root))
    for file in sorted(project.root.glob("tenants/**/*.yaml")):
        content = file.read_bytes()  # a base stack's program reads who moves, and of the others the name
        seen.update(_of(file, content if silo or b"\nmove:" in content else b"", project.root))
    return seen.hexdigest()


def _of(file: Path, content: bytes, root: Path) -> bytes:
    return b"".join((str(file.relative_to(root)).encode(), b"\0", hashlib.sha256(content).digest()))
