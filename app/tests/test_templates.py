"""A Postgres begins with a copy of what `initdb` made once; nothing that is wrong with that copy stops it."""

from __future__ import annotations

import fcntl
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from workbuoy_app.devtools import embedded_postgres, postgres_data
from workbuoy_app.devtools.embedded_postgres import OWNER, SUPERUSER
from workbuoy_app.devtools.templates import Template

pytestmark = pytest.mark.lengthy


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A virtual environment in which nothing is kept yet, of a machine that does not crash."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(os, "sync", lambda: None)  # it waits for what every other test writes
    return tmp_path


@pytest.fixture
def original(tmp_path: Path) -> Path:
    folder = tmp_path / "original"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner/file").write_text("content")
    return folder


def template(*made_by: str) -> Template:
    found = Template.of("kind", *made_by)
    assert found is not None
    return found


def test_a_copy_is_what_was_kept_and_only_its_owner_reads_what_is_kept(prefix: Path, original: Path) -> None:
    assert not template().copy_to(prefix / "copy"), "there is none yet"
    assert not (prefix / "copy").exists()
    template().keep(original)
    (original / "inner/file").write_text("changed since")
    assert template().copy_to(prefix / "copy")
    assert (prefix / "copy/inner/file").read_text() == "content"
    assert stat.S_IMODE(template().place.stat().st_mode) == 0o700
    assert not template("something else").copy_to(prefix / "another")


def test_what_a_killed_one_left_is_none_and_is_made_anew(prefix: Path, original: Path) -> None:
    part = template().place.with_suffix(".part")
    (part / "folder").mkdir(parents=True)
    assert not template().copy_to(prefix / "copy")
    template().keep(original)
    assert template().copy_to(prefix / "copy")
    assert not part.exists()


def test_one_that_is_discarded_is_none(prefix: Path, original: Path) -> None:
    template().keep(original)
    template().discard()
    template().discard()
    assert not template().copy_to(prefix / "copy")
    assert [one.suffix for one in template().place.parent.iterdir()] == [".lock"]


def test_what_cannot_be_copied_leaves_nothing(prefix: Path, original: Path) -> None:
    template().keep(original)
    (template().place / "folder").rename(template().place / "elsewhere")
    assert not template().copy_to(prefix / "copy")
    assert not (prefix / "copy").exists()


def test_nothing_is_kept_while_another_process_does_it_or_where_nothing_can_be(
    prefix: Path, original: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template().place.parent.mkdir()
    with template().place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        template().keep(original)
    assert not template().place.exists()
    monkeypatch.setattr(sys, "prefix", str(original / "inner/file"))
    template().keep(original)
    assert not template().copy_to(prefix / "copy")
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    assert Template.of("kind") is None


@pytest.mark.database
def test_a_server_begins_with_a_copy_and_has_a_password_of_its_own(
    prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = counted(monkeypatch)
    with embedded_postgres.running() as first:
        pass
    with embedded_postgres.running() as second:
        assert len(made) == 1
        assert first.password != second.password
        for role in (SUPERUSER, OWNER):
            psycopg.connect(second.url(role)).close()
            for wrong in (first.password, "none"):
                with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                    psycopg.connect(second.url(role, password=wrong))
    (kept,) = (one for one in (prefix / "templates").iterdir() if one.is_dir())
    passwords = first.password.encode(), second.password.encode()
    files = [one.read_bytes() for one in kept.rglob("*") if one.is_file()]
    assert files
    assert not any(password in content for content in files for password in passwords)


def test_a_template_that_is_broken_is_made_anew(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = counted(monkeypatch)
    with embedded_postgres.running():
        pass
    (control,) = (prefix / "templates").glob("*/folder/global/pg_control")
    control.write_bytes(b"")
    for _ in range(2):
        with embedded_postgres.running() as server:
            psycopg.connect(server.url()).close()
    assert len(made) == 2


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that `initdb` makes."""
    made: list[Path] = []
    stock = postgres_data._make_data

    def make(binaries: Path, folder: Path, arguments: Sequence[str], user: Any) -> None:
        made.append(folder)
        stock(binaries, folder, arguments, user)

    monkeypatch.setattr(postgres_data, "_make_data", make)
    return made
