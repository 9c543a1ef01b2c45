"""What a project's many YAML files mean, kept beside them: a command over 10,000 customers parses what changed alone.

Only the content is kept, never a verdict: every rule runs over it each time. A file counts as unchanged when its two
times, size and inode are what they were. A checkout or a copy changes some of them, so that an index which came along
says nothing. Whatever does not fit is read again, and an index that cannot be read or written costs time alone.
"""

import hashlib
import json
import os
import tempfile
import time
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from infra import yaml_text, yaml_values
from infra.yaml_text import read_yaml

FILE = Path(".workbuoy/yaml-index.json")
WORTH_KEEPING = 100  # so many files are parsed in a few hundredths of a second
_SETTLED_NS = 2_000_000_000  # a file can change again within one tick of its clock, and look the same
_Stamp = tuple[int, ...]


class Index:
    """The contents of files below one folder. `of` may be asked again at any time: each call looks at the file."""

    def __init__(self, root: Path) -> None:
        self._root, self._file = root, root / FILE
        self._kept: dict[str, tuple[_Stamp, dict[str, Any]]] = self._load()
        self._new = 0

    def of(self, name: str) -> dict[str, Any]:
        """The content of a file that holds one mapping; `name` is its path from the folder.

        Raises:
            ProblemsError: as `read_yaml` does.
        """
        try:
            status = os.stat(f"{self._root}/{name}")
        except (OSError, ValueError):
            return read_yaml(self._root / name, name).content  # which says what is wrong
        stamp = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
        kept = self._kept.get(name)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        content = read_yaml(self._root / name, name).content
        if max(status.st_mtime_ns, status.st_ctime_ns) < time.time_ns() - _SETTLED_NS:
            self._kept[name] = stamp, content
            self._new += 1
        return content

    def keep(self) -> None:
        """Write what was read, where it is worth it."""
        if self._new < WORTH_KEEPING:
            return
        text = json.dumps({"reader": _reader(), "files": self._kept}, ensure_ascii=False, separators=(",", ":"))
        with suppress(OSError):  # a folder that is read-only, or a full disk: the next command parses again
            self._file.parent.mkdir(exist_ok=True)
            handle, written = tempfile.mkstemp(dir=self._file.parent, prefix=f".{self._file.name}.")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as opened:
                    opened.write(text)
                os.replace(written, self._file)
            except BaseException:
                Path(written).unlink(missing_ok=True)
                raise
        self._new = 0

    def _load(self) -> dict[str, tuple[_Stamp, dict[str, Any]]]:
        try:
            found = json.loads(self._file.read_bytes())
            if found["reader"] != _reader():
                return {}
            return {name: (tuple(map(int, stamp)), dict(content)) for name, (stamp, content) in found["files"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}


@lru_cache(maxsize=8)
def index_of(root: Path) -> Index:
    """The index of a project, read once a process."""
    return Index(root)


@cache
def _reader() -> str:
    """Which reader made the contents: another one may mean something else by the same file."""
    sources = b"".join(Path(str(module.__file__)).read_bytes() for module in (yaml_text, yaml_values))
    return f"{yaml.__version__} {hashlib.sha256(sources).hexdigest()}"
