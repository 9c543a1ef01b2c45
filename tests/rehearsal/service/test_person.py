"""A person's day in Chromium: real where all is there, and what is said where something is not."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from project.files import find_project
from rehearsal.cloud import running
from rehearsal.report.sections.service import _pictures
from rehearsal.run import Options, rehearse
from rehearsal.service import person
from rehearsal.service.result import Picture, ServiceRehearsal
from rehearsal.service.run import rehearse_service
from rehearsal.service.surroundings import Surroundings
from rehearsal.service.trial import StepError
from tests.conftest import PROJECT
from tests.rehearsal.service.test_surroundings import APP, installed

ORDER = {"address": "http://nobody.example"}


def node(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program in Node's place."""
    program = folder / "node"
    program.write_text(f"#!/bin/sh\nread order\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")


@installed
@pytest.mark.slow
@pytest.mark.skipif(bool(person.missing(APP, in_image=False)), reason=person.missing(APP, in_image=False) or "-")
def test_a_person_works_in_prods_service_by_keyboard_alone(surroundings: Surroundings) -> None:
    """Over https, logged in at a real provider, with attachments from the store, while the login rotates."""
    with running() as moto:
        rehearsal = rehearse(find_project(PROJECT), "prod", Options(), moto)
        cloud = moto.cloud(rehearsal.account, rehearsal.region)
        steps = [("a person in Chromium", person.spend_a_day)]
        found = rehearse_service(rehearsal, cloud, surroundings, further=steps)
    assert [step.detail for step in found.steps if not step.passed] == []
    assert "11 steps by keyboard, 5 MB from the store, through 2 rotations" in [step.detail for step in found.steps]
    assert len(found.pictures) == 11
    assert all(one.png.startswith(b"\x89PNG") for one in found.pictures)


def test_the_report_shows_what_the_person_saw_and_nothing_without_one() -> None:
    shown = _pictures(ServiceRehearsal(pictures=(Picture("log <in>", b"png"),)))
    assert shown == (
        "<h3>A person in Chromium, by the keyboard alone</h3>"
        '<div class="pictures"><figure><img src="data:image/png;base64,cG5n" alt="log &lt;in&gt;" loading="lazy">'
        "<figcaption>log &lt;in&gt;</figcaption></figure></div>"
    )
    assert _pictures(ServiceRehearsal()) is None


def test_the_step_that_failed_is_named_after_the_one_that_went_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = '{"step": "log in", "detail": "", "picture": "01.png", "waiting": false}'
    node(tmp_path, monkeypatch, f"echo '{first}'; echo '{{\"failed\": \"no heading\"}}'; exit 1")
    with pytest.raises(StepError, match="after log in: no heading"):
        person._run(tmp_path, ORDER, lambda: None)


def test_what_happens_meanwhile_happens_while_the_person_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    waiting = '{"step": "read", "detail": "", "picture": "01.png", "waiting": true}'
    node(tmp_path, monkeypatch, f"echo '{waiting}'; read on; test -f {tmp_path}/happened")
    assert len(person._run(tmp_path, ORDER, (tmp_path / "happened").touch)) == 1


@pytest.mark.parametrize("script", ["echo not json", "exit 4", "echo why >&2; exit 1"])
def test_a_browser_that_breaks_off_is_a_failed_step(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str
) -> None:
    node(tmp_path, monkeypatch, script)
    with pytest.raises(StepError, match="the browser's part"):
        person._run(tmp_path, ORDER, lambda: None)


def test_what_is_missing_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("node", "chromium"):
        (tmp_path / name).touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert person.missing(tmp_path, in_image=False) == "--browser needs the web interface built: make ui"
    (tmp_path / "ui/node_modules/playwright-core").mkdir(parents=True)
    assert person.missing(tmp_path, in_image=False).endswith("make ui")
    assert person.missing(tmp_path, in_image=True) == ""
    (tmp_path / "chromium").unlink()
    assert "apt-get install chromium" in person.missing(tmp_path, in_image=True)
    assert shutil.which("chromium") is None
