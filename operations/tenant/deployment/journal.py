"""What became of each customer in a run over many: a file of JSON lines, one appended whole for each change."""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, get_args

from infra.problems import Problem, ProblemsError
from operations.tenant.deployment.scheduler import SiloOutcome, SiloState
from project.git import git_output

FOLDER: Final = ".workbuoy/deployments"


@dataclass(frozen=True, kw_only=True)
class RolloutPlan:
    """What a run is about: the code's version, the image, and the customers in their order."""

    version: str
    image: str
    tenants: tuple[str, ...]


@dataclass(frozen=True)
class Recorded:
    """A journal as it was read: the plan, and the latest outcome of each customer."""

    file: Path
    plan: RolloutPlan
    outcomes: Mapping[str, SiloOutcome]

    @property
    def left(self) -> tuple[str, ...]:
        """Customers who are not done, in the plan's order; what was running when the run was killed is one."""
        return tuple(name for name in self.plan.tenants if self.outcomes[name].state != "done")


class Journal:
    """A journal that is open for appending."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._handle = os.open(file, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o644)
        os.ftruncate(self._handle, _whole_length(file))

    def record(self, tenant: str, outcome: SiloOutcome) -> None:
        """Append one change; it is on the disk when this returns."""
        cause = {"cause": outcome.cause} if outcome.cause else {}
        self.append({"tenant": tenant, "state": outcome.state, **cause})

    def append(self, entry: Mapping[str, Any]) -> None:
        """Append one line."""
        line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **entry}, ensure_ascii=False)
        os.write(self._handle, f"{line}\n".encode())
        os.fsync(self._handle)

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)


def _whole_length(file: Path) -> int:
    """How far the file is made of whole lines: whoever was killed while writing left a torn one behind."""
    return file.read_bytes().rfind(b"\n") + 1


def begin(folder: Path, plan: RolloutPlan) -> Journal:
    """A journal for a new run; its name sorts by time."""
    folder.mkdir(parents=True, exist_ok=True)
    journal = Journal(folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(2)}.jsonl")
    journal.append({"version": plan.version, "image": plan.image, "tenants": list(plan.tenants)})
    return journal


def read(file: Path) -> Recorded | None:
    """A journal's plan and latest outcomes; None for one that was torn before its first line was whole.

    Raises ProblemsError for a line that is no record: nothing is guessed about what ran.
    """
    lines = file.read_bytes()[: _whole_length(file)].split(b"\n")[:-1]
    if not lines:
        return None
    try:
        head = json.loads(lines[0])
        plan = RolloutPlan(version=str(head["version"]), image=str(head["image"]), tenants=tuple(head["tenants"]))
    except (ValueError, KeyError, TypeError):
        raise _no_record(file, 1) from None
    outcomes = {name: SiloOutcome("waiting") for name in plan.tenants}
    for number, line in enumerate(lines[1:], start=2):
        name, outcome = _entry(line) or ("", None)
        if outcome is None or name not in outcomes:
            raise _no_record(file, number)
        outcomes[name] = outcome
    return Recorded(file, plan, outcomes)


def _entry(line: bytes) -> tuple[str, SiloOutcome] | None:
    try:
        entry = json.loads(line)
        name, state, cause = entry["tenant"], entry["state"], entry.get("cause", "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return (name, SiloOutcome(state, cause)) if isinstance(name, str) and state in get_args(SiloState) else None


def _no_record(file: Path, line: int) -> ProblemsError:
    message = "is no record of a deployment; move the file away, and everything is deployed anew"
    return ProblemsError([Problem(file=str(file), line=line, message=message)])


def latest(folder: Path, plan: RolloutPlan) -> Recorded | None:
    """The newest run of the same plan. Raises ProblemsError where the newest journal cannot be read."""
    for file in _newest_first(folder):
        recorded = read(file)
        if recorded is not None and recorded.plan == plan:
            return recorded
    return None


def _newest_first(folder: Path) -> Sequence[Path]:
    return sorted(folder.glob("*.jsonl"), reverse=True)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which ends with its holder. Raises ProblemsError where another holds it."""
    import fcntl  # not on Windows, where nothing else of this command is needed either

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = "another `workbuoy tenant deploy --all` runs in this project; wait for it"
            raise ProblemsError([Problem(message=message)]) from None
        yield


UNKNOWN: Final = "unknown"


def version_of(root: Path, besides: Sequence[str] = ()) -> str:
    """The commit, with a digest of uncommitted changes where there are any; UNKNOWN without git.

    Args:
        root: the project's folder.
        besides: files, as names in `root`, that do not count: a first deployment writes into a silo's stack file.
    """
    try:
        commit = git_output(root, "rev-parse", "--verify", "--quiet", "HEAD")
    except ProblemsError:
        return UNKNOWN
    if commit is None:
        return UNKNOWN
    leave_out = [f":(exclude,literal){name}" for name in besides]
    changed = git_output(root, "diff", "HEAD", "--relative", "--binary", "--", ".", *leave_out)
    new = git_output(root, "ls-files", "--others", "--exclude-standard", "-z", "--", ".", *leave_out)
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
