"""The service's commands in `app/.venv` as forks of a process that has imported what they need.

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
_KILLED = -signal.SIGKILL


class Forks(Programs):
    """Commands that run as forks of a process, which begins with `start`, or with the first command.

    Args:
        app: the folder `app/`, with the virtual environment.
        control: the socket of one that runs already, and which others end.
    """

    def __init__(self, app: Path, control: socket.socket | None = None) -> None:
        self._python = python_of(app)
        self._lock = threading.Lock()
        self._control = control
        self._process: Process | None = None

    def start(self) -> socket.socket:
        """The socket of that process, which imports meanwhile. Raises NotToBeHadError."""
        with self._lock:
            if self._control is None or (self._process is not None and self._process.ended):
                if not Path(self._python).exists():
                    raise NotToBeHadError(NOT_INSTALLED)
                self._control, there = socket.socketpair()
                with there:
                    command = [self._python, "-P", "-m", "workbuoy_app.devtools.forks", str(there.fileno())]
                    self._process = Process(command, {}, pass_fds=(there.fileno(),))
            return self._control

    def begin(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Process:
        """A command. Raises NotToBeHadError."""
        return _Fork(self.start(), arguments, environment)

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
    def __init__(self, control: socket.socket, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._control = control
        super().__init__(arguments, environment)

    def _open(self, command: list[str], environment: dict[str, str], pass_fds: Sequence[int]) -> Handle:  # noqa: ARG002
        here, there = socket.socketpair()
        reading, writing = os.pipe()
        try:
            with there:
                socket.send_fds(self._control, [b"."], [there.fileno(), writing])
            here.sendall(f"{json.dumps({'arguments': command, 'environment': environment})}\n".encode())
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
        self._status: int | None = None
        pid = self._line(_BEGIN_TIMEOUT_SECONDS)
        if not pid:
            raise NotToBeHadError("the process that runs the service's commands does not answer")
        self.pid = int(pid)

    def poll(self) -> int | None:
        """Its exit status; None as long as it runs."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0.0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status. Raises TimeoutExpired."""
        with self._lock:
            if self._status is None:
                line = self._line(timeout)
                if line is None:
                    raise subprocess.TimeoutExpired("a fork", timeout or 0.0)
                self._status = int(line) if line else _KILLED
                self._connection.close()
            return self._status

    def terminate(self) -> None:
        """SIGTERM, where it still runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def _line(self, timeout: float | None) -> str | None:
        """The next line; None where time is over first, and an empty one where the other side is gone."""
        self._connection.settimeout(timeout)
        while b"\n" not in self._received:
            try:
                piece = self._connection.recv(64)
            except (BlockingIOError, TimeoutError):
                return None
            except OSError:
                piece = b""
            if not piece:
                return ""
            self._received += piece
        line, _, self._received = self._received.partition(b"\n")
        return line.decode()
