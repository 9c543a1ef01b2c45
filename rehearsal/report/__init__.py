"""The report of a rehearsal: one self-contained HTML page.

`render` gives the page, `write` puts it into a file. Both load the page's sections only when they are called: what the
report knows of data and permissions is asked for without it, too.
"""

from datetime import datetime
from pathlib import Path

from rehearsal.report.markup import Facts
from rehearsal.result import Rehearsal


def render(rehearsal: Rehearsal, *, made_at: datetime | None = None, about: Facts = ()) -> str:
    """The report as `rehearsal.report.page` renders it."""
    from rehearsal.report import page  # noqa: PLC0415

    return page.render(rehearsal, made_at=made_at, about=about)


def write(rehearsal: Rehearsal, path: Path, *, made_at: datetime | None = None, about: Facts = ()) -> None:
    """Write the report as `rehearsal.report.writing` does; raises as it does."""
    from rehearsal.report import writing  # noqa: PLC0415

    writing.write(rehearsal, path, made_at=made_at, about=about)
