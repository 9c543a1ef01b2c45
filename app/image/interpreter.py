"""Python itself: the executable, what the service can need of the standard library, and every linked library."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
LEFT_OUT = (
    # Other programs, and what only developers run.
    *("config-*", "ensurepip", "idlelib", "pydoc_data", "pydoc.py", "site-packages", "sitecustomize.py"),
    *(
        "dist-packages",
        "EXTERNALLY-MANAGED",
        "test",
        "tkinter",
        "turtle.py",
        "turtledemo",
        "unittest",
        "venv",
    ),
    *("__phello__", "_pyrepl", "antigravity.py", "doctest.py", "this.py", "LICENSE.txt"),
    # Screens, old databases, and encodings of a document that nobody sends to a JSON service.
    *(
        "curses",
        "dbm",
        "_curses*",
        "_dbm*",
        "_gdbm*",
        "_tkinter*",
        "readline*",
        "_codecs_*",
        "_test*",
        "xxlimited*",
    ),
    *("_ctypes_test*", "_xxtestfuzz*"),
)
# Loaded by name at run time, so no file names it as needed: how glibc ends threads.
LOADED_BY_NAME = ("libgcc_s.so.1",)


def install(root: Path) -> list[Path]:
    """Copy executable and standard library to where Python looks for them from /usr/bin; gives back their sources."""
    source, standard = Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib"))
    executable = root / f"usr/bin/python{VERSION}"
    executable.parent.mkdir(parents=True)
    shutil.copyfile(source, executable)
    executable.chmod(0o755)
    library = root / f"usr/lib/python{VERSION}"
    shutil.copytree(standard, library, ignore=shutil.ignore_patterns("__pycache__", *LEFT_OUT))
    return [source, *(standard / path.relative_to(library) for path in library.rglob("*"))]


def link(root: Path) -> list[Path]:
    """Copy the loader and every library that something in `root` links to; gives back where they came from.

    All of them go to /usr/lib, which the loader searches without a cache. Raises LookupError with the names of
    libraries that the base lacks.
    """
    loader = Path(_loader(Path(sys.executable)))
    programs = [path for path in root.rglob("*") if path.is_file() and _is_elf(path)]
    needed, missing = _needed(loader, root, programs)
    if missing:
        raise LookupError(f"the base has no {', '.join(sorted(missing))}: add the packages that hold them")
    (root / "usr/lib").mkdir(parents=True, exist_ok=True)
    for library in sorted(needed):
        target = root / "usr/lib" / library.name
        shutil.copyfile(library, target)
        target.chmod(0o644)
    target = root / loader.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(loader, target)
    target.chmod(0o755)
    return sorted({*needed, loader})


def _needed(loader: Path, root: Path, programs: Iterable[Path]) -> tuple[set[Path], set[str]]:
    """Ask the loader itself, as `ldd` does (which is a shell script, and the base may have no shell)."""
    needed: set[Path] = set()
    missing: set[str] = set()
    for program in programs:
        listed = subprocess.run(  # noqa: S603
            [loader, "--list", program], capture_output=True, text=True, check=False
        ).stdout
        missing.update(re.findall(r"^\s*(\S+) => not found", listed, re.MULTILINE))
        for found in re.findall(r" => (/\S+)", listed):
            if not Path(found).resolve().is_relative_to(root.resolve()) and Path(found).name != loader.name:
                needed.add(Path(found))
    folders = {library.parent for library in needed}
    for name in LOADED_BY_NAME:
        found_here = next((folder / name for folder in sorted(folders) if (folder / name).exists()), None)
        needed.add(found_here) if found_here else missing.add(name)
    return needed, missing


def strip(root: Path) -> None:
    """Cut symbols and debugging notes off compiled code: they lie behind all that is ever loaded, 7 MB compressed."""
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink() and _is_elf(path):
            content = bytearray(path.read_bytes())
            end = max(offset + size for _, offset, size in _segments(bytes(content)))
            struct.pack_into("<Q", content, 40, 0)  # e_shoff: where the table of sections was
            struct.pack_into(
                "<HHH", content, 58, 0, 0, 0
            )  # its entries' size and number, and the one with names
            path.write_bytes(content[:end])


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _loader(executable: Path) -> str:
    """The program that the executable's ELF header names as its interpreter."""
    content = executable.read_bytes()
    for kind, offset, size in _segments(content):
        if kind == 3:  # PT_INTERP
            return content[offset : offset + size].rstrip(b"\0").decode()
    raise LookupError(f"{executable} is not linked dynamically")


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    (table,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    for number in range(count):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", content, table + number * size)
        yield kind, offset, length
