"""Which files of a project changed since the last look."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rehearsal.scratch import PREFIX

_Stamp = tuple[int, int, int]
_NOT_BEGINNING: Final = (".", PREFIX)
_NOT_LOOKED_INTO: Final = ("build", "node_modules", "__pycache__")


class Files:
    """The files of a project as they stood at the last look.

    Looking at a thousand files takes some milliseconds. The kernel's own notices would have to be asked for in each of
    the thousands of folders of the virtual environments too, since no library leaves folders out.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen = dict(self._look())

    def changed(self) -> list[Path]:
        """Files that are new, gone or different, sorted."""
        before, self._seen = self._seen, dict(self._look())
        return sorted({Path(file) for file, _ in self._seen.items() ^ before.items()})

    def _look(self) -> Iterator[tuple[str, _Stamp]]:
        for folder, folders, files in os.walk(self._root):
            if "pyvenv.cfg" in files:
                folders.clear()
                continue
            folders[:] = [one for one in folders if not one.startswith(_NOT_BEGINNING) and one not in _NOT_LOOKED_INTO]
            for name in files:
                file = f"{folder}/{name}"
                try:
                    status = os.stat(file)
                except OSError:  # gone since, or a link that leads nowhere
                    continue
                yield file, (status.st_mtime_ns, status.st_size, status.st_ino)
