"""One folder for everything temporary of a rehearsal, emptied however the rehearsal ends.

A second process, the janitor, waits for this one to end and then ends what is left of it and deletes the folder: after
a normal run, after any signal at any moment, and after `kill -9`. What outlives even the janitor is found by the next
rehearsal, since nobody holds the folder's lock any more.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from infra.problems import Problem, ProblemsError
from project.interrupts import interruptible

PREFIX: Final = "workbuoy-rehearsal-"
"""Of these folders alone: a sweep takes one without a lock for abandoned."""
NEEDED_MB: Final = 300
"""Room in the temporary folder. Measured: 48 MB for a stack, 188 MB for prod with its customers (du, at the highest);
and Postgres's binaries, 41 MB, where it runs as another user who cannot enter the virtual environment."""
MEMORY: Final = Path("/dev/shm")  # noqa: S108 folders in it are made by mkdtemp
"""Where Linux keeps files in memory. Postgres's folder has a thousand of them, small and short-lived."""
PLENTY_MB: Final = 2_000
"""Free there before it is used: a container has 64 MB, and of 4 GB of memory half are needed elsewhere."""
GRACE_SECONDS: Final = 10
_YOUNG_SECONDS: Final = 60  # a folder without a lock yet is just being made
_LOCK: Final = "lock"


@contextmanager
def scratch(*, in_memory: bool = True) -> Iterator[Path]:
    """A folder in which this process and those that it starts put what is temporary, as TMPDIR says.

    It is made where TMPDIR said before, or else in memory, where that is wanted and there is plenty.

    SIGTERM ends the block as Ctrl-C does; a second signal ends the process at once, and the janitor goes on.

    Raises ProblemsError where there is no room.
    """
    temporary = Path(tempfile.gettempdir())
    place = MEMORY if in_memory and "TMPDIR" not in os.environ and _has_plenty(MEMORY) else temporary
    for one in {temporary, place}:
        sweep(one)
    _require_room(place)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    janitor: subprocess.Popen[bytes] | None = None
    before = os.environ.get("TMPDIR")
    try:
        taken = folder / f"{_LOCK}-taken"
        with taken.open("w") as lock, interruptible(signal.SIGINT, signal.SIGTERM):
            fcntl.flock(lock, fcntl.LOCK_EX)
            taken.rename(folder / _LOCK)  # held before a sweep finds it, which takes a free one for abandoned
            janitor = _hire(folder, lock.fileno())
            folder.chmod(0o711)  # where we are root, Postgres runs as another user and has to reach its own folder
            _use(str(folder))
            yield folder
    finally:
        _use(before)
        if janitor is None:
            clean(folder)
        else:
            janitor.communicate()


def _hire(folder: Path, lock: int) -> "subprocess.Popen[bytes]":
    """The janitor. It shares the lock, which is let go of when both have ended, and no signal for us reaches it."""
    return subprocess.Popen(
        [sys.executable, "-m", __name__, str(folder)],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(lock,),
        start_new_session=True,
    )


def _use(folder: str | None) -> None:
    if folder is None:
        os.environ.pop("TMPDIR", None)
    else:
        os.environ["TMPDIR"] = folder
    tempfile.tempdir = None  # it is looked up again


def _has_plenty(memory: Path) -> bool:
    """Whether it is there, may run programs (Postgres's own are copied at times) and has room for many rehearsals."""
    if not os.access(memory, os.W_OK | os.X_OK) or os.statvfs(memory).f_flag & os.ST_NOEXEC:
        return False
    return shutil.disk_usage(memory).free >= PLENTY_MB * 1_000_000


def _require_room(place: Path) -> None:
    free = shutil.disk_usage(place).free // 1_000_000
    if free < NEEDED_MB:
        message = f"{free} MB are free in {place}, and a rehearsal needs {NEEDED_MB}: make room, or set TMPDIR"
        raise ProblemsError([Problem(message=message)])


def sweep(place: Path) -> None:
    """Delete what rehearsals left that were killed together with their janitor, and end what still runs of them."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody else's, or just gone
            if folder.stat().st_uid == os.geteuid() and _abandoned(folder):
                clean(folder)


def _abandoned(folder: Path) -> bool:
    lock = folder / _LOCK
    if not lock.exists():
        return time.time() - folder.stat().st_mtime > _YOUNG_SECONDS
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def clean(folder: Path) -> None:
    """End every process that was started with this folder as its TMPDIR, then delete it."""
    end_started_in(folder)
    shutil.rmtree(folder, ignore_errors=True)


def end_started_in(folder: Path) -> None:
    """End every process that was started with this folder as its TMPDIR, but this one."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in _started_in(folder):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        deadline = time.monotonic() + GRACE_SECONDS
        while _started_in(folder) and time.monotonic() < deadline:
            time.sleep(0.02)


def _started_in(folder: Path) -> list[int]:
    """Processes with this TMPDIR, but for this one. Where there is no /proc (macOS) none is found."""
    wanted, found = f"TMPDIR={folder}".encode(), []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            pid = int(entry.parent.name)
            if pid != os.getpid() and wanted in entry.read_bytes().split(b"\0"):
                found.append(pid)
    return found


def _wait_and_clean(folder: Path) -> None:
    """The janitor: standard input ends when whoever started it has."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.read()
    clean(folder)


if __name__ == "__main__":
    _wait_and_clean(Path(sys.argv[1]))
