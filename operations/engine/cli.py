"""The Pulumi CLI: where it is, whether it is new enough, and a run of it that Ctrl-C ends in good order."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import IO, Final

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import InvalidVersionError, create_command_error
from semver import VersionInfo

from operations.ending import Notify
from operations.engine.errors import EngineMissingError

OLDEST_CLI: Final = VersionInfo.parse("3.260.0")
"""The oldest CLI that this project was run with; the SDK itself asks for 3.1.0 only."""

INSTALL: Final = "`workbuoy engine install` mends it"
CANCELLING: Final = "Cancelling: waiting for what runs to end. Ctrl-C again ends at once and leaves operations pending."


def sdk_version() -> VersionInfo:
    """The version of the Python SDK in this environment."""
    return VersionInfo.parse(installed_version("pulumi"))


def install_root() -> Path:
    """Where `workbuoy engine install` puts the CLI: the Automation API's own default place."""
    return Path.home() / ".pulumi" / "versions" / str(sdk_version())


def find_cli(notify: Notify | None = None) -> "Cli":
    """The CLI on PATH, else the installed one; one as new as the SDK before one that only serves.

    Raises EngineMissingError.
    """
    refused, found = "", list[Cli]()
    for root in (None, install_root()):
        if (shutil.which("pulumi") if root is None else shutil.which(root / "bin" / "pulumi")) is None:
            continue
        try:
            found.append(Cli(root, notify))
        except InvalidVersionError as error:
            refused = refused or _why(error)
        except (OSError, subprocess.CalledProcessError) as error:
            refused = refused or f"the Pulumi CLI does not run: {error}"
    as_new = [cli for cli in found if cli.version is not None and cli.version >= sdk_version()]
    for cli in (*as_new, *found):
        return cli
    problem = refused or "the engine, the Pulumi CLI, is not here"
    raise EngineMissingError(problem, f"{INSTALL}, and `workbuoy rehearse` needs none")


def _why(error: Exception) -> str:
    """The SDK's own words, with its version beside them."""
    said = str(error).replace("Minimum version requirement failed. ", "").replace(" Please update the Pulumi CLI.", "")
    return f"the Pulumi CLI does not fit the SDK {sdk_version()}: {said[:1].lower()}{said[1:].rstrip('.')}"


class Cli(PulumiCommand):
    """The Automation API's command, in a session of its own, so that Ctrl-C reaches it once and from here."""

    def __init__(self, root: Path | None, notify: Notify | None = None) -> None:
        super().__init__(root=str(root) if root else None, version=OLDEST_CLI)
        self.command = shutil.which(self.command) or self.command
        self.interrupted = False
        self.killed_by = ""
        self._tell = notify
        self._running: subprocess.Popen[str] | None = None

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Notify | None = None,
        on_error: Notify | None = None,
    ) -> CommandResult:
        """Run the CLI without questions. Ctrl-C and SIGTERM ask it to cancel and wait; `interrupted` tells of it."""
        lines: tuple[list[str], list[str]] = ([], [])
        beside = os.pathsep.join([str(Path(self.command).parent), os.environ.get("PATH", "")])
        with (
            self._cancelled_by_signals(),
            subprocess.Popen(
                [self.command, "--non-interactive", *args],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env={**os.environ, "PATH": beside, **additional_env, "PULUMI_AUTOMATION_API": "true"},
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            ) as process,
        ):
            readers = [
                threading.Thread(target=_read, args=(stream, callback, kept), daemon=True)
                for stream, callback, kept in zip(
                    (process.stdout, process.stderr), (on_output, on_error), lines, strict=True
                )
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
        result = CommandResult(stdout="\n".join(lines[0]), stderr="\n".join(lines[1]), code=process.returncode)
        if process.returncode != 0:
            raise create_command_error(result)
        return result

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

        def interrupt(*_: object) -> None:
            if not self.interrupted and self._tell:
                self._tell(CANCELLING)
            self.interrupted = True
            self.cancel()

        before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


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
