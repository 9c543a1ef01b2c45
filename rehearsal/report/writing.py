"""Writing a report into a file: whole or not at all."""

import os
import tempfile
from datetime import datetime
from pathlib import Path

from infra.problems import Problem, ProblemsError
from rehearsal.report.page import render
from rehearsal.result import Rehearsal


def write(rehearsal: Rehearsal, path: Path, *, made_at: datetime | None = None) -> None:
    """Write the report of a rehearsal. What stood in the file stays until the new page is complete.

    Raises ProblemsError when the file cannot be written.
    """
    page = render(rehearsal, made_at=made_at).encode("utf-8", "xmlcharrefreplace")
    target = path.resolve()  # a link keeps pointing at what it points at
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(page)  # a device or a pipe is written to, never replaced by a file
        else:
            _replace(target, page)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ProblemsError([Problem(message=f"the report cannot be written to {path}: {reason}")]) from None


def _replace(target: Path, content: bytes) -> None:
    mode = target.stat().st_mode & 0o777 if target.is_file() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:64]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The process's mask, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
