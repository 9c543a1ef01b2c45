"""Programs of the service's own environment, started and always ended."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import Protocol

STOP_TIMEOUT_SECONDS = 15


class Programs(Protocol):
    """How to run the service's commands: from its virtual environment, or from its image."""

    def command(self, arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        """The command line for `workbuoy-app` with these arguments."""


@dataclass(frozen=True)
class Installed:
    """The service in `app/.venv`, by the image's entry point."""

    app: Path

    def command(self, arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:  # noqa: ARG002
        """The environment goes to the process itself."""
        return [str(self.app / ".venv" / "bin" / "workbuoy-app"), *arguments]


@dataclass(frozen=True)
class Package:
    """The service's package in a folder, such as a revision's, with the dependencies that are installed in `app`."""

    app: Path
    folder: Path

    def command(self, arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:  # noqa: ARG002
        """The folder stands before the installed package."""
        return self.module("workbuoy_app", *arguments)

    def module(self, name: str, *arguments: str) -> list[str]:
        """The command line for one of its modules."""
        python = str(self.app / ".venv" / "bin" / "python")
        return ["env", f"PYTHONPATH={self.folder}", python, "-m", name, *arguments]


class Process:
    """A running program whose lines are kept. Standard error goes the same way."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            list(command),
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "TMPDIR": gettempdir(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is for us; we then stop it
        )
        self.lines: list[str] = []
        self._asked = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

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
def started(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Process]:
    """A program for as long as the context lasts."""
    process = Process(command, environment)
    try:
        yield process
    finally:
        process.stop()
