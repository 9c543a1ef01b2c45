"""The embedded Postgres, where several start at once; how it ends is tried in the infrastructure's tests."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

import pytest

from workbuoy_app.devtools import embedded_postgres


@pytest.mark.parametrize("moment", ["before it is locked", "once it is locked"])
def test_a_folder_whose_lock_is_just_being_taken_is_no_abandoned_one(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock

    def locks(file: IO[str], how: int) -> None:
        if how == fcntl.LOCK_EX and moment.startswith("before"):
            embedded_postgres._sweep(tmp_path)
        lock(file, how)
        if how == fcntl.LOCK_EX and moment.startswith("once"):
            embedded_postgres._sweep(tmp_path)

    monkeypatch.setattr(fcntl, "flock", locks)
    folder, janitor = embedded_postgres._with_janitor(tmp_path)
    assert folder.is_dir()
    janitor.communicate()
    assert not folder.exists()
