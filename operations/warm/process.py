"""The warm process as whoever asks it sees it."""

import json
import os
import select
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from operations.warm.outcome import Outcome, read_outcome

SERVER = Path(__file__).with_name("serve.py")
_GRACE_SECONDS = 12.0  # a service's Postgres gets ten to end


@dataclass(frozen=True)
class Running:
    """A rehearsal on its way."""

    pid: int
    file: Path
    began: float

    def outcome(self) -> Outcome | None:
        """What came of it; None as long as it runs."""
        if _lives(self.pid):
            return None
        found = read_outcome(self.file)
        self.file.unlink(missing_ok=True)
        return found

    def stop(self) -> None:
        """End it, and everything that it started."""
        _signal_group(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_SECONDS
        while _lives(self.pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        _signal_group(self.pid, signal.SIGKILL)
        self.file.unlink(missing_ok=True)


class WarmProcess:
    """A process that has everything imported and forks for each rehearsal. Use as a context.

    Args:
        folder: where it runs, somewhere in a project.
        files: a folder for what the forks write.
        inherited: file descriptors that the forks need.
    """

    def __init__(self, folder: Path, files: Path, inherited: Sequence[int] = ()) -> None:
        self._inherited = inherited
        self._folder, self._files = folder, files
        self._server: subprocess.Popen[bytes] | None = None
        self._warm = False
        self._installed = _installed()
        self._count = 0

    def __enter__(self) -> "WarmProcess":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._end()

    def warm_up(self, request: Mapping[str, Any]) -> None:
        """Begin to import what this stack needs. Nothing where that is done, and done with what is installed now."""
        before, self._installed = self._installed, _installed()
        if before != self._installed:
            self._end()
        if not self._warm:
            self._send({"warm": request})

    def is_ready(self) -> bool:
        """Whether it can be asked to run: a first import may take seconds, and a program may never come back."""
        if self._warm or self._server is None:
            return self._warm
        if (answer := self._answer(0.0)) is None:
            return False
        self._warm = bool(answer.get("warm"))
        return True

    def run(self, request: Mapping[str, Any]) -> Running:
        """Begin a rehearsal in a fork."""
        self._count += 1
        file = self._files / f"{self._count}.json"
        self._send({"run": request, "into": str(file)})
        answer = self._answer(None)
        return Running(int(answer["pid"]) if answer else -1, file, time.monotonic())

    def give_up(self) -> None:
        """End a process that does not come back from its program."""
        self._end()

    def _send(self, document: Mapping[str, Any]) -> None:
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "operations.warm.serve"],
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(SERVER.parents[2])},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=self._inherited,
                start_new_session=True,  # so that it ends together with what a program forked in it
            )
        assert self._server.stdin is not None  # noqa: S101 it was asked for
        self._server.stdin.write(f"{json.dumps(document)}\n".encode())
        self._server.stdin.flush()

    def _answer(self, wait_seconds: float | None) -> dict[str, Any] | None:
        assert self._server is not None  # noqa: S101
        assert self._server.stdout is not None  # noqa: S101
        if not select.select([self._server.stdout], [], [], wait_seconds)[0]:
            return None
        line = self._server.stdout.readline()
        if not line:  # it is gone: out of memory, or killed
            self._end()
            return {}
        found: dict[str, Any] = json.loads(line)
        return found

    def _end(self) -> None:
        server, self._server, self._warm = self._server, None, False
        if server is not None:
            _signal_group(server.pid, signal.SIGKILL)
            for pipe in (server.stdin, server.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()
            server.wait()


def _installed() -> int:
    """Changes when something is installed or removed."""
    return os.stat(sysconfig.get_path("purelib")).st_mtime_ns


def _lives(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # another user's by now: ours is gone
    return True


def _signal_group(pid: int, number: int) -> None:
    if pid > 0:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)
