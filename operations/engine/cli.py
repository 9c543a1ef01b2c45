"""The Pulumi CLI: where it is, whether it is new enough, and a run of it that Ctrl-C ends in good order."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import IO, Final

from semver import VersionInfo

from operations.ending import Notify
from operations.engine.errors import EngineMissingError
from project.interrupts import heeded

OLDEST_CLI: Final = VersionInfo.parse("3.260.0")
"""The oldest CLI that this project was run with; the SDK itself asks for 3.1.0 only."""

INSTALL: Final = "`workbuoy engine install` installs it"
_HIDDEN_OPTIONS: Final = {"PULUMI_DEBUG_COMMANDS": "true"}
"""Lets the CLI take `--event-log`, as Pulumi's Automation API does."""
CANCELLING: Final = "Cancelling: waiting for what runs to end. Ctrl-C again ends at once and leaves operations pending."


@dataclass(frozen=True, kw_only=True)
class CliOutput:
    """What a run of the CLI printed."""

    stdout: str
    stderr: str


class CommandError(Exception):
    """The CLI ended with another code than 0; its text is all that it said."""

    def __init__(self, output: CliOutput) -> None:
        super().__init__(f"{output.stdout}\n{output.stderr}")


def sdk_version() -> VersionInfo:
    """The version of the Python SDK in this environment."""
    return VersionInfo.parse(installed_version("pulumi"))


def install_root() -> Path:
    """Where `workbuoy engine install` puts the CLI: the default place of Pulumi's Automation API."""
    return Path.home() / ".pulumi" / "versions" / str(sdk_version())


def find_cli(notify: Notify | None = None) -> "Cli":
    """The CLI on PATH, else the installed one; one as new as the SDK before one that only serves.

    Raises EngineMissingError.
    """
    refused, serves = "", None
    for command in (shutil.which("pulumi"), shutil.which(str(install_root() / "bin" / "pulumi"))):
        if command is None:
            continue
        try:
            version = _version_of(command)
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            refused = refused or f"the Pulumi CLI does not run: {error}"
            continue
        if version >= sdk_version() and version.major == sdk_version().major:
            return Cli(command, version, notify)  # the other one need not be asked
        if version >= OLDEST_CLI and version.major == OLDEST_CLI.major:
            serves = serves or Cli(command, version, notify)
        refused = refused or _why(version)
    if serves is not None:
        return serves
    raise EngineMissingError(
        refused or "the engine, the Pulumi CLI, is not here", f"{INSTALL}, and `workbuoy rehearse` needs none"
    )


def _version_of(command: str) -> VersionInfo:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    done = subprocess.run([command, "version"], check=True, capture_output=True, text=True, env=environment)
    return VersionInfo.parse(done.stdout.strip().removeprefix("v"))


def _why(version: VersionInfo) -> str:
    same_major = version.major == OLDEST_CLI.major
    rule = f"it must be {OLDEST_CLI} or newer" if same_major else "major version mismatch"
    return f"the Pulumi CLI does not fit the SDK {sdk_version()}: {rule}, the current CLI version is {version}"


class Cli:
    """The CLI, each run in a session of its own, so that Ctrl-C reaches it once and from here."""

    def __init__(self, command: str, version: VersionInfo, notify: Notify | None = None) -> None:
        self.command = command
        self.version = version
        self.interrupted = False
        self.killed_by = ""
        self._notify = notify
        self._running: subprocess.Popen[str] | None = None

    def run(
        self,
        args: Sequence[str],
        folder: Path,
        variables: Mapping[str, str],
        on_output: Notify | None = None,
    ) -> CliOutput:
        """Run the CLI without questions; `on_output` gets each line of either stream.

        Ctrl-C and SIGTERM ask it to cancel and wait; `interrupted` tells of it. Raises CommandError.
        """
        lines: tuple[list[str], list[str]] = ([], [])
        search_path = os.pathsep.join([str(Path(self.command).parent), os.environ.get("PATH", "")])
        with (
            self._cancelled_by_signals(),
            subprocess.Popen(
                [self.command, "--non-interactive", *args],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env={**os.environ, "PATH": search_path, **_HIDDEN_OPTIONS, **variables},
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            ) as process,
        ):
            readers = [
                threading.Thread(target=_read, args=(stream, on_output, kept), daemon=True)
                for stream, kept in zip((process.stdout, process.stderr), lines, strict=True)
            ]
            for reader in readers:
                reader.start()
            self._running = process
            try:
                if self.interrupted:  # between the start of the process and here
                    self.cancel()
                for reader in readers:
                    reader.join()
                process.wait()
            finally:
                self._running = None
        self.killed_by = "" if self.interrupted else _signal(process.returncode)
        output = CliOutput(stdout="\n".join(lines[0]), stderr="\n".join(lines[1]))
        if process.returncode != 0:
            raise CommandError(output)
        return output

    def cancel(self) -> None:
        """Ask what runs to stop in good order, from any thread; nothing where nothing runs."""
        process = self._running
        if process is not None:
            process.send_signal(signal.SIGINT)

    @contextmanager
    def _cancelled_by_signals(self) -> Iterator[None]:
        """Ctrl-C, and SIGTERM of whoever stops a job: the first cancels, the second ends the engine at once.

        Nothing is raised, since an exception could come between any two lines and leave the engine alone behind.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def interrupt() -> None:
            if not self.interrupted and self._notify:
                self._notify(CANCELLING)
            self.interrupted = True
            self.cancel()

        with heeded(interrupt):
            yield


def _signal(code: int) -> str:
    """The signal that ended a process, SIGKILL as a shell's exit code included: a machine that ran out of memory."""
    number = -code if code < 0 else code - 128 if code == 128 + signal.SIGKILL else 0
    try:
        return signal.Signals(number).name if number else ""
    except ValueError:
        return f"signal {number}"


def _read(stream: IO[str], callback: Notify | None, kept: list[str]) -> None:
    with stream:
        for line in stream:
            kept.append(line.rstrip())
            if callback:
                callback(kept[-1])
