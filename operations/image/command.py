"""`workbuoy image build`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from operations.ending import INTERRUPTED, JSON, doing, fail, notify, print_json, print_text, report_errors
from operations.help import Commands
from operations.image.registry_command import copy_image, push

if TYPE_CHECKING:
    from operations.image.engines import Engine
    from rehearsal.image.archive import Architecture, Image


@click.group(cls=Commands)
def image() -> None:
    """The container image that serves, migrates and rotates."""


image.add_command(push)
image.add_command(copy_image)


@image.command()
@click.option(
    "--architecture",
    type=click.Choice(["arm64", "x86_64"]),
    help="Of the image; the stack's service.architecture must say the same. Default: this machine's.",
)
@click.option("--engine", type=click.Choice(["docker", "buildah"]), help="Default: Docker where its engine answers.")
@JSON
@report_errors
def build(architecture: "Architecture | None", engine: "Engine | None", json_wanted: bool) -> None:
    """Build the image of this checkout into build/image, with its SBOM beside it.

    The base is the build stage's alone: the image starts from nothing.
    """
    from operations.image.build import build as build_image
    from operations.image.build import sbom_of
    from project.files import find_project
    from rehearsal.image.archive import ImageError, this_machine

    try:
        built = build_image(find_project(Path.cwd()).root, architecture or this_machine(), engine=engine, notify=doing)
    except ImageError as error:
        fail(error.code, str(error))
    except KeyboardInterrupt:
        fail(INTERRUPTED, "interrupted; nothing is left behind")
    _print(built, sbom_of(built.archive), json_wanted)


def _print(built: "Image", sbom: Path, json_wanted: bool) -> None:
    facts = {
        "id": built.id,
        "platform": built.platform,
        "compressedBytes": built.compressed_bytes,
        "archive": str(built.archive),
        "sbom": str(sbom),
    }
    if json_wanted:
        print_json("image-build", facts)
        return
    print_text(f"image     {built.id}")
    print_text(f"size      {built.compressed_bytes / 1e6:.1f} MB compressed, {built.platform}")
    print_text(f"archive   {built.archive}")
    print_text(f"SBOM      {sbom}")
    notify("Try it: workbuoy rehearse prod --image")
