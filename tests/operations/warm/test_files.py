"""Which files changed, without looking into what is installed or built."""

import os
from pathlib import Path

from operations.warm.files import Files


def test_new_changed_and_removed_files_are_named_once(tmp_path: Path) -> None:
    for name in ("same", "changed", "removed"):
        (tmp_path / name).write_text("1")
    files = Files(tmp_path)
    assert files.changed() == []
    (tmp_path / "changed").write_text("12")
    (tmp_path / "removed").unlink()
    (tmp_path / "new").write_text("1")
    assert files.changed() == [tmp_path / "changed", tmp_path / "new", tmp_path / "removed"]
    assert files.changed() == []


def test_a_file_that_an_editor_puts_in_another_s_place_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("1")
    before = file.stat()
    files = Files(tmp_path)
    (tmp_path / ".swap").write_text("2")
    os.utime(tmp_path / ".swap", ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(tmp_path / ".swap", file)
    assert files.changed() == [file]


def test_nothing_is_looked_for_in_virtual_environments_builds_hidden_folders_and_rehearsals(tmp_path: Path) -> None:
    names = ("venv", "build", "node_modules", ".git", "workbuoy-rehearsal-1", "app/__pycache__")
    folders = [tmp_path / name for name in names]
    for folder in folders:
        folder.mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").write_text("")
    files = Files(tmp_path)
    for folder in folders:
        (folder / "file").write_text("")
    os.symlink("nowhere", tmp_path / "link")
    assert files.changed() == []
