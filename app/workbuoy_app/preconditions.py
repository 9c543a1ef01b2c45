"""ETag, If-Match and If-None-Match (RFC 9110, section 13): nobody overwrites what they have not seen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from workbuoy_app.database import Row
from workbuoy_app.problems import Problem

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PreconditionFailed(Problem):
    """It was changed meanwhile."""

    status = 412
    detail = (
        "This was changed since you read it. Read it again, then decide; the ETag here is the current one."
    )

    def __init__(self, current: str) -> None:
        super().__init__()
        self.headers = {"ETag": current}


def etag(row: Row) -> str:
    """A row's state: the microsecond of its last change, which every release writes."""
    return f'"{(row["updated_at"] - _EPOCH) // timedelta(microseconds=1):x}"'


@dataclass(frozen=True)
class IfMatch:
    """What a change demands of the present state: one of these tags, or (`*`) that there is any."""

    header: str

    def expect(self, row: Row) -> None:
        """Raises PreconditionFailed. A weak tag never matches."""
        current = etag(row)
        tags = {f'"{tag}"' for weak, tag in _TAG.findall(self.header) if not weak}
        if self.header.strip() != "*" and current not in tags:
            raise PreconditionFailed(current)


def is_known(current: str, if_none_match: str | None) -> bool:
    """Whether the asker has this state already."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or current in {f'"{tag}"' for _, tag in _TAG.findall(if_none_match)}
