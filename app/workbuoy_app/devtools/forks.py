"""The service's commands as forks of one process that has imported what they need.

Starting Python and importing is most of what a command such as `member add` takes. Where a file of the service was
saved since, a fork forgets the service's own modules and imports them anew, so it runs the code as it lies on the disk;
what is installed stays imported.

    python -P -m workbuoy_app.devtools.forks SOCKET    # a file descriptor; it runs until that is closed

A message on it is one byte and two file descriptors: a socket for one command, and where the command writes to. On
the former comes a line of JSON, `{"arguments": [...], "environment": {...}}`. Back go a line with the process's id
and, once it has ended, one with its exit status as `subprocess` gives it. When whoever asked closes the socket, the
command is killed.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import signal
import socket
import sys
import threading
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

import workbuoy_app

PROGRAM = "workbuoy-app"
_OWN = workbuoy_app.__name__
_NOT_OF_THE_SERVICE = ("devtools", "migrations", "__main__")
# What functions of the service, uvicorn and botocore import late.
_LATE = (
    "botocore.session",
    "botocore.httpsession",
    "psycopg_pool",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.httptools_impl",
)


class _End:
    """Ends a fork without taking apart what it shares; registered first, it comes after everything else at exit."""

    def __init__(self) -> None:
        self.status: int | None = None
        atexit.register(self)

    def __call__(self) -> None:
        if self.status is not None:
            with suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(self.status)


def main() -> int:
    """Fork for each message, until the socket is closed; then wait for what still runs."""
    end = _End()
    gc.disable()  # what is imported stays, so there is nothing to find
    imported = import_all()
    with suppress(Exception):
        read_models_once()
        _read_models()
    with socket.socket(fileno=int(sys.argv[1])) as control:
        gc.freeze()  # so that a fork's collector does not copy what all share
        gc.enable()
        while True:
            received, descriptors, _, _ = socket.recv_fds(control, 1, 2)
            if not received:
                break
            if os.fork() == 0:
                control.close()
                return _attend(end, imported, *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            _reap(os.WNOHANG)
    _reap(0)
    end.status = 0
    return 0


def import_all() -> dict[str, tuple[int, int]]:
    """Everything that commands import; gives back the service's files as they were. A command tells what it lacks."""
    files = {str(file): _saved(file) for file in Path(workbuoy_app.__path__[0]).rglob("*.py")}
    found = pkgutil.walk_packages(workbuoy_app.__path__, f"{_OWN}.", onerror=lambda _: None)
    own = [one.name for one in found if one.name.split(".")[1] not in _NOT_OF_THE_SERVICE]
    for name in (*own, *_LATE):
        with suppress(Exception):
            import_module(name)
    return files


def _saved(file: str | Path) -> tuple[int, int]:
    """When, and how long it was then: by these Python itself sees whether its byte code fits."""
    with suppress(OSError):
        found = os.stat(file)
        return found.st_mtime_ns, found.st_size
    return 0, 0


def read_models_once() -> None:
    """botocore reads its data anew for each session, which is most of what a client costs: now once a process."""
    from botocore import loaders

    setattr(loaders, "create_loader", cache(loaders.create_loader))  # noqa: B010 - mypy refuses the plain form


def _read_models() -> None:
    """Of the service's clients."""
    from botocore.session import get_session

    for service in ("s3", "secretsmanager"):
        get_session().create_client(
            service,
            region_name="eu-west-1",
            aws_access_key_id="none",
            aws_secret_access_key="none",  # noqa: S106
        )


def _reap(options: int) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def _attend(end: _End, imported: dict[str, tuple[int, int]], client_fd: int, output: int) -> int:
    """Run one command in a fork, tell how it ends, and end it when nobody waits for it any more."""
    with socket.socket(fileno=client_fd) as client:
        with client.makefile("rb") as lines:
            request = json.loads(lines.readline())
        pid = os.fork()
        if pid == 0:
            client.close()
            if any(_saved(file) != then for file, then in imported.items()):
                _forget()
            return _become(end, request["arguments"], request["environment"], output)
        os.close(output)
        end.status = 0
        client.sendall(f"{pid}\n".encode())
        over = threading.Event()
        threading.Thread(target=_kill_when_left, args=(client, pid, over), daemon=True).start()
        _, status = os.waitpid(pid, 0)
        over.set()
        with suppress(OSError):  # nobody waits for it
            client.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    return 0


def _kill_when_left(client: socket.socket, pid: int, over: threading.Event) -> None:
    with suppress(OSError):
        client.recv(1)
    if not over.is_set():  # its id may be another's
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _forget() -> None:
    """The service's own modules, with what could not be imported of them."""
    for name in [name for name in sys.modules if name.partition(".")[0] == _OWN]:
        del sys.modules[name]


def _become(end: _End, arguments: list[str], environment: dict[str, str], output: int) -> int:
    """The command, as if this process had been started for it."""
    end.status = 1  # of an error that nothing catches
    os.setsid()
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [PROGRAM, *arguments]
    with suppress(
        OSError
    ):  # so that it can be told from others; elsewhere than on Linux there is no such file
        Path("/proc/self/comm").write_text(arguments[0] if arguments else PROGRAM)
    try:
        end.status = import_module(f"{_OWN}.cli").main()
    except SystemExit as ending:
        end.status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        raise
    return end.status


if __name__ == "__main__":
    sys.exit(main())
