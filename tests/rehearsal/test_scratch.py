"""However a rehearsal ends, its folder and what it started are gone; what nobody could delete, the next one does."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from infra.problems import ProblemsError
from rehearsal.scratch import PREFIX, scratch, sweep
from tests.conftest import ROOT

pytestmark = pytest.mark.lengthy

# Starts, in the folder, a process in a session of its own, as Postgres is.
REHEARSAL = """
import subprocess, sys, time
from rehearsal.scratch import scratch
try:
    with scratch():
        child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], start_new_session=True, stdout=subprocess.PIPE)
        child.stdout.readline()
        print(child.pid, flush=True)
        time.sleep(300)
except KeyboardInterrupt:
    sys.exit(130)
"""

WAITS = "import time; print(flush=True); time.sleep(300)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"

linux = pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def begin(place: Path, child: str = WAITS) -> subprocess.Popen[str]:
    environment = {**os.environ, "TMPDIR": str(place), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", REHEARSAL, child], env=environment, stdout=subprocess.PIPE, text=True
    )


def child_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def becomes(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 300
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@linux
@pytest.mark.parametrize(
    "signals",
    [
        (signal.SIGINT,),
        (signal.SIGTERM,),
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGINT, signal.SIGTERM),
        (signal.SIGKILL,),
    ],
    ids=lambda several: "-".join(one.name for one in several),
)
def test_no_folder_and_no_process_is_left_after_signals(signals: tuple[signal.Signals, ...], place: Path) -> None:
    with begin(place) as process:
        child = child_of(process)
        for number in signals:
            process.send_signal(number)
            time.sleep(0.05)  # a second one while the first is being obeyed
        process.wait(300)
    assert becomes(lambda: ended(child))
    assert becomes(lambda: list(place.iterdir()) == [])


@linux
@pytest.mark.slow  # it is given ten seconds to obey
def test_a_process_that_does_not_obey_is_made_to_end(place: Path) -> None:
    with begin(place, STUBBORN) as process:
        child = child_of(process)
        process.kill()
    assert becomes(lambda: ended(child))
    assert becomes(lambda: list(place.iterdir()) == [])


@linux
@pytest.mark.parametrize("after_seconds", [0.0, 0.15, 0.3, 0.6])
def test_no_folder_is_left_by_a_kill_at_any_moment(after_seconds: float, place: Path) -> None:
    with begin(place) as process:
        time.sleep(after_seconds)
        process.send_signal(signal.SIGTERM)
        process.wait(300)
    assert becomes(lambda: list(place.iterdir()) == [])


@linux
def test_what_a_kill_of_everything_left_is_found_by_the_next_start(place: Path) -> None:
    with begin(place) as process:
        child = child_of(process)
        (janitor,) = [pid for pid in _below(process.pid) if "rehearsal.scratch" in _command(pid)]
        os.kill(janitor, signal.SIGKILL)
        process.kill()
    assert becomes(lambda: ended(janitor))
    (left,) = place.iterdir()
    with scratch() as folder:
        assert not left.exists()
        assert folder.exists()
    assert becomes(lambda: ended(child))
    assert list(place.iterdir()) == []


def _below(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def test_a_rehearsal_that_runs_is_left_alone(place: Path) -> None:
    with scratch() as folder:
        sweep(place)
        assert folder.is_dir()


def test_a_folder_that_is_just_being_made_is_left_alone(place: Path) -> None:
    young = place / f"{PREFIX}young"
    young.mkdir()
    sweep(place)
    assert young.is_dir()
    os.utime(young, (0, 0))
    sweep(place)
    assert not young.exists()


@pytest.mark.parametrize("moment", ["before it is locked", "once it is locked"])
def test_a_folder_whose_lock_is_just_being_taken_is_left_alone(
    moment: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock

    def locks(file: IO[str], how: int) -> None:
        if how == fcntl.LOCK_EX and moment.startswith("before"):
            sweep(place)
        lock(file, how)
        if how == fcntl.LOCK_EX and moment.startswith("once"):
            sweep(place)

    monkeypatch.setattr(fcntl, "flock", locks)
    with scratch() as folder:
        assert folder.is_dir()


def test_everything_temporary_is_made_inside(place: Path) -> None:
    with scratch() as folder:
        assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(folder)
        Path(tempfile.mkdtemp()).joinpath("file").write_text("x")
    assert os.environ["TMPDIR"] == str(place)
    assert list(place.iterdir()) == []


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files would be memory, beside a temporary folder that nobody named."""
    (tmp_path / "memory").mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: os.environ.get("TMPDIR", str(tmp_path / "temporary")))
    monkeypatch.setattr("rehearsal.scratch.MEMORY", tmp_path / "memory")
    monkeypatch.setattr("rehearsal.scratch.PLENTY_MB", 1)
    return tmp_path / "memory"


@linux
def test_where_memory_is_plenty_the_folder_is_made_there_and_removed(memory: Path) -> None:
    with scratch() as folder:
        assert folder.parent == memory
    assert list(memory.iterdir()) == []


@linux
@pytest.mark.parametrize("why", ["little is free", "programs may not run there", "there is none", "it is not wanted"])
def test_otherwise_the_temporary_folder_is_taken(why: str, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if why == "little is free":
        monkeypatch.setattr("rehearsal.scratch.PLENTY_MB", 10**12)
    elif why == "programs may not run there":
        found = list(os.statvfs(memory))
        found[8] |= os.ST_NOEXEC  # f_flag
        monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(found))
    elif why == "there is none":
        memory.rmdir()
    with scratch(in_memory=why != "it is not wanted") as folder:
        assert folder.parent == memory.parent / "temporary"


@linux
def test_a_temporary_folder_that_somebody_names_goes_before_memory(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(memory.parent / "temporary"))
    with scratch() as folder:
        assert folder.parent == memory.parent / "temporary"


@pytest.mark.usefixtures("place")
def test_a_full_disk_is_reported_before_anything_is_made(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 12_000_000))
    with pytest.raises(ProblemsError, match=r"12 MB are free in .*, and a rehearsal needs 300"), scratch():
        pass
    assert list(place.iterdir()) == []


def test_no_other_folder_is_named_so_that_a_sweep_would_take_it() -> None:
    sources = (ROOT / "rehearsal").rglob("*.py")
    named = [one.name for one in sources if f'prefix="{PREFIX}' in one.read_text(encoding="utf-8")]
    assert named == []
