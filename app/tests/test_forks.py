"""Commands as forks of a process that has imported what they need."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

import psycopg
import pytest

import workbuoy_app
from workbuoy_app.devtools import forks

pytestmark = pytest.mark.lengthy

SOURCE = Path(workbuoy_app.__file__).parent
PATIENCE_SECONDS = 60


class Server:
    """A server of forks, by what goes over its socket."""

    def __init__(self, folder: Path) -> None:
        self.control, there = socket.socketpair()
        with there:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "workbuoy_app.devtools.forks", str(there.fileno())],
                env={**os.environ, "PYTHONPATH": str(folder)},
                pass_fds=(there.fileno(),),
            )

    def begin(
        self, *arguments: str, devtool: str = "", package: str = "", **environment: str
    ) -> tuple[socket.socket, int]:
        """A command: the socket that it is asked on, and where its output is read."""
        reading, writing = os.pipe()
        request = {"arguments": arguments, "environment": environment, "devtool": devtool, "package": package}
        here = self._ask(request, writing)
        os.close(writing)
        return here, reading

    def _ask(self, request: Mapping[str, object], *outputs: int) -> socket.socket:
        here, there = socket.socketpair()
        with there:
            socket.send_fds(self.control, [b"."], [there.fileno(), *outputs])
        here.settimeout(PATIENCE_SECONDS)
        here.sendall(json.dumps(request).encode() + b"\n")
        return here

    def complete(
        self, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """A command to its end, its errors apart."""
        with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
            request = {"arguments": arguments, "environment": environment}
            with self._ask(request, output.fileno(), errors.fileno()) as here, here.makefile() as lines:
                _, status = (int(lines.readline()) for _ in range(2))
            output.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(arguments, status, output.read(), errors.read())

    def run(
        self, *arguments: str, devtool: str = "", package: str = "", **environment: str
    ) -> tuple[int, str]:
        """A command to its end: exit status and output."""
        here, reading = self.begin(*arguments, devtool=devtool, package=package, **environment)
        with here, here.makefile() as lines, os.fdopen(reading) as output:
            pid, status = (int(lines.readline()) for _ in range(2))
            assert pid > 0
            return status, output.read()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the service's package that a test may change."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(SOURCE, folder / "workbuoy_app", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def server(package: Path) -> Iterator[Server]:
    found = Server(package)
    yield found
    found.control.close()
    assert found.process.wait(PATIENCE_SECONDS) == 0


@pytest.fixture
def cli(package: Path) -> Iterator[Path]:
    """Where `main` lies; a test may save another."""
    file = package / "workbuoy_app" / "cli.py"
    before = file.read_text()
    yield file
    file.write_text(before)


def test_a_fork_says_and_ends_with_what_the_entry_point_does(server: Server) -> None:
    for arguments in (["--version"], ["no-such-command"], ["serve"], ["rotate"]):
        wanted = subprocess.run(
            [sys.executable, "-m", "workbuoy_app", *arguments],
            env={"NODE_ENV": "production"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert server.run(*arguments, NODE_ENV="production") == (wanted.returncode, wanted.stdout)


def test_a_program_for_developers_can_be_a_fork_too(server: Server) -> None:
    status, output = server.run("--help", devtool="identity_provider")
    assert status == 0
    assert "Start an OpenID Connect Provider for testing" in output
    status, output = server.run("backup", "no server", devtool="point_in_time")
    assert status == 2
    assert "point_in_time backup: error" in output


def test_the_package_of_another_folder_runs_with_what_is_installed(server: Server, tmp_path: Path) -> None:
    other = tmp_path / "workbuoy_app"
    (other / "devtools").mkdir(parents=True)
    (other / "__init__.py").write_text("")
    (other / "cli.py").write_text(
        "import psycopg\nfrom workbuoy_app import __file__ as own\n"
        "def main():\n    print(own, psycopg.__version__)\n    return 3\n"
    )
    (other / "devtools/tool.py").write_text("def main():\n    print('its own tool')\n    return 0\n")
    assert server.run(package=str(tmp_path)) == (3, f"{other / '__init__.py'} {psycopg.__version__}\n")
    assert server.run(devtool="tool", package=str(tmp_path)) == (0, "its own tool\n")
    assert server.run("--version")[0] == 0, "the next command is the installed package's again"


def test_what_botocore_reads_is_read_once_though_its_sessions_were_imported_before() -> None:
    from botocore.session import get_session

    forks.read_models_once()
    first, second = (get_session().get_component("data_loader") for _ in range(2))
    assert first is second


def test_commands_run_beside_each_other_and_each_gets_its_own_end(server: Server, cli: Path) -> None:
    cli.write_text(
        "import sys\nfrom pathlib import Path\n"
        "def main():\n"
        "    Path(sys.argv[1]).read_text()\n"  # a pipe: it waits for a writer
        "    return int(sys.argv[2])\n"
    )
    pipes = [cli.with_name(f"pipe-{number}") for number in (3, 4)]
    for pipe in pipes:
        os.mkfifo(pipe)
    begun = [server.begin(str(pipe), pipe.name[-1]) for pipe in pipes]
    statuses = []
    for pipe, (here, reading) in reversed(list(zip(pipes, begun, strict=True))):
        pipe.write_text("go on")
        with here, here.makefile() as lines, os.fdopen(reading):
            statuses.append([int(lines.readline()) for _ in range(2)][1])
        pipe.unlink()
    assert statuses == [4, 3]


def test_a_fork_runs_the_code_as_it_lies_on_the_disk_and_an_error_of_it_ends_with_1(
    server: Server, cli: Path
) -> None:
    cli.write_text("def main():\n    print('saved since')\n    return 7\n")
    assert server.run("serve") == (7, "saved since\n")
    cli.write_text("def main() = \n")
    status, output = server.run("serve")
    assert status == 1
    assert "SyntaxError" in output


def test_what_is_registered_for_the_end_is_done_though_a_fork_takes_nothing_apart(
    server: Server, cli: Path
) -> None:
    cli.write_text(
        "import atexit, threading, time\n"
        "def late():\n    time.sleep(0.2)\n    print('thread')\n"
        "def main():\n    atexit.register(print, 'exit')\n    threading.Thread(target=late).start()\n    return 0\n"
    )
    assert server.run() == (0, "thread\nexit\n")


def test_a_command_ends_when_nobody_waits_for_it_any_more(server: Server, cli: Path) -> None:
    cli.write_text("import time\ndef main():\n    print('began', flush=True)\n    time.sleep(600)\n")
    here, reading = server.begin()
    with os.fdopen(reading) as output, here.makefile() as lines:
        pid = int(lines.readline())
        assert output.readline() == "began\n"
        here.shutdown(socket.SHUT_RDWR)
        assert output.read() == ""
    here.close()
    deadline = time.monotonic() + PATIENCE_SECONDS
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.02)
        pytest.fail("it still runs")


def test_a_signal_ends_a_fork_as_it_ends_any_process(server: Server, cli: Path) -> None:
    cli.write_text("import time\ndef main():\n    print('began', flush=True)\n    time.sleep(600)\n")
    here, reading = server.begin()
    with here, here.makefile() as lines, os.fdopen(reading) as output:
        pid = int(lines.readline())
        output.readline()
        os.kill(pid, signal.SIGTERM)
        assert int(lines.readline()) == -signal.SIGTERM
