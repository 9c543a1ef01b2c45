"""From the code to an archive under build/, with the SBOM beside it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from operations.image import engines, interface, wheelhouse
from operations.image.tools import workshop
from rehearsal.image.archive import SOURCE_LABEL, Architecture, Image, ImageError, archive_of
from rehearsal.image.source import source_digest, source_files

SBOM = "usr/share/workbuoy/sbom.cdx.json"


def build(
    root: Path,
    architecture: Architecture,
    *,
    engine: engines.Engine | None = None,
    archive: Path | None = None,
    notify: Callable[[str], None] = lambda _: None,
) -> Image:
    """Build the image of this checkout; `archive` and the SBOM beside it appear whole or not at all.

    Raises ImageError.
    """
    target = archive or archive_of(root, architecture)
    chosen = engines.choose(engine, architecture)
    app = root / "app"
    with workshop() as folder:
        context, made = folder / "context", folder / "image.tar"
        source = _lay_out(app, context)
        notify("Building the web interface")
        interface.build(context / "ui", folder)
        notify("Fetching wheels")
        wheelhouse.fetch(app / "requirements.lock", architecture, context / "wheelhouse", folder)
        notify(f"Building with {chosen}")
        if chosen == "docker":
            engines.build_with_docker(context, architecture, source, made, folder)
        else:
            engines.build_with_buildah(context, architecture, source, made, folder)
        image = Image.read(made)
        if image.labels.get(SOURCE_LABEL) != source:
            raise ImageError("the code changed while the image was built: build it again")
        notify("Writing the archive")
        image.unpack(folder / "files")
        target.parent.mkdir(parents=True, exist_ok=True)
        move_into_place(folder / "files" / SBOM, sbom_of(target))
        move_into_place(made, target)
    return Image.read(target)


def sbom_of(archive: Path) -> Path:
    """Where the SBOM of an archive lies."""
    return archive.with_suffix(".cdx.json")


def _lay_out(app: Path, context: Path) -> str:
    """Copy what the build reads, nothing else; gives back its checksum."""
    for file in source_files(app):
        copy = context / file.relative_to(app)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return source_digest(context)


def move_into_place(file: Path, target: Path) -> None:
    """Through a neighbour, since the temporary folder may be on another file system."""
    neighbour = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(file, neighbour)
        neighbour.replace(target)
    finally:
        neighbour.unlink(missing_ok=True)
