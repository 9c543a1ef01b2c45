"""What builds: Docker or buildah. Each writes an OCI archive of one single-platform image."""

import shutil
import subprocess
from pathlib import Path
from typing import Literal

from operations.image import base
from operations.image.tools import IMPOSSIBLE, require, run
from rehearsal.image.archive import OCI_NAMES, Architecture, ImageError, this_machine

Engine = Literal["docker", "buildah"]
TOOLS = {"buildah": "buildah", **base.TOOLS}
NAME = "workbuoy-app"


def choose(requested: Engine | None, architecture: Architecture) -> Engine:
    """Docker where an engine answers, else buildah.

    Raises ImageError (code 4) naming packages where neither is, and where buildah would have to emulate.
    """
    if requested != "buildah" and _docker_answers():
        return "docker"
    if requested == "docker":
        raise ImageError("no Docker engine answers; leave --engine out to build with buildah", IMPOSSIBLE)
    require(TOOLS, "no Docker engine answers, so building the image")
    if architecture != this_machine():
        raise ImageError(
            f"this machine cannot run {architecture}: build on one that does, or with Docker and its emulation",
            IMPOSSIBLE,
        )
    return "buildah"


def build_with_docker(context: Path, architecture: Architecture, source: str, archive: Path, folder: Path) -> None:
    """Provenance would make an index of the manifest, which Lambda refuses."""
    tag = f"{NAME}:{architecture}"
    run(
        [
            *("docker", "buildx", "build", f"--platform=linux/{OCI_NAMES[architecture]}", "--network=none"),
            *("--provenance=false", "--sbom=false", "--build-arg=SOURCE_DATE_EPOCH=0", f"--build-arg=SOURCE={source}"),
            *(f"--tag={tag}", "--load", "--quiet", str(context)),
        ],
        folder,
        "docker build",
    )
    run(["docker", "image", "save", f"--output={archive}", tag], folder, "docker image save")


def build_with_buildah(context: Path, architecture: Architecture, source: str, archive: Path, folder: Path) -> None:
    """In a store of its own inside `folder`, so that nothing stays and no image of this machine is touched."""
    buildah = [
        *("buildah", "--storage-driver=vfs", f"--root={folder / 'store'}", f"--runroot={folder / 'run'}"),
        *("--log-level=error",),
    ]
    files = folder / "base.tar"
    base.make(architecture, files, folder)
    made = run([*buildah, "from", f"--arch={OCI_NAMES[architecture]}", "scratch"], folder, "buildah from").strip()
    run([*buildah, "add", "--quiet", made, str(files), "/"], folder, "buildah add")
    run([*buildah, "commit", "--quiet", "--rm", made, "localhost/base"], folder, "buildah commit")
    files.unlink()
    run(
        [
            *(*buildah, "bud", "--isolation=chroot", "--layers=false", "--pull-never", "--timestamp=0", "--format=oci"),
            *(f"--arch={OCI_NAMES[architecture]}", "--build-arg=BASE=localhost/base"),
            *(f"--build-arg=SOURCE={source}", f"--tag=localhost/{NAME}", "--quiet", str(context)),
        ],
        folder,
        "buildah bud",
    )
    destination = f"oci-archive:{archive}:{NAME}"
    run([*buildah, "push", "--quiet", f"localhost/{NAME}", destination], folder, "buildah push")


def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    try:
        completed = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=10,
        )
    except subprocess.TimeoutExpired:
        return False
    return completed.returncode == 0
