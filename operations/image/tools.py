"""Other programs, run so that nothing of them outlives us: no process, mount or folder."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from project.interrupts import interruptible
from rehearsal.image.archive import ImageError
from rehearsal.scratch import end_started_in

IMPOSSIBLE = 4
GRACE_SECONDS = 10


def require(programs: Mapping[str, str], purpose: str) -> None:
    """`programs` are named with the Debian package that holds each. Raises ImageError (code 4) naming packages."""
    if missing := sorted({package for program, package in programs.items() if shutil.which(program) is None}):
        raise ImageError(f"{purpose} needs {' and '.join(missing)}: apt-get install {' '.join(missing)}", IMPOSSIBLE)


@contextmanager
def workshop() -> Iterator[Path]:
    """A temporary folder that is gone afterwards, whatever runs, was mounted or is still written in it.

    SIGTERM ends the block as Ctrl-C does: a login may lie in it.
    """
    with interruptible(signal.SIGTERM):
        folder = Path(tempfile.mkdtemp(prefix="workbuoy-build-"))
        try:
            yield folder
        finally:
            end_started_in(folder)  # a tool that was just being started as Ctrl-C came
            for mount in _mounts_under(folder):
                subprocess.run(["umount", "--lazy", mount], capture_output=True, check=False)
            shutil.rmtree(folder, ignore_errors=True)


def run(command: Sequence[str], folder: Path, doing: str) -> str:
    """Run one program, its temporary files in `folder`; gives back what it printed.

    Raises ImageError with the last lines that it wrote where it fails.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, "TMPDIR": str(folder), "LC_ALL": "C.UTF-8"},
        start_new_session=True,  # Ctrl-C is for us; we then end it with all that it started
    )
    try:
        printed, complaints = process.communicate()
    except BaseException:
        _end(process)
        raise
    if process.returncode:
        last = [line for line in (complaints or printed).splitlines() if line.strip()][-3:]
        raise ImageError(f"{doing} failed: {' | '.join(last) or f'exit {process.returncode}'}", IMPOSSIBLE)
    return printed


def _end(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):  # it ended meanwhile
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=GRACE_SECONDS)
            return


def _mounts_under(folder: Path) -> list[str]:
    """Innermost first."""
    mounts = Path("/proc/self/mountinfo")
    if not mounts.exists():  # not Linux, so not buildah
        return []
    points = [line.split()[4] for line in mounts.read_text().splitlines()]
    return sorted((point for point in points if Path(point).is_relative_to(folder)), reverse=True)
