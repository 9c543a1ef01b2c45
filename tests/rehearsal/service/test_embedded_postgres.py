"""The embedded Postgres of the service leaves no folder and no process, however whoever started it is ended."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rehearsal.service.processes import Process
from rehearsal.service.standing import Standing
from tests.rehearsal.service.test_surroundings import installed

PATIENCE_SECONDS = 3  # a hang is the failure, not a busy machine

pytestmark = [installed, pytest.mark.slow]


Begin = Callable[[], Process]


@pytest.fixture
def begin(standing: Standing, place: Path) -> Iterator[Begin]:
    """As a rehearsal begins it: a fork of a process that has imported what it needs. None outlives the test."""
    begun: list[Process] = []

    def one() -> Process:
        environment = {**os.environ, "TMPDIR": str(place)}
        begun.append(standing.programs.begin_devtool("embedded_postgres", environment=environment))
        return begun[-1]

    yield one
    for process in begun:
        process.stop()


def serves(process: Process) -> bool:
    return becomes(lambda: bool(process.lines)) and "superuser" in process.lines[0]


def running_in(place: Path) -> list[int]:
    """Processes that work in the folder or name it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(place).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def becomes(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_clean(place: Path) -> bool:
    return not list(place.iterdir()) and not running_in(place)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Where temporary folders are made; another user's server must be able to enter it."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):  # noqa: S108 where pytest makes its own
            folder.chmod(0o755)
    yield tmp_path
    for pid in running_in(tmp_path):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("after_seconds", [0.0, 0.02, 0.1, 0.3])
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_second_signal_while_it_cleans_up_leaves_nothing(
    begin: Begin, place: Path, after_seconds: float, second: signal.Signals
) -> None:
    process = begin()
    assert serves(process)
    process.send_signal(signal.SIGTERM)
    time.sleep(after_seconds)
    process.send_signal(second)
    process.wait(PATIENCE_SECONDS)
    assert becomes(lambda: is_clean(place)), (list(place.iterdir()), running_in(place))


@pytest.mark.parametrize("after_seconds", [0.05, 0.2, 0.4, 0.8])
def test_a_signal_while_it_starts_leaves_nothing(begin: Begin, place: Path, after_seconds: float) -> None:
    process = begin()
    time.sleep(after_seconds)
    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE_SECONDS)
    assert becomes(lambda: is_clean(place)), (list(place.iterdir()), running_in(place))


def test_what_was_killed_together_with_its_janitor_the_next_start_removes(begin: Begin, place: Path) -> None:
    first = begin()
    assert serves(first)
    for pid in running_in(place):  # the janitor before it can see the end
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    first.send_signal(signal.SIGKILL)
    first.wait(PATIENCE_SECONDS)
    (left,) = place.iterdir()
    second = begin()
    assert serves(second)
    assert not left.exists()
    assert len(list(place.iterdir())) == 1, "the running one's own folder stays"
    second.send_signal(signal.SIGTERM)
    second.wait(PATIENCE_SECONDS)
    assert becomes(lambda: is_clean(place))


def test_a_folder_that_an_earlier_end_left_without_its_lock_goes_with_the_next_start(begin: Begin, place: Path) -> None:
    left, young = (place / f"workbuoy-postgres-{name}" for name in ("left", "young"))
    for folder in (left, young):
        (folder / "data/base").mkdir(parents=True)
    os.utime(left, (time.time() - 3600,) * 2)
    second = begin()
    assert serves(second)
    assert not left.exists()
    assert young.exists(), "somebody may just be making it"
    second.send_signal(signal.SIGTERM)
    second.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize("after_seconds", [0.1, 0.3, 0.6])
def test_a_kill_in_the_middle_of_making_it_leaves_nothing(begin: Begin, place: Path, after_seconds: float) -> None:
    process = begin()
    time.sleep(after_seconds)
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE_SECONDS)
    assert becomes(lambda: is_clean(place)), (list(place.iterdir()), running_in(place))
