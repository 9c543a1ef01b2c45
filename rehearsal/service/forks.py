"""The service's commands and servers in `app/.venv` as forks of a process that has imported what they need.

The other side is `app/workbuoy_app/devtools/forks.py`, which says what goes over the sockets.
"""

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from rehearsal.service.processes import (
    NOT_INSTALLED,
    STOP_TIMEOUT_SECONDS,
    Handle,
    NotToBeHadError,
    Process,
    Programs,
    python_of,
)

_BEGIN_TIMEOUT_SECONDS = 60  # the first command waits until everything is imported


class Forks(Programs):
    """Commands that run as forks of a process, which begins with `start`, or with the first command.

    Args:
        app: the folder `app/`, with the virtual environment.
        control: the socket of one that runs already, and which others end.
    """

    def __init__(self, app: Path, control: socket.socket | None = None) -> None:
        self._app = app
        self._python = python_of(app)
        self._package = ""
        self._server: Forks | None = None
        self._lock = threading.Lock()
        self._control = control
        self._process: Process | None = None

    def start(self) -> socket.socket:
        """The socket of that process, which imports meanwhile. Raises NotToBeHadError."""
        if self._server is not None:
            return self._server.start()
        with self._lock:
            if self._control is None or (self._process is not None and self._process.ended):
                if not Path(self._python).exists():
                    raise NotToBeHadError(NOT_INSTALLED)
                self._control, there = socket.socketpair()
                with there:
                    command = [self._python, "-P", "-m", "workbuoy_app.devtools.forks", str(there.fileno())]
                    self._process = Process(command, {}, pass_fds=(there.fileno(),))
            return self._control

    def of_package(self, folder: Path) -> "Forks":
        """Forks of the same process that run the package in a folder, such as a revision's, with what is installed."""
        other = Forks(self._app)
        other._package, other._server = str(folder), self
        return other

    def begin(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Process:
        """A command, which runs by then. Raises NotToBeHadError."""
        process = _Fork(self.start(), arguments, environment, {"package": self._package})
        process.await_begin()
        return process

    def begin_devtool(self, name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Process:
        """A program for the service's developers, once everything is imported. Raises NotToBeHadError."""
        return _Fork(self.start(), arguments, environment or {}, {"package": self._package, "devtool": name})

    def ask_to_end(self) -> None:
        """It ends by itself once its commands have."""
        if self._control is not None:
            self._control.close()

    def stop(self) -> None:
        """End it, in any case."""
        self.ask_to_end()
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT_SECONDS)
            self._process.stop()


class _Fork(Process):
    def __init__(
        self,
        control: socket.socket,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        program: Mapping[str, str],
    ) -> None:
        self._control, self._program = control, program
        super().__init__(arguments, environment)

    def await_begin(self) -> None:
        """Raises NotToBeHadError where it does not."""
        assert self._process.pid  # noqa: S101  no process has the id 0

    def _open(self, command: list[str], environment: dict[str, str], pass_fds: Sequence[int]) -> Handle:  # noqa: ARG002
        here, there = socket.socketpair()
        reading, writing = os.pipe()
        request = {"arguments": command, "environment": environment, **self._program}
        try:
            with there:
                socket.send_fds(self._control, [b"."], [there.fileno(), writing])
            here.sendall(f"{json.dumps(request)}\n".encode())
            return _Handle(here, os.fdopen(reading, errors="replace"))
        except OSError:
            raise NotToBeHadError("the process that runs the service's commands is gone") from None
        finally:
            os.close(writing)


class _Handle:
    """What `subprocess.Popen` is for a child, of a process that is none of ours."""

    def __init__(self, connection: socket.socket, stdout: IO[str]) -> None:
        self.stdout: IO[str] | None = stdout
        self._connection, self._lock, self._received = connection, threading.Lock(), b""
        self._pid: int | None = None
        self._status: int | None = None

    @property
    def pid(self) -> int:
        """Its process id, once it has begun. Raises NotToBeHadError."""
        with self._lock, suppress(subprocess.TimeoutExpired):
            if self._pid is None:
                self._pid = self._number(_BEGIN_TIMEOUT_SECONDS)
        if self._pid is None:
            raise NotToBeHadError("the process that runs the service's commands does not answer")
        return self._pid

    def poll(self) -> int | None:
        """Its exit status; None as long as it runs."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0.0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status. Raises TimeoutExpired."""
        with self._lock:
            if self._status is None:
                if self._pid is None:
                    self._pid = self._number(timeout)
                status = self._number(timeout)
                self._status = self._killed() if status is None else status
                self._connection.close()
            return self._status

    def terminate(self) -> None:
        """SIGTERM, where it still runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError, NotToBeHadError):
                os.kill(self.pid, signal.SIGTERM)

    def _killed(self) -> int:
        """The other side is gone, and so is nobody left who would end it."""
        if self._pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
        return -signal.SIGKILL

    def _number(self, timeout: float | None) -> int | None:
        """The next line; None where the other side is gone. Raises TimeoutExpired."""
        self._connection.settimeout(timeout)
        while b"\n" not in self._received:
            try:
                piece = self._connection.recv(64)
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired("a fork", timeout or 0.0) from None
            except OSError:
                piece = b""
            if not piece:
                return None
            self._received += piece
        line, _, self._received = self._received.partition(b"\n")
        return int(line)
