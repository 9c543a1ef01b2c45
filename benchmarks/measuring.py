"""What work of this process takes, and what a process of its own does."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click


@dataclass(frozen=True)
class Measurement:
    """One process: wall seconds, CPU seconds, peak memory in MB."""

    wall: float
    cpu: float
    peak: float


def measure(command: list[str], folder: Path) -> Measurement:
    """Run a command to its end in a folder; a failure of it ends the benchmark."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        if process.returncode not in (0, 3):  # a check that fails takes as long as one that passes
            errors.seek(0)
            raise click.ClickException(f"{' '.join(command[1:4])} failed: {errors.read().decode()[-600:]}")
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024  # ru_maxrss is bytes on macOS, KiB elsewhere
    return Measurement(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale)


def median_seconds(work: Callable[[], object], rounds: int) -> float:
    """Wall seconds of some work, the median of the rounds after one that is not counted."""
    taken = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:])


def median(runs: list[Measurement]) -> Measurement:
    """Each figure's own."""
    return Measurement(
        statistics.median(run.wall for run in runs),
        statistics.median(run.cpu for run in runs),
        statistics.median(run.peak for run in runs),
    )
