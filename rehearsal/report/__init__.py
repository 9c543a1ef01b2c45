"""The report of a rehearsal: one self-contained HTML page.

`render` gives the page, `write` puts it into a file. The page's sections are loaded only then: what the report knows of
data and permissions is asked for without it, too.
"""

from datetime import datetime
from pathlib import Path

from project.whole_file import write_whole
from rehearsal.report.markup import Facts
from rehearsal.result import Rehearsal


def render(rehearsal: Rehearsal, *, made_at: datetime | None = None, about: Facts = ()) -> str:
    """The report as `rehearsal.report.page` renders it."""
    from rehearsal.report import page

    return page.render(rehearsal, made_at=made_at, about=about)


def write(rehearsal: Rehearsal, path: Path, *, made_at: datetime | None = None, about: Facts = ()) -> None:
    """Write it whole or not at all: what stood in the file stays until then. Raises ProblemsError where it cannot."""
    write_whole(path, render(rehearsal, made_at=made_at, about=about))
