"""Request headers that several endpoints take."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from workbuoy_app.preconditions import IfMatch

# On the string itself: of an optional header's union the document would show no constraint.
_Key = Annotated[str, Field(pattern=r"^([A-Za-z0-9_.:-]{8,200})?$")]
_Tags = Annotated[str, Field(max_length=1_000)]

IdempotencyKey = Annotated[
    _Key | SkipJsonSchema[None],
    Header(
        alias="Idempotency-Key",
        description="A new value for each request, the same when it is sent again: it is done once within a day",
    ),
]
IfMatchHeader = Annotated[
    _Tags | SkipJsonSchema[None],
    Header(alias="If-Match", description="The ETag of what was read; 412 where it has been changed since"),
]
IfNoneMatchHeader = Annotated[
    _Tags | SkipJsonSchema[None],
    Header(alias="If-None-Match", description="An ETag that is known; 304 where it still holds"),
]


def demanded(header: str | None) -> IfMatch | None:
    """The precondition, if there is one."""
    return None if header is None else IfMatch(header)
