"""The report of a rehearsal: one self-contained HTML page.

`render` gives the page, `write` puts it into a file.
"""

from rehearsal.report.page import render
from rehearsal.report.writing import write

__all__ = ["render", "write"]
