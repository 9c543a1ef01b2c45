"""The service's commands as forks of one process that has imported what they need.

Starting Python and importing is most of what a command such as `member add` takes. Where a file of the service was
saved since, a fork forgets the service's own modules and imports them anew, so it runs the code as it lies on the disk;
what is installed stays imported.

    python -P -m workbuoy_app.devtools.forks SOCKET    # a file descriptor; it runs until that is closed

A message on it is one byte and two or three file descriptors: a socket for one command, where the command writes to,
and where it writes its errors to, if that is elsewhere. On the first comes a line of JSON,
`{"arguments": [...], "environment": {...}}`; with `"devtool": NAME` the command is the program of that name in this
folder instead of the service's own, and with `"package": FOLDER` it runs the service's modules that lie there, such as
another release's. Back go a line with the process's id and, once it has ended, one with its exit status as `subprocess`
gives it. When the client closes its socket, the command is killed.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import workbuoy_app

PROGRAM = "workbuoy-app"
_OWN = workbuoy_app.__name__
# No part of the service, and what few stacks need: OpenTelemetry, for spans, is a twentieth of what is imported.
_LEFT_OUT = ("devtools", "migrations", "__main__", "spans")
# What functions of the service, uvicorn, httpx2 and botocore import late.
_LATE = (
    "anyio._backends._asyncio",
    "botocore.httpsession",
    "botocore.session",
    "encodings.idna",
    "httpcore2",
    "psycopg_pool",
    "truststore",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.loops.uvloop",
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
    gc.freeze()  # so that a fork's collector does not copy what all share
    gc.enable()
    begun = _Forks(socket.socket(fileno=int(sys.argv[1]))).begin_each()
    if begun is None:
        end.status = 0
        return 0
    request, outputs = begun
    if package := request.get("package"):
        sys.path.insert(0, package)
    if package or any(_saved(file) != then for file, then in imported.items()):
        _forget()
    return _become(end, request, outputs)


def import_all() -> dict[str, tuple[int, int]]:
    """Everything that commands import; gives back the service's files as they were. A command tells what it lacks."""
    files = {str(file): _saved(file) for file in Path(workbuoy_app.__path__[0]).rglob("*.py")}
    found = pkgutil.walk_packages(workbuoy_app.__path__, f"{_OWN}.", onerror=lambda _: None)
    own = [one.name for one in found if one.name.split(".")[1] not in _LEFT_OUT]
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
    from botocore import loaders, session  # a session knows the function by its own name, too

    once = cache(loaders.create_loader)
    for module in (loaders, session):
        setattr(module, "create_loader", once)  # noqa: B010 - mypy refuses the plain form


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


class _Forks:
    """Those that run, each with the client that waits for its end on a socket."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._waiting: dict[int, socket.socket] = {}
        self._woken, self._waker = socket.socketpair()  # when one has ended
        for end in (self._woken, self._waker):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # else nothing is written below
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._selector.register(control, selectors.EVENT_READ)

    def begin_each(self) -> tuple[dict[str, Any], list[int]] | None:
        """In each fork, its request and where it writes; here None, once the socket is closed and all have ended."""
        is_open = True
        while is_open or self._waiting:
            for key, _ in self._selector.select():
                if key.fileobj is self._control:
                    received, descriptors, _, _ = socket.recv_fds(self._control, 1, 3)
                    if received:
                        if (begun := self._begin(*descriptors)) is not None:
                            return begun
                    else:
                        is_open = False
                        self._selector.unregister(self._control)
                elif key.fileobj is self._woken:
                    self._woken.recv(4096)
                    self._report_ended()
                elif key.data in self._waiting:
                    self._selector.unregister(key.fileobj)
                    _kill(key.data)
        return None

    def _begin(self, connection: int, *outputs: int) -> tuple[dict[str, Any], list[int]] | None:
        client = socket.socket(fileno=connection)
        with client.makefile("rb") as lines:
            line = lines.readline()
        if not line:  # gone already
            client.close()
            _close(outputs)
            return None
        pid = os.fork()
        if pid == 0:
            client.close()
            self._leave()
            return json.loads(line), list(outputs)
        _close(outputs)
        self._waiting[pid] = client
        self._selector.register(client, selectors.EVENT_READ, pid)
        _send(client, pid)
        return None

    def _leave(self) -> None:
        """In a fork: who waits for another one must see this server's end, should it be killed."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for one in (self._control, self._woken, self._waker, *self._waiting.values()):
            one.close()

    def _report_ended(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                with self._waiting.pop(pid) as client:
                    with suppress(KeyError):  # left already
                        self._selector.unregister(client)
                    _send(client, os.waitstatus_to_exitcode(status))


def _send(client: socket.socket, number: int) -> None:
    with suppress(OSError):  # nobody waits for it
        client.sendall(f"{number}\n".encode())


def _close(descriptors: Iterable[int]) -> None:
    for one in descriptors:
        os.close(one)


def _kill(pid: int) -> None:
    """One that has not been waited for, so that its id is no other's; its group, once it has one."""
    for kill in (os.kill, os.killpg):
        with suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)


def _forget() -> None:
    """The service's own modules, with what could not be imported of them."""
    for name in [name for name in sys.modules if name.partition(".")[0] == _OWN]:
        del sys.modules[name]


def _become(end: _End, request: dict[str, Any], outputs: list[int]) -> int:
    """The command, as if this process had been started for it."""
    end.status = 1  # of an error that nothing catches
    os.setsid()
    os.dup2(outputs[0], 1)
    os.dup2(outputs[-1], 2)
    _close(outputs)
    os.environ.clear()
    os.environ.update(request["environment"])
    devtool, arguments = request.get("devtool"), request["arguments"]
    sys.argv = [devtool or PROGRAM, *arguments]
    with suppress(
        OSError
    ):  # so that it can be told from others; elsewhere than on Linux there is no such file
        Path("/proc/self/comm").write_text(devtool or (arguments[0] if arguments else PROGRAM))
    try:
        end.status = import_module(f"{_OWN}.devtools.{devtool}" if devtool else f"{_OWN}.cli").main() or 0
    except SystemExit as ending:
        end.status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        raise
    return end.status


if __name__ == "__main__":
    sys.exit(main())
