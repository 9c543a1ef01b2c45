"""Temporary folders that go with the process that made them, or else with the next command that makes one."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PREFIX: Final = "workbuoy-of-"


@contextmanager
def own_folder(purpose: str) -> Iterator[Path]:
    """A folder that this user alone reads, until the end of the block; those of killed processes go when it begins."""
    _remove_left_behind(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=prefix_of(os.getpid(), purpose)) as folder:
        yield Path(folder)


def prefix_of(process: int, purpose: str) -> str:
    """How the names of a process's folders begin."""
    return f"{_PREFIX}{process}-{purpose}-"


def _remove_left_behind(place: Path) -> None:
    for folder in place.glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdecimal() and not is_running(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def is_running(process: int) -> bool:
    """Whether a process of this machine lives, as far as one can know."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return not _is_zombie(process)


def _is_zombie(process: int) -> bool:
    """Whether it ended and nobody has fetched its exit code, as init does for an orphan in its own time (Linux)."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[:1] == ["Z"]
