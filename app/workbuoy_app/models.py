"""What goes in and out, as OpenAPI shows it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from workbuoy_app.rights import Right, Role

# Postgres stores no NUL character in text.
NO_NUL = r"^[^\x00]*$"
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]
Body = Annotated[str, Field(max_length=20_000, pattern=NO_NUL)]
Search = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _written_out(value: object) -> object:
    """A bare number would pass for seconds since 1970."""
    if isinstance(value, str) and not _DAY.match(value):
        raise ValueError("a time is written as in RFC 3339, such as 2026-11-26T09:30:00Z")
    return value


def _in_utc(value: datetime) -> datetime:
    """Where the first or the last year has no such hour, the caller is told so, and no database has to cope."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time is within the years 1 to 9999 in UTC") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]
FileName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f/\\]+$")]


class Status(StrEnum):
    """How far a thing has come."""

    OPEN = "open"
    ACTIVE = "active"
    DONE = "done"


EXAMPLE: dict[str, JsonValue] = {
    "title": "Call the printer",
    "body": "Two hundred posters, before Friday.",
    "status": "open",
}


class Input(BaseModel):
    """What is sent: each field as it is declared, and no other."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ThingInput(Input):
    """A thing as its owner writes it."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    title: Title
    body: Body = ""
    status: Annotated[Status, Field(strict=False)] = Status.OPEN

    def written(self) -> dict[str, str]:
        """The columns' values."""
        return {"title": self.title, "body": self.body, "status": self.status.value}


class ThingPatch(Input):
    """What changes of a thing, as a JSON merge patch (RFC 7396): null gives a field its default back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "done"}]})

    title: Annotated[
        Title | SkipJsonSchema[None], Field(description="Has no default, so it cannot be null")
    ] = None
    body: Body | None = None
    status: Annotated[Status | None, Field(strict=False)] = None

    @model_validator(mode="after")
    def _title_stays(self) -> ThingPatch:
        if "title" in self.model_fields_set and self.title is None:
            raise ValueError("title cannot be null: a thing has one")
        return self

    def written(self) -> dict[str, str]:
        """The values of those columns that change."""
        whole = ThingInput(
            title=self.title or "-",
            body=self.body or "",
            status=self.status or Status.OPEN,
        ).written()
        return {name: value for name, value in whole.items() if name in self.model_fields_set}


class Sort(StrEnum):
    """In which order of their creation."""

    NEWEST = "newest"
    OLDEST = "oldest"


class PageQuery(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[
        UUID | SkipJsonSchema[None],
        Field(description="`next_cursor` of the page before; the first page has none"),
    ] = None

    def answer(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """A page of `rows`, of which one more than `limit` was asked for."""
        more = len(rows) > self.limit
        return {"items": rows[: self.limit], "next_cursor": rows[self.limit - 1]["id"] if more else None}


class ThingQuery(PageQuery):
    """Which things to list, in which order."""

    sort: Annotated[Sort, Field(description="A cursor goes on in the order that it came from")] = Sort.NEWEST
    count: Annotated[bool, Field(description="Say in `total` how many there are on all pages")] = False
    status: Status | SkipJsonSchema[None] = None
    created_from: Annotated[
        Moment | SkipJsonSchema[None], Field(description="Created at this time or later")
    ] = None
    created_before: Annotated[
        Moment | SkipJsonSchema[None], Field(description="Created before this time")
    ] = None
    search: Annotated[
        Search | SkipJsonSchema[None],
        Field(
            description="Words, or their beginnings, that all are in title or body; case and accents do not count"
        ),
    ] = None


class Thing(BaseModel):
    """A tenant's record."""

    id: UUID
    title: str
    body: str
    status: Status
    created_at: datetime
    updated_at: datetime


class ThingPage(BaseModel):
    """Some things, and where the next ones begin."""

    items: list[Thing]
    next_cursor: UUID | None
    total: Annotated[int | None, Field(description="On all pages, where `count` was asked for")] = None


class Attachment(BaseModel):
    """A file that belongs to a thing."""

    id: UUID
    thing_id: UUID
    name: str
    content_type: str
    size_bytes: int
    sha256: Annotated[str, Field(description="Checksum of the content, hexadecimal")]
    created_at: datetime


class AttachmentList(BaseModel):
    """A thing's attachments, newest first; at most a hundred."""

    items: list[Attachment]


class Caller(BaseModel):
    """Who is logged in."""

    tenant_id: UUID
    tenant: str
    member_id: UUID
    subject: str
    role: Role
    rights: Annotated[
        list[Right], Field(description="The role's; through an API token, those of them that it names")
    ]
    session_expires_at: datetime


class LoggedOut(BaseModel):
    """The session is over here; the provider's own is not, until the browser goes there."""

    end_session_url: str | None


class Health(BaseModel):
    """The process answers."""

    status: str
    version: str


class Readiness(BaseModel):
    """Whether the service can do its work, part by part: `ok` or why not."""

    ready: bool
    database: str
    schema_state: str
    storage: str
