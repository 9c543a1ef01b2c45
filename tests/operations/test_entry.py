"""`workbuoy` from its first import to its last byte: one line, never a traceback."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import PROJECT

pytestmark = pytest.mark.slow  # each starts the command as a process

WORKBUOY = str(Path(sys.executable).parent / "workbuoy")


@pytest.mark.parametrize("after_seconds", [0.25, 0.5, 1.0])
def test_ctrl_c_in_the_first_second_is_one_line(after_seconds: float) -> None:
    command = [sys.executable, "-c", "from operations.entry import run; print(flush=True); run()", "rehearse", "prod"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # from here on it is ours to end
        time.sleep(after_seconds)
        os.kill(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert "interrupted" in told.splitlines()[-1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
@pytest.mark.parametrize("arguments", [["--help"], ["cost", "dev"], ["cost", "dev", "--json"]])
def test_an_output_that_is_full_is_one_line(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [WORKBUOY, *arguments], cwd=PROJECT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 4
    assert done.stderr == "error: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("arguments", ["cost dev", "policies matrix prod"])
def test_a_reader_that_has_seen_enough_is_no_error_and_no_verdict(arguments: str) -> None:
    line = f"'{WORKBUOY}' {arguments} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("mkdir gone; cd gone; rmdir ../gone; {0} cost dev", 1, "the current folder is gone; change to another one"),
        ("{0} cost dev >&-", 4, "cannot write the output: it is closed"),
    ],
)
def test_where_nothing_can_begin_one_line_says_why(line: str, code: int, told: str, tmp_path: Path) -> None:
    # Not by the script: from a path with a space a shell starts it, which has a line of its own to say.
    command = f"'{sys.executable}' -c 'from operations.entry import run; run()'"
    done = subprocess.run(
        ["bash", "-c", line.format(command)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (code, f"error: {told}\n")


def test_the_version_is_the_packages() -> None:
    from importlib.metadata import version

    done = subprocess.run([WORKBUOY, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"workbuoy {version('workbuoy-infrastructure')}\n"


def test_every_summary_is_whole_and_fits_80_columns() -> None:
    done = subprocess.run([WORKBUOY, "--help"], capture_output=True, text=True, check=True)
    assert "..." not in done.stdout.partition("A stack:")[2]
    assert max(map(len, done.stdout.splitlines())) <= 80
