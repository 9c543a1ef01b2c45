"""A temporary folder goes with its process, or with the next command."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from project.own_folder import is_running, own_folder

HOLD = (
    "from project.own_folder import own_folder\nwith own_folder('plan') as folder: print(folder, flush=True); input()"
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def begin() -> tuple["subprocess.Popen[str]", Path]:
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_it_is_for_this_user_alone_and_goes_at_the_end(place: Path) -> None:
    with own_folder("plan") as folder:
        assert (folder.parent, folder.stat().st_mode & 0o777) == (place, 0o700)
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_goes_with_the_next_one_and_what_another_one_uses_stays(place: Path) -> None:
    killed, left = begin()
    living, kept = begin()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert left.is_dir()
    with own_folder("events") as folder:
        assert set(place.iterdir()) == {kept, folder}
    living.communicate("\n")
    assert list(place.iterdir()) == []


def test_a_process_that_ended_does_not_run_though_nobody_waited_for_it() -> None:
    assert is_running(os.getpid())
    process, _ = begin()
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not is_running(process.pid)
    process.communicate()
    assert not is_running(process.pid)
