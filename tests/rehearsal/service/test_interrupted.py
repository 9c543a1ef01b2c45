"""A rehearsal that is interrupted, at whatever moment, leaves no process, no port and no folder."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.leftovers import becomes, nothing_left, open_to_others, runs, sockets_of
from tests.rehearsal.service.test_surroundings import installed

pytestmark = [
    installed,
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc"),
]
Moment = Callable[[Path], bool]


def anything_runs(place: Path) -> bool:
    return runs(place, "(embedded_postgr)")


def migrate_runs(place: Path) -> bool:
    return runs(place, "devtools.forks", "(migrate)")


def service_is_watched(place: Path) -> bool:
    """It serves, and its metrics are looked at."""
    return runs(place, "devtools.forks", "(serve)") and len(sockets_of(place)) >= 5


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    with open_to_others(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        (anything_runs, signal.SIGINT),
        (migrate_runs, signal.SIGTERM),
        (service_is_watched, signal.SIGINT),
        (service_is_watched, signal.SIGTERM),
    ],
)
def test_a_rehearsal_that_is_interrupted_leaves_nothing(moment: Moment, number: signal.Signals, place: Path) -> None:
    command = [str(Path(sys.executable).parent / "workbuoy"), "rehearse", "dev"]
    environment = {**os.environ, "TMPDIR": str(place)}
    process = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert becomes(lambda: moment(place) or process.poll() is not None)
    assert process.poll() is None
    sockets = sockets_of(place)
    os.kill(process.pid, number)
    _, told = process.communicate(timeout=300)
    assert process.returncode == 130, told
    assert told.strip().splitlines()[-1] == "error: interrupted; nothing is left behind"
    assert "Traceback" not in told
    assert nothing_left(place, sockets) == []
