"""Writing a file whole or not at all."""

import os
import tempfile
from pathlib import Path

from infra.problems import Problem, ProblemsError


def write_whole(path: Path, text: str) -> None:
    """Write a file. What stood in it stays until the new content is complete.

    Raises ProblemsError when it cannot be written.
    """
    content = text.encode("utf-8", "xmlcharrefreplace")
    target = path.resolve()  # a link keeps pointing at what it points at
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(content)  # a device or a pipe is written to, never replaced by a file
        else:
            _replace(target, content)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ProblemsError([Problem(message=f"{path} cannot be written: {reason}")]) from None


def require_writable(path: Path) -> None:
    """Refuse, before any work is done for it, a place in which a file could not be written at the end.

    Raises ProblemsError.
    """
    target = path.resolve()
    if target.is_dir():
        problem = "is a folder; name a file"
    elif not target.parent.is_dir():
        problem = f"there is no folder {path.parent}; make it first"
    elif not _can_be_written(target):
        problem = "cannot be written there; name another place"
    else:
        return
    raise ProblemsError([Problem(message=f"{path}: {problem}")])


def _can_be_written(target: Path) -> bool:
    """By trying, where a file is put beside its place: what the rights say is no answer on every file system."""
    if target.exists() and not target.is_file():
        return os.access(target, os.W_OK)
    try:
        with tempfile.TemporaryFile(dir=target.parent):
            return True
    except OSError:
        return False


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
