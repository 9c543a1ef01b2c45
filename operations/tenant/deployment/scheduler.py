"""Running one operation for many names, several at once: each ends in one recorded outcome, whatever happens.

It knows nothing of stacks. The operation runs in a thread; recording happens in the caller's thread alone.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final, Literal

from operations.ending import INTERRUPTED
from project.terminal import UNBROKEN, errors_in

SiloState = Literal["waiting", "running", "done", "failed", "interrupted"]

ASKS: Final = 3
"""How often a run is asked to stop, each time more firmly, before it is given up."""


@dataclass(frozen=True)
class SiloOutcome:
    """What became of one name; `cause` says why it did not go well."""

    state: SiloState
    cause: str = ""


class Stop:
    """How often a run has been asked to stop: once to end in good order, twice at once, three times to be killed."""

    def __init__(self) -> None:
        self.times = 0
        self._requested = threading.Event()

    def ask(self) -> None:
        """Once more."""
        self.times += 1
        self._requested.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is asked for the first time; False when that did not happen in time."""
        return self._requested.wait(seconds)


Operation = Callable[[str, Stop], SiloOutcome]
Record = Callable[[str, SiloOutcome], object]


@dataclass
class _Run:
    name: str
    deadline: float
    stop: Stop = field(default_factory=Stop)
    overdue: bool = False


class Scheduler:
    """Runs an operation for each name, `parallel` at a time, each at most `timeout_seconds`.

    A run that is overdue is asked to stop, `ASKS` times with `grace_seconds` between; one that still does not end is
    recorded as failed, its place is given to the next, and what it may return later counts no more.
    """

    def __init__(
        self, operation: Operation, record: Record, *, parallel: int, timeout_seconds: float, grace_seconds: float
    ) -> None:
        self._operation, self._record = operation, record
        self._parallel, self._timeout, self._grace = parallel, timeout_seconds, grace_seconds
        self._inbox: SimpleQueue[tuple[_Run, SiloOutcome] | None] = SimpleQueue()
        self.interrupted = False

    def interrupt(self) -> None:
        """Start nothing more and ask what runs to stop; may be called by a signal's handler, and more than once."""
        self._inbox.put(None)

    def run(self, names: Iterable[str]) -> dict[str, SiloOutcome]:
        """The outcome of each name, as recorded; `waiting` for what an interruption left out."""
        waiting, running = deque(names), list[_Run]()
        outcomes: dict[str, SiloOutcome] = {name: SiloOutcome("waiting") for name in waiting}
        while running or (waiting and not self.interrupted):
            while waiting and len(running) < self._parallel and not self.interrupted:
                running.append(self._start(waiting.popleft()))
            for run, outcome in self._ended(running):
                running.remove(run)
                outcomes[run.name] = outcome
                self._record(run.name, outcome)
        return outcomes

    def _start(self, name: str) -> _Run:
        run = _Run(name, time.monotonic() + self._timeout)
        self._record(name, SiloOutcome("running"))
        threading.Thread(target=self._work, args=(run,), name=name, daemon=True).start()
        return run

    def _work(self, run: _Run) -> None:
        try:
            outcome = self._operation(run.name, run.stop)
        except BaseException as error:  # nothing that an operation does may lose its name
            outcome = SiloOutcome("failed", f"{type(error).__name__}: {error}")
        self._inbox.put((run, outcome))

    def _ended(self, running: list[_Run]) -> list[tuple[_Run, SiloOutcome]]:
        """Wait for the next thing to happen; runs that ended by it, or were given up."""
        patience = min(run.deadline for run in running) - time.monotonic()
        try:
            message = self._inbox.get(timeout=max(patience, 0))
        except Empty:
            return [(run, self._given_up()) for run in running if self._is_past_help(run)]
        if message is None:
            self.interrupted = True
            for run in running:
                run.stop.ask()
            return []
        run, outcome = message
        return [(run, self._judged(run, outcome))] if run in running else []

    def _is_past_help(self, run: _Run) -> bool:
        """Press an overdue run once more; True when all that has been tried."""
        if time.monotonic() < run.deadline:
            return False
        if run.overdue and run.stop.times >= ASKS:
            return True
        run.overdue = True
        run.stop.ask()
        run.deadline = time.monotonic() + self._grace
        return False

    def _judged(self, run: _Run, outcome: SiloOutcome) -> SiloOutcome:
        if not run.overdue or outcome.state == "done":
            return outcome
        why = f": {outcome.cause}" if outcome.cause else ""
        return SiloOutcome("failed", f"took longer than {self._timeout:g} s and was stopped{why}")

    def _given_up(self) -> SiloOutcome:
        return SiloOutcome("failed", f"took longer than {self._timeout:g} s and does not stop; it may still run")


POLL_SECONDS: Final = 0.2
WORKBUOY: Final = (sys.executable, "-c", "from operations.main import main; main()")


def run_child(root: Path, command: Sequence[str], log: Path, stop: Stop, result: Path | None = None) -> SiloOutcome:
    """Run a command of `workbuoy`, its output into `log`; the outcome follows from its exit code and errors.

    What it prints on stdout goes into `result`, where that is named.

    In a process of its own, which ends alone. Its session is its own, so that Ctrl-C on the terminal reaches it once,
    by `stop`.
    """
    with log.open("ab") as output, result.open("wb") if result else nullcontext(output) as printed:
        process = subprocess.Popen(
            [*WORKBUOY, *command],
            cwd=root,
            env={**os.environ, "COLUMNS": UNBROKEN},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=output,
            start_new_session=True,
        )
        code = _ended(process, stop)
    if code == 0:
        return SiloOutcome("done")
    return SiloOutcome("interrupted" if code == INTERRUPTED else "failed", _cause(log, code))


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
    """The last errors that the command reported, as one line."""
    cause = "; ".join(errors_in(log.read_text(encoding="utf-8", errors="replace").splitlines())[-3:])
    return cause or (f"killed by signal {-code}" if code < 0 else f"exit code {code}")
