"""One customer's deployment as a process of its own: the Automation API keeps global state (pulumi/pulumi#6052)."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from operations.ending import INTERRUPTED
from operations.tenant.deployment.scheduler import Outcome, Stop

POLL_SECONDS: Final = 0.2
WORKBUOY: Final = (sys.executable, "-c", "from operations.main import main; main()")


def run_child(root: Path, command: Sequence[str], log: Path, stop: Stop) -> Outcome:
    """Run a command of `workbuoy`, its output into `log`; the outcome follows from its exit code and errors.

    Its session is its own, so that Ctrl-C on the terminal reaches it once, by `stop`.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*WORKBUOY, *command],
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        code = _ended(process, stop)
    if code == 0:
        return Outcome("done")
    return Outcome("interrupted" if code == INTERRUPTED else "failed", _cause(log, code))


def _ended(process: "subprocess.Popen[bytes]", stop: Stop) -> int:
    obeyed = 0
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(POLL_SECONDS)
        if stop.times > obeyed:
            obeyed += 1
            with contextlib.suppress(ProcessLookupError):
                if obeyed < 3:
                    process.send_signal(signal.SIGINT)  # the first cancels the engine, the second ends it at once
                else:
                    os.killpg(process.pid, signal.SIGKILL)


def _cause(log: Path, code: int) -> str:
    """The last errors that the command told, as one line."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    told = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    said = "; ".join(dict.fromkeys(told[-3:])) or next((line for line in reversed(lines) if line.strip()), "")
    return said or (f"killed by signal {-code}" if code < 0 else f"exit code {code}")
