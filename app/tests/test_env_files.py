"""`.env` files as people and editors write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_process import command
from workbuoy_app.settings import SettingsError, read_env_files


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=plain", "plain"),
        ("export NAME=exported", "exported"),
        ("NAME = spaced", "spaced"),
        ('NAME="a # b"  # a comment', "a # b"),
        ("NAME='a # b'", "a # b"),
        ("NAME=a#b # a comment", "a#b"),
        ("NAME=p$word${HOME}", "p$word${HOME}"),
        ("\ufeffNAME=after a byte order mark", "after a byte order mark"),
        ("NAME=windows\r", "windows"),
        ("NAME=", ""),
    ],
)
def test_a_line_is_read_as_dotenv_reads_it(line: str, value: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(f"{line}\n".encode())
    assert read_env_files([tmp_path / ".env", tmp_path / "missing"], {}) == {"NAME": value}


def test_what_cannot_be_read_is_reported_at_once_by_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("A=1\nhush hush\n")
    (tmp_path / "latin").write_bytes("A=\xe5\n".encode("latin-1"))
    with pytest.raises(SettingsError) as error:
        read_env_files([tmp_path / "words", tmp_path / "latin", tmp_path], {})
    told = error.value.problems
    assert [line.removeprefix(str(tmp_path)) for line in told] == [
        "/words: line 2 is not NAME=value",
        "/latin cannot be read: is not UTF-8",
        " cannot be read: is a directory",
    ]


def test_a_command_ends_with_one_clear_line_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DATABASE_URL=postgresql://u:hush]@[h/db\n")
    outcome = command("--env-file", str(tmp_path / ".env"), "serve")
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("workbuoy-app: DATABASE_URL: the host must be")
    assert "Traceback" not in outcome.stderr
    assert "hush" not in outcome.stderr
