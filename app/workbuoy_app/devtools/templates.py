"""A folder that takes long to make is made once and copied from then on, from beside the virtual environment."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_FOLDER = "folder"


@dataclass(frozen=True)
class Template:
    """What is kept in `place`, readable by whoever keeps it alone; copies belong to whom the original does."""

    place: Path

    @classmethod
    def of(cls, kind: str, *made_by: object) -> Template | None:
        """This user's, of what is made by this; None outside a virtual environment, where nothing is kept."""
        if sys.prefix == sys.base_prefix:
            return None
        key = hashlib.sha256(repr((os.geteuid(), *made_by)).encode()).hexdigest()[:16]
        return cls(Path(sys.prefix) / "templates" / f"{kind}-{key}")

    def copy_to(self, folder: Path) -> bool:
        """Make `folder` from it; False where there is none, or a broken one."""
        copied = self.place.exists() and _copied(self.place / _FOLDER, folder)
        if not copied:
            shutil.rmtree(folder, ignore_errors=True)
        return copied

    def keep(self, folder: Path) -> None:
        """Keep a copy of `folder`, where that is possible and nobody else is just doing it."""
        part = self.place.with_suffix(".part")
        with suppress(OSError):
            self.place.parent.mkdir(exist_ok=True)
            with self.place.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self.place.exists():
                    return
                shutil.rmtree(part, ignore_errors=True)  # of one that was killed in the middle
                try:
                    part.mkdir(mode=0o700)
                    if _copied(folder, part / _FOLDER):
                        os.sync()  # what has its name is whole, also after the machine has crashed
                        part.rename(self.place)
                finally:
                    shutil.rmtree(part, ignore_errors=True)

    def discard(self) -> None:
        """It is no good: the next one to make the folder keeps a copy."""
        with suppress(OSError):
            broken = self.place.with_suffix(f".broken-{os.getpid()}")
            self.place.rename(broken)
            shutil.rmtree(broken, ignore_errors=True)


def _copied(source: Path, target: Path) -> bool:
    return subprocess.run(["cp", "-a", source, target], capture_output=True, check=False).returncode == 0
