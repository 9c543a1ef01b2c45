"""One run of the image that is asked from outside: by tests and by the benchmark of images."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import IO

from rehearsal.image import Unpacked

STOP_SECONDS = 30  # as ECS: then it is killed


class Container:
    """One run of the image. Leaving the block stops it as ECS does: SIGTERM, and after 30 seconds SIGKILL."""

    def __init__(
        self,
        unpacked: Unpacked,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        stdout: int | IO[bytes] | None = None,
        stderr: int | IO[bytes] | None = None,
    ) -> None:
        """Start `workbuoy-app` with `command`.

        Args:
            unpacked: the image's files.
            command: arguments of the image's entry point.
            environment: added to the image's own.
            stdout: as subprocess takes it; `stderr` too.
        """
        self._unpacked = unpacked
        self.id = unpacked.prepare(command, environment)
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            unpacked.start(self.id),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,  # Ctrl-C is for us; we then stop it
        )

    def __enter__(self) -> "Container":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self._unpacked.ask("delete", "--force", self.id)
            self.process.wait()

    def wait(self, timeout_seconds: float | None = None) -> int:
        """The exit status, once it has ended by itself. Raises subprocess.TimeoutExpired."""
        return self.process.wait(timeout_seconds)

    def stop(self) -> int:
        """End it and give back its exit status. A repeated call does no harm."""
        if self.process.poll() is None:
            self._unpacked.ask("kill", self.id, "TERM")
            try:
                return self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._unpacked.ask("kill", self.id, "KILL")
        return self.process.wait()

    def run(self, command: Sequence[str], timeout_seconds: float = 30) -> subprocess.CompletedProcess[str]:
        """Run one more program inside, as a health check does."""
        return self._unpacked.ask("exec", self.id, *command, timeout_seconds=timeout_seconds)

    def memory_bytes(self) -> int:
        """What the container uses now, without the page cache that could be dropped."""
        statistics = json.loads(self._unpacked.ask("events", "--stats", self.id).stdout)["data"]["memory"]
        cached: int = statistics["raw"].get("total_inactive_file", statistics["raw"].get("inactive_file", 0))
        return int(statistics["usage"]["usage"]) - cached
