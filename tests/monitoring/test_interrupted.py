"""A Prometheus that scrapes the rehearsal's service is gone, with its port and folder, however it is ended."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.leftovers import nothing_left, open_to_others, runs, sockets_of
from tests.rehearsal.service.test_surroundings import installed

pytestmark = [
    installed,
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc"),
    pytest.mark.skipif(
        shutil.which("prometheus") is None, reason="prometheus is not installed: apt-get install prometheus"
    ),
]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    with open_to_others(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("what", "moment", "number"),
    [
        ("stand-in", "begins", signal.SIGINT),
        ("stand-in", "begins", signal.SIGTERM),
        ("stand-in", "scrapes", signal.SIGINT),
        ("stand-in", "scrapes", signal.SIGKILL),
        ("service", "scrapes", signal.SIGTERM),
    ],
)
def test_scraping_that_is_interrupted_leaves_nothing(
    what: str, moment: str, number: signal.Signals, place: Path
) -> None:
    command = [sys.executable, "-m", "tests.monitoring.scraped", what]
    environment = {**os.environ, "TMPDIR": str(place)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while (line := process.stdout.readline()) and line.strip() != moment:
        pass
    assert line.strip() == moment
    sockets = sockets_of(place)
    if moment == "scrapes":
        assert runs(place, "prometheus", "--config.file")
        assert sockets
    process.send_signal(number)
    assert process.wait(300) == (-number if number == signal.SIGKILL else 130)
    assert nothing_left(place, sockets) == []
