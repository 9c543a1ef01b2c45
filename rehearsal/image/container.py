"""The image run as the stack runs it: read-only, as its own user, without capabilities, within its memory.

The network is this machine's, so that what listens on loopback can be reached; pass HOST=127.0.0.1 to the service.
Needs runc and root. Nothing stays: no container, cgroup, mount or folder.
"""

import json
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from rehearsal.image.archive import Image, ImageError

IMPOSSIBLE = 4
MIB = 1024 * 1024
STOP_SECONDS = 30  # as ECS: then it is killed
NAMESPACES = ("pid", "ipc", "uts", "mount", "cgroup")
HIDDEN = ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/scsi")
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


@dataclass(frozen=True)
class Unpacked:
    """An image's files, which any number of containers may share, since none can write."""

    image: Image
    files: Path
    folder: Path


@contextmanager
def unpacked(image: Image) -> Iterator[Unpacked]:
    """Lay the image out in a temporary folder. Raises ImageError (code 4) where runc or root is missing."""
    require_runc()
    with tempfile.TemporaryDirectory(prefix="workbuoy-image-") as folder:
        files = Path(folder, "files")
        files.mkdir()
        image.unpack(files)
        yield Unpacked(image, files, Path(folder))


def require_runc() -> None:
    """Raises ImageError that names what is missing."""
    if shutil.which("runc") is None:
        raise ImageError("running the image needs runc: apt-get install runc", IMPOSSIBLE)
    if os.geteuid() != 0:
        raise ImageError("running the image needs root, for runc's mounts and limits", IMPOSSIBLE)


class Container:
    """One run of the image. Leaving the block stops it as ECS does: SIGTERM, and after 30 seconds SIGKILL."""

    def __init__(
        self,
        unpacked: Unpacked,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        memory_mib: int = 512,
        stdout: int | IO[bytes] | None = None,
        stderr: int | IO[bytes] | None = None,
    ) -> None:
        """`environment` is added to the image's own; `stdout` and `stderr` are as subprocess takes them."""
        self.id = f"workbuoy-{uuid.uuid4().hex[:12]}"
        self._bundle = unpacked.folder / self.id
        self._runc = ["runc", "--root", str(unpacked.folder / "runc")]
        self._bundle.mkdir()
        document = _specification(unpacked, self.id, command, environment, memory_mib)
        (self._bundle / "config.json").write_text(json.dumps(document))
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            [*self._runc, "run", "--bundle", str(self._bundle), self.id],
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
            self._ask("delete", "--force", self.id)
            self.process.wait()
            shutil.rmtree(self._bundle, ignore_errors=True)

    def wait(self, timeout_seconds: float | None = None) -> int:
        """The exit status, once it has ended by itself. Raises subprocess.TimeoutExpired."""
        return self.process.wait(timeout_seconds)

    def stop(self) -> int:
        """End it and give back its exit status. A repeated call does no harm."""
        if self.process.poll() is None:
            self._ask("kill", self.id, "TERM")
            try:
                return self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._ask("kill", self.id, "KILL")
        return self.process.wait()

    def run(self, command: Sequence[str], timeout_seconds: float = 30) -> subprocess.CompletedProcess[str]:
        """Run one more program inside, as a health check does."""
        return self._ask("exec", self.id, *command, timeout_seconds=timeout_seconds)

    def memory_bytes(self) -> int:
        """What the container uses now, without the page cache that could be dropped."""
        statistics = json.loads(self._ask("events", "--stats", self.id).stdout)["data"]["memory"]
        cached: int = statistics["raw"].get("total_inactive_file", statistics["raw"].get("inactive_file", 0))
        return int(statistics["usage"]["usage"]) - cached

    def _ask(self, *arguments: str, timeout_seconds: float = 30) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._runc, *arguments], capture_output=True, text=True, check=False, timeout=timeout_seconds
        )


def _specification(
    unpacked: Unpacked, name: str, command: Sequence[str], environment: Mapping[str, str], memory_mib: int
) -> dict[str, Any]:
    """The container as the OCI runtime specification has it."""
    image = unpacked.image
    uid, _, gid = image.user.partition(":")
    if not (uid.isdigit() and gid.isdigit() and int(uid) and int(gid)):
        raise ImageError(f"the image's user must be numbers other than root's; it is {image.user or 'not set'}")
    none: dict[str, list[str]] = {kind: [] for kind in ("bounding", "effective", "inheritable", "permitted", "ambient")}
    nothing_runs = ["nosuid", "noexec", "nodev"]
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": int(uid), "gid": int(gid)},
            "args": [*image.entry_point, *command],
            "env": [f"{key}={value}" for key, value in {**image.environment, **environment}.items()],
            "cwd": "/",
            "capabilities": none,
            "noNewPrivileges": True,
        },
        "root": {"path": str(unpacked.files), "readonly": True},
        "hostname": name,
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc", "options": nothing_runs},
            {
                "destination": "/dev",
                "type": "tmpfs",
                "source": "tmpfs",
                "options": ["nosuid", "strictatime", "mode=755", "size=64k"],
            },
        ],
        "linux": {
            "cgroupsPath": f"/{name}",
            "namespaces": [{"type": kind} for kind in NAMESPACES],
            "resources": {
                "devices": [{"allow": False, "access": "rwm"}],
                "memory": {"limit": memory_mib * MIB, "swap": memory_mib * MIB},
            },
            "maskedPaths": list(HIDDEN),
            "readonlyPaths": list(READ_ONLY),
        },
    }
