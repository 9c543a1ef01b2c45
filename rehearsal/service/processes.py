"""Programs of the service's own environment, started and always ended."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import IO, Protocol

STOP_TIMEOUT_SECONDS = 15
NOT_INSTALLED = "the service is not installed: run `make rehearse` once, or use --no-service"


class NotToBeHadError(Exception):
    """Something that the service's rehearsal needs is not here; says in one line what to do."""


def python_of(app: Path) -> str:
    """The interpreter of the service's own environment."""
    return str(app / ".venv" / "bin" / "python")


class Programs(Protocol):
    """How to run the service's commands: from its virtual environment, or from its image."""

    def begin(self, arguments: Sequence[str], environment: Mapping[str, str]) -> "Process":
        """`workbuoy-app` with these arguments; whoever begins it ends it. Raises NotToBeHadError."""


class Handle(Protocol):
    """What is needed of a child, as `subprocess.Popen` has it."""

    stdout: IO[str] | None

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...


class Process:
    """A running program whose lines are kept. Standard error goes the same way."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], *, pass_fds: Sequence[int] = ()) -> None:
        kept = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "TMPDIR": gettempdir()}
        self._process = self._open(list(command), {**kept, **environment}, pass_fds)
        self.lines: list[str] = []
        self._asked = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _open(self, command: list[str], environment: dict[str, str], pass_fds: Sequence[int]) -> Handle:
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=pass_fds,
            start_new_session=True,  # Ctrl-C is for us; we then stop it
        )

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  it is a pipe
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def ended(self) -> bool:
        """Whether it has stopped by itself."""
        return self._process.poll() is not None

    def wait(self, timeout_seconds: float) -> int:
        """Its exit status. Raises TimeoutExpired."""
        status = self._process.wait(timeout_seconds)
        self._reader.join(timeout_seconds)
        return status

    def ask_to_end(self) -> None:
        """SIGTERM, without waiting; once, since a second one would cut its own tidying short."""
        if not self._asked and not self.ended:
            self._asked = True
            self._process.terminate()

    def send_signal(self, number: int) -> None:
        """Send one, where it still runs."""
        if not self.ended:
            os.kill(self._process.pid, number)

    def stop(self) -> int:
        """Ask it to end, then make it and whatever it started."""
        self.ask_to_end()
        try:
            return self.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            return self.wait(STOP_TIMEOUT_SECONDS)


@contextmanager
def started(process: Process) -> Iterator[Process]:
    """A program for as long as the context lasts."""
    try:
        yield process
    finally:
        process.stop()
