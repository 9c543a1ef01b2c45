"""Writing a report into a file: whole or not at all."""

from datetime import datetime
from pathlib import Path

from project.whole_file import write_whole
from rehearsal.report.markup import Facts
from rehearsal.report.page import render
from rehearsal.result import Rehearsal


def write(rehearsal: Rehearsal, path: Path, *, made_at: datetime | None = None, about: Facts = ()) -> None:
    """Write the report of a rehearsal. What stood in the file stays until the new page is complete.

    Raises ProblemsError when the file cannot be written.
    """
    write_whole(path, render(rehearsal, made_at=made_at, about=about))
