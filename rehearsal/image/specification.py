"""A container as the OCI runtime specification has it: what ECS is told about the service's, and a little stricter."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rehearsal.image.archive import Image, ImageError

MIB = 1024 * 1024
# Not the network: what listens on loopback is to be reached.
NAMESPACES = ("pid", "ipc", "uts", "mount", "cgroup")
HIDDEN = ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/scsi")
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


def specification(
    image: Image,
    files: Path,
    *,
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    visible: Iterable[Path],
    memory_mib: int,
) -> dict[str, Any]:
    """runc's `config.json`. Raises ImageError where the image's user is not one by number, or is root."""
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
        "root": {"path": str(files), "readonly": True},
        "hostname": name,
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc", "options": nothing_runs},
            {
                "destination": "/dev",
                "type": "tmpfs",
                "source": "tmpfs",
                "options": ["nosuid", "strictatime", "mode=755", "size=64k"],
            },
            *(
                {
                    "destination": str(file),
                    "type": "none",
                    "source": str(file),
                    "options": ["bind", "ro", *nothing_runs],
                }
                for file in visible
            ),
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
