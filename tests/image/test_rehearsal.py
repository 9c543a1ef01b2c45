"""The very image in what the stack made: all steps of the service's rehearsal, under runc."""

import shutil
from pathlib import Path

import pytest

from project.files import Project, find_project
from rehearsal.cloud import running
from rehearsal.image import Image, ImageError, Unpacked
from rehearsal.run import Options, rehearse
from rehearsal.service.run import rehearse_service
from rehearsal.service.surroundings import Surroundings
from rehearsal.whole import ServiceOptions, rehearse_whole
from tests.conftest import PROJECT
from tests.image.conftest import APP
from tests.image.test_build import copy_of_app
from tests.rehearsal.service.test_surroundings import installed


@installed
@pytest.mark.slow
def test_the_image_does_what_the_service_must_in_what_prod_made(runnable: Unpacked) -> None:
    with Surroundings(APP) as surroundings, running() as moto:
        rehearsal = rehearse(find_project(PROJECT), "prod", Options(), moto)
        cloud = moto.cloud(rehearsal.account, rehearsal.region)
        found = rehearse_service(rehearsal, cloud, surroundings, programs=runnable)
    assert [step.detail for step in found.steps if not step.passed] == []
    assert found.passed


def rehearse_in_image(root: Path) -> None:
    project = Project("workbuoy", root, root / "infra")
    rehearse_whole(project, "dev", Options(), ServiceOptions(in_image=True))


def test_a_missing_image_is_reported_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    with pytest.raises(ImageError, match="`make image` builds it"):
        rehearse_in_image(tmp_path)


@pytest.mark.slow
def test_an_image_that_does_not_match_the_code_is_refused(image: Image, tmp_path: Path) -> None:
    folder = tmp_path / "build" / "image"
    folder.mkdir(parents=True)
    shutil.copy(image.archive, folder / f"workbuoy-app-{'arm64' if 'arm' in image.platform else 'x86_64'}.tar")
    copy_of_app(tmp_path)
    (tmp_path / "app/image/inventory.py").unlink()
    with pytest.raises(ImageError, match="does not match the code"):
        rehearse_in_image(tmp_path)
