"""The image of this checkout, built and laid out once for the folder; skipped, saying so, where a tool is missing."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.image import engines, interface, wheelhouse
from operations.image.build import build
from rehearsal.image import Image, Unpacked, unpacked
from rehearsal.image.archive import this_machine

ROOT = Path(__file__).parent.parent.parent
APP = ROOT / "app"


@pytest.fixture(scope="package")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of the lock: they come by hash, so that each build gets the same. Skipped where a tool is missing."""
    tools = {**engines.TOOLS, **interface.TOOLS}
    missing = sorted(package for program, package in tools.items() if shutil.which(program) is None)
    if missing:
        pytest.skip(f"the image cannot be built: {', '.join(missing)} missing; .ci/run installs them as root")
    folder = tmp_path_factory.mktemp("wheels")
    wheelhouse.fetch(APP / "requirements.lock", this_machine(), folder / "wheelhouse", folder)
    return folder / "wheelhouse"


def build_here(archive: Path, wheels: Path) -> Image:
    """Build the image of wheels that were fetched before."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            wheelhouse, "fetch", lambda _lock, _architecture, target, _folder: shutil.copytree(wheels, target)
        )
        return build(ROOT, this_machine(), engine="buildah", archive=archive)


@pytest.fixture(scope="package")
def image(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Image:
    return build_here(tmp_path_factory.mktemp("image") / "one.tar", wheels)


@pytest.fixture(scope="package")
def files(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's files, to be looked at."""
    folder = tmp_path_factory.mktemp("files")
    image.unpack(folder)
    return folder


@pytest.fixture(scope="package")
def runnable(image: Image) -> Iterator[Unpacked]:
    """The image, ready to run."""
    if shutil.which("runc") is None:
        pytest.skip("the image cannot be run: runc missing; .ci/run installs it as root")
    if os.geteuid() != 0:
        pytest.skip("the image cannot be run: runc needs root here")
    with unpacked(image) as laid_out:
        yield laid_out
