"""The wheels of the locks for the image's Python, fetched by hash; the build itself then needs no network."""

import re
import sys
from pathlib import Path

from packaging.requirements import Requirement

from operations.image.tools import run
from rehearsal.image.archive import Architecture, ImageError

PYTHON = "3.13"
GLIBC_MINORS = range(41, 16, -1)  # trixie has 2.41; wheels name that or an older one, back to manylinux2014's
MACHINES: dict[Architecture, str] = {"arm64": "aarch64", "x86_64": "x86_64"}


def fetch(lock: Path, architecture: Architecture, target: Path, folder: Path) -> None:
    """Fill `target` with the wheels of a lock.

    Raises ImageError where pip cannot get one, or its hash is not the lock's.
    """
    target.mkdir(parents=True)
    requirements = folder / lock.name
    requirements.write_text("\n".join(wanted(lock.read_text(), architecture).values()) + "\n")
    machine = MACHINES[architecture]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in GLIBC_MINORS] + [f"manylinux2014_{machine}"]
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--require-hashes", "--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}"),
        *(f"--platform={name}" for name in platforms),
        *("--requirement", str(requirements), "--dest", str(target)),
    ]
    try:
        run(command, folder, "fetching wheels")
    except ImageError as error:
        if "HASH" in str(error).upper():
            raise ImageError(f"{lock.name} does not match what the package index gives: {error}", error.code) from error
        raise


def wanted(lock: str, architecture: Architecture) -> dict[str, str]:
    """What the lock asks of the image's platform: requirement without marker, to its line with hashes.

    pip would judge the markers by this machine, which may be a Mac or have another Python.
    """
    environment = {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": MACHINES[architecture],
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{PYTHON}.0",
        "python_version": PYTHON,
        "sys_platform": "linux",
    }
    found = {}
    for entry in re.sub(r"\\\n", " ", lock).splitlines():
        text, *hashes = re.split(r"\s+--hash=", entry.partition(" #")[0].strip())
        if not text or text.startswith("#"):
            continue
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = f"{requirement.name}{requirement.specifier}"
            found[name] = " ".join([name, *(f"--hash={one.strip()}" for one in hashes)])
    return found
