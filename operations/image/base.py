"""The build stage's base where no registry is at hand: Python and what it links to, from Debian's packages."""

from pathlib import Path

from operations.image.tools import require, run
from rehearsal.image.archive import OCI_NAMES, Architecture

SUITE = "trixie"
PACKAGES = ("base-files", "libpython3.13-stdlib", "libstdc++6", "python3.13-minimal")
TOOLS = {"mmdebstrap": "mmdebstrap"}

# Packages are unpacked, not installed, which takes a quarter of the time; so dpkg's own records, from which the SBOM
# learns which package a library is of, are written here.
RECORD = r"""
set -e
for package in "$1"/var/cache/apt/archives/*.deb; do
  name=$(dpkg-deb --field "$package" Package)
  { dpkg-deb --field "$package" Package Source Version Architecture; echo; } >>"$1/var/lib/dpkg/status"
  dpkg-deb --fsys-tarfile "$package" | tar --list | sed -e 's/^\.//' >"$1/var/lib/dpkg/info/$name.list"
done
"""


def make(architecture: Architecture, archive: Path, folder: Path) -> None:
    """Write the base as a tar file. Raises ImageError."""
    require(TOOLS, "a base without a registry")
    hook = folder / "record-packages"
    hook.write_text(f"#!/bin/sh{RECORD}")
    hook.chmod(0o755)
    run(
        [
            *("mmdebstrap", "--quiet", "--variant=extract", f"--architectures={OCI_NAMES[architecture]}"),
            *(f"--include={','.join(PACKAGES)}", f"--extract-hook={hook}", SUITE, str(archive)),
        ],
        folder,
        "making the base from Debian's packages",
    )
