"""What a run that was interrupted could leave: processes, ports that they listen on, temporary folders."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PATIENCE_SECONDS: Final = 300
LISTENS: Final = "0A"  # https://docs.kernel.org/networking/proc_net_tcp.html


def processes_of(place: Path) -> dict[int, str]:
    """Those whose temporary folder lies in a place, also under other parents by now: id to command line and name."""
    wanted, found = f"TMPDIR={place}".encode(), {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environment = (entry / "environ").read_bytes().split(b"\0")
            if any(one == wanted or one.startswith(wanted + b"/") for one in environment):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[int(entry.name)] = f"{line}({(entry / 'comm').read_text().strip()})"
    return {pid: command for pid, command in found.items() if pid != os.getpid()}


def listening() -> set[str]:
    """The sockets of this machine that listen, by their inodes: a port alone may be used again."""
    lines = [line.split() for one in ("tcp", "tcp6") for line in Path(f"/proc/net/{one}").read_text().splitlines()[1:]]
    return {fields[9] for fields in lines if fields[3] == LISTENS}


def sockets_of(place: Path) -> set[str]:
    """Those of them that processes of a place hold."""
    held = set()
    for pid in processes_of(place):
        with suppress(OSError):
            for link in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    held.add(os.readlink(link).removeprefix("socket:[").rstrip("]"))
    return held & listening()


def becomes(condition: Callable[[], bool]) -> bool:
    """Whether it is so before patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def runs(place: Path, *words: str) -> bool:
    """Whether a process of the place has all of these words in its command line or name."""
    return any(all(word in command for word in words) for command in processes_of(place).values())


def nothing_left(place: Path, sockets: set[str]) -> list[str]:
    """What is still there of a place, and of these sockets, once patience has ended; nothing is an empty list."""
    becomes(lambda: not (processes_of(place) or sockets & listening() or list(place.iterdir())))
    return [
        *processes_of(place).values(),
        *(f"socket {one}" for one in sockets & listening()),
        *(str(one) for one in place.iterdir()),
    ]


@contextmanager
def open_to_others(place: Path) -> Iterator[Path]:
    """A place that another user's Postgres can enter; whatever a failed test leaves there ends with it."""
    for folder in (place, *place.parents):
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):  # noqa: S108 where pytest makes its own
            folder.chmod(0o755)
    yield place
    for pid in processes_of(place):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
