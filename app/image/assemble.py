"""Make the image's root file system from the base and the wheelhouse; runs in the build stage, without network.

    python assemble.py BUILD_FOLDER OUTPUT_FOLDER

BUILD_FOLDER holds `wheelhouse`, `workbuoy_app`, `image`, and `ui` with its lock and `dist`. OUTPUT_FOLDER gets `base`
and `service`, one a layer.
Every file belongs to root, can be read by any uid, and is as old as any other, so that two builds give one image.
"""

from __future__ import annotations

import compileall
import json
import os
import py_compile
import re
import shutil
import sys
from pathlib import Path

import authorities
import interpreter
import inventory
import wheels

PACKAGES = "usr/lib/workbuoy"
LAUNCHER = f"""#!/usr/bin/python{interpreter.VERSION} -IuSB
import sys

sys.path.append("/{PACKAGES}")
from workbuoy_app.cli import main

sys.exit(main())
"""
ETC = {
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    # Without it glibc asks DNS before it reads /etc/hosts.
    "nsswitch.conf": "hosts: files dns\n",
    "passwd": "root:x:0:0::/:/nonexistent\nworkbuoy:x:10001:10001::/:/nonexistent\n",
    "group": "root:x:0:\nworkbuoy:x:10001:\n",
}
MOUNT_POINTS = ("dev", "proc", "sys", "tmp")


def main(build: Path, output: Path) -> None:
    """Fill both layers."""
    base, service = output / "base", output / "service"
    copied = interpreter.install(base)
    installed = wheels.install(build / "wheelhouse", base / PACKAGES)
    copied += interpreter.link(base)
    authorities.install(base, base / PACKAGES, build / "image/rds-roots.pem")
    for name, content in ETC.items():
        _write(base / "etc" / name, content)
    for name in MOUNT_POINTS:
        (base / name).mkdir()

    package = service / PACKAGES / "workbuoy_app"
    shutil.copytree(build / "workbuoy_app", package, ignore=shutil.ignore_patterns("__pycache__", "devtools"))
    shutil.copytree(build / "ui/dist", package / "ui", ignore=shutil.ignore_patterns("packages.json"))
    launcher = _write(service / "usr/bin/workbuoy-app", LAUNCHER)
    (found,) = re.findall(r'^__version__ = "(.+)"$', (package / "__init__.py").read_text(), re.MULTILINE)
    document = inventory.bill_of_materials(
        "workbuoy-app", found, installed, copied, authorities.RDS_SHA256, ui=build / "ui"
    )
    _write(
        service / "usr/share/workbuoy/sbom.cdx.json", json.dumps(document, indent=1, sort_keys=True) + "\n"
    )
    interpreter.strip(base)
    for layer in (base, service):
        _compile(layer, sources=layer == service)
        _settle(layer, executable={launcher, base / f"usr/bin/python{interpreter.VERSION}"})


def _write(file: Path, content: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def _compile(layer: Path, *, sources: bool) -> None:
    """Byte code for all: nothing can be written when it runs, and compiling takes longer than starting.

    Without `sources` it takes their place, 7 MB compressed; a traceback then shows the line's number alone.
    """
    compileall.compile_dir(
        layer,
        quiet=2,
        legacy=not sources,
        stripdir=str(layer),
        prependdir="/",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    for source in () if sources else layer.rglob("*.py"):
        source.unlink()


def _settle(layer: Path, executable: set[Path]) -> None:
    for path in sorted(layer.rglob("*"), reverse=True):
        if not path.is_symlink():
            loads = path in executable or path.name.startswith("ld-linux")
            path.chmod(0o755 if path.is_dir() or loads else 0o644)
        os.utime(path, (0, 0), follow_symlinks=False)
    layer.chmod(0o755)
    os.utime(layer, (0, 0))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except (LookupError, ValueError) as problem:
        sys.exit(f"assemble: {problem}")
