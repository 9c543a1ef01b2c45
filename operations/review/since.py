"""The review of a change without an account or an engine: what the program asked for at a revision, and now."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from facts.difference import difference
from graph import Graph
from graph.errors import InputError
from graph.plan import Plan, PolicyResult
from graph.rehearsed import graph_of_json
from infra.stack_files import settings_in
from operations.ending import Tell
from policies.retiring import with_retirement
from policies.runner import check
from project.files import Project, read_config
from project.silos import residency_of, retiring_on

_PREFIX: Final = "workbuoy-since-"
_LOCK: Final = "requirements.lock"
_CHECKS_FAILED: Final = 3  # a rehearsal that refuses something has declared all the same


def plan_since(project: Project, stack: str, revision: str, tell: Tell) -> Plan:
    """The plan that leads from what the project's own files at a revision declare to what the working tree declares.

    Raises InputError for a revision that git does not know or whose program fails, and ProblemsError for a stack
    that the project has not.
    """
    read_config(project, stack)  # an unknown stack is a mistake of its own, before anything is taken out of git
    commit = _commit(project.root, revision)
    with _at(project.root, commit) as former:
        _name_other_dependencies(project.root, commit, tell)
        now = (project.root, "the working tree")
        if (former / f"Pulumi.{stack}.yaml").is_file():
            before, after = _declared([(former, revision), now], stack)
        else:
            tell(f"{revision} has no stack {stack}: everything in it is new")
            (after,) = _declared([now], stack)
            before = Graph((), stack=stack)
    return Plan(
        stack=stack,
        steps=difference(before, after),
        config=_config(project, stack),
        policies=tuple(_judged(project, stack, after)),
        whole=True,
        offline=True,
        source=f"{revision} ({commit[:9]}) and the working tree",
    )


def _commit(root: Path, revision: str) -> str:
    done = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if done.returncode == 0:
        return done.stdout.decode().strip()
    if _git(root, "rev-parse", "--is-inside-work-tree").returncode != 0:
        raise InputError(f"{root}: is not in a git repository, so it has no revision to compare with")
    shallow = _git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
    cure = "this clone is shallow: fetch it whole (git fetch --unshallow)" if shallow else "fetch it, or name another"
    raise InputError(f"{revision}: git knows no such commit here; {cure}")


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise InputError("git is not on PATH; install it") from None


@contextmanager
def _at(root: Path, commit: str) -> Iterator[Path]:
    """The project's files at a commit, in a folder that goes afterwards.

    An archive and no worktree of git's: nothing is noted in the repository that an end by force could leave there.
    """
    _remove_left_behind()
    inside = _git(root, "rev-parse", "--show-prefix").stdout.decode().strip()
    done = _git(root, "archive", "--format=zip", commit, *([inside] if inside else []))
    if done.returncode != 0:
        raise InputError(f"git cannot read {commit}: {done.stderr.decode(errors='replace').strip()}")
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-") as folder:
        with zipfile.ZipFile(BytesIO(done.stdout)) as archive:
            archive.extractall(folder)
        yield Path(folder) / inside


def _remove_left_behind() -> None:
    """Folders of reviews that were ended by force."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdecimal() and not _runs(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _name_other_dependencies(root: Path, commit: str, tell: Tell) -> None:
    former = _git(root, "show", f"{commit}:./{_LOCK}")
    current = root / _LOCK
    if former.returncode == 0 and current.is_file() and former.stdout != current.read_bytes():
        tell(f"{_LOCK} differs: the older program runs with the dependencies that are installed now")


def _declared(sides: Sequence[tuple[Path, str]], stack: str) -> list[Graph]:
    """What each side declares, each by its own code in a process of its own, side by side."""
    running = [(_started(root, stack), origin) for root, origin in sides]
    try:
        return [_read(process, origin, stack) for process, origin in running]
    finally:
        for process, _ in running:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


def _started(root: Path, stack: str) -> subprocess.Popen[bytes]:
    command = "from operations.main import main; main()"
    arguments = ["rehearse", stack, "--declare-only", "--json"]
    return subprocess.Popen(
        [sys.executable, "-c", command, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )


def _read(process: "subprocess.Popen[bytes]", origin: str, stack: str) -> Graph:
    printed, errors = process.communicate()
    if process.returncode not in (0, _CHECKS_FAILED):
        lines = [line for line in errors.decode(errors="replace").splitlines() if line.strip()]
        raise InputError(f"{origin}: {stack} cannot be declared: {lines[-1] if lines else 'it said nothing'}")
    try:
        body: dict[str, Any] = json.loads(printed)
    except ValueError as error:
        raise InputError(f"{origin}: {stack} cannot be declared: its rehearsal printed no JSON ({error})") from error
    return graph_of_json(body, origin)


def _config(project: Project, stack: str) -> dict[str, str]:
    """The settings as a recording holds them; a customer's stack has the residency of its record."""
    settings = dict(settings_in(project.stack_file(stack)) or {})
    settings.setdefault("residency", list(residency_of(project, stack)))
    return {"workbuoy:settings": json.dumps(settings, default=str)}


def _judged(project: Project, stack: str, after: Graph) -> Iterator[PolicyResult]:
    """What the pack says of what comes, as the engine's events would carry it."""
    settings = with_retirement({}, retiring=retiring_on(project, stack) is not None)
    report = check(after.resources, stack, settings, allowed_regions=residency_of(project, stack))
    for found in (*report.having("fail"), *report.having("not evaluated")):
        yield PolicyResult(
            policy=found.control,
            level=found.level,
            urn=found.urn,
            message=found.message,
            not_evaluated=found.status == "not evaluated",
        )
