"""The file is whole or it is not touched."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.problems import ProblemsError
from rehearsal.report import render, write
from rehearsal.result import Rehearsal, Rehearsed

Part = Callable[..., Rehearsed]
Whole = Callable[..., Rehearsal]


def test_the_page_is_written(tmp_path: Path, whole: Whole) -> None:
    file = tmp_path / "a report.html"
    write(whole(), file)
    assert file.read_text(encoding="utf-8") == render(whole())
    assert list(tmp_path.iterdir()) == [file]


def test_a_write_that_fails_leaves_the_old_page(tmp_path: Path, whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report.html"
    file.write_text("the old one")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ProblemsError, match="No space left on device"):
        write(whole(), file)
    assert file.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", ["missing/report.html", "folder"])
def test_a_place_that_takes_no_file_is_a_person_s_mistake(tmp_path: Path, whole: Whole, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ProblemsError, match=name):
        write(whole(), tmp_path / name)
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


def test_a_file_s_permissions_and_a_link_to_it_stay(tmp_path: Path, whole: Whole) -> None:
    file, link = tmp_path / "report.html", tmp_path / "latest.html"
    file.write_text("the old one")
    file.chmod(0o640)
    link.symlink_to(file)
    write(whole(), link)
    assert link.is_symlink()
    assert "<!doctype html>" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path, whole: Whole) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(whole(), pipe)
        assert os.read(reading, 15) == b"<!doctype html>"
    finally:
        os.close(reading)
    assert pipe.is_fifo()


def test_letters_that_no_encoding_takes_do_not_stop_the_page(tmp_path: Path, part: Part, whole: Whole) -> None:
    file = tmp_path / "report.html"
    write(whole(part("sns/topic:Topic", "half \udcff and \x00 whole")), file)
    assert "half &#56575; and" in file.read_text(encoding="utf-8")
