"""How many columns a reader's terminal has, and text that fits into them."""

import os
import sys
import textwrap
from collections.abc import Iterable
from typing import Final

USUAL: Final = 80
"""Columns where nobody says otherwise, and never more by themselves: longer lines read badly."""
UNBROKEN: Final = "100000"
"""COLUMNS for a command whose errors are read by a program: each is one line."""
_NARROWEST: Final = 40
_WITHOUT_CURSOR: Final = ("dumb", "unknown")


def count(number: int, one: str, many: str = "") -> str:
    """`1 resource`, `2 resources`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def columns() -> int:
    """Columns that a line may take: as COLUMNS says, else 80, or fewer where the terminal has fewer."""
    configured = os.environ.get("COLUMNS", "")
    if configured.isdecimal() and int(configured):
        return max(_NARROWEST, int(configured))
    return max(_NARROWEST, min(USUAL, _of_the_terminal()))


def _of_the_terminal() -> int:
    """What is read through a pager is still read in the terminal that the errors or the keys belong to."""
    for number in (1, 2, 0):
        try:
            if width := os.get_terminal_size(number).columns:
                return width
        except OSError:
            continue
    return USUAL


def can_rewrite_lines() -> bool:
    """Whether a line on stderr can be written over: a terminal that has a cursor to move."""
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") not in _WITHOUT_CURSOR


def wrapped(text: str, indent: str = "", hanging: str | None = None) -> list[str]:
    """One paragraph as lines that fit; a word is never broken, so that an ARN can be copied.

    Args:
        text: the paragraph.
        indent: what stands before its first line.
        hanging: what stands before the others; by default two spaces more than the indent.
    """
    return textwrap.wrap(
        text,
        columns(),
        initial_indent=indent,
        subsequent_indent=f"{indent}  " if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def fit(text: str) -> str:
    """Any text with its too long lines broken between words, the rest of each below its beginning."""
    width = columns()
    return "\n".join("\n".join(_broken(line)) if len(line) > width else line for line in text.split("\n"))


def errors_in(lines: Iterable[str]) -> list[str]:
    """What a command of `workbuoy` reported, each once, where its COLUMNS were UNBROKEN; else its last line, if any."""
    spoken = [line for line in lines if line.strip()]
    return marked_errors(spoken) or spoken[-1:]


def marked_errors(lines: Iterable[str]) -> list[str]:
    """What lines that begin with `error: ` say, each once: ours and the engine's mark them alike."""
    return list(dict.fromkeys(line.removeprefix("error: ") for line in lines if line.startswith("error: ")))


def _broken(line: str) -> list[str]:
    bare = line.lstrip(" ")
    indent = line[: len(line) - len(bare)]
    return wrapped(bare, indent) or [line]
