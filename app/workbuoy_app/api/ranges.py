"""`Range: bytes=…` (RFC 9110, section 14): one range, or none."""

from __future__ import annotations

import re

UNSATISFIABLE = (0, 0)
_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None for all of it, as several ranges and nonsense are too."""
    match = _ONE.fullmatch(header.replace(" ", "")) if header else None
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:  # the last so many
        length = min(int(match[2]), size)
        return (size - length, size) if length else UNSATISFIABLE
    first, last = int(match[1]), int(match[2]) if match[2] else size - 1
    if match[2] and int(match[2]) < first:
        return None
    return (first, min(last + 1, size)) if first < size else UNSATISFIABLE
