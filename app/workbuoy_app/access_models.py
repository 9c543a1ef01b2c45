"""Members, API tokens and the audit trail, as OpenAPI shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from workbuoy_app.models import NO_NUL, Input, Moment, PageQuery
from workbuoy_app.rights import Right, Role

_Role = Annotated[
    Role,
    Field(strict=False, description="admin: all; editor: reads and writes things; reader: reads things"),
]


def _whole(value: object) -> object:
    """JSON has one kind of number: 90.0 is an integer too."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_WHOLE = BeforeValidator(_whole)
_Days = Annotated[int, Field(ge=1, le=365, description="Days until the token ends"), _WHOLE]


class MemberInput(Input):
    """Who is to be a member: the `sub` that the login provider gives this person."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"subject": "248289761001", "role": "editor"}]})

    subject: Annotated[str, Field(min_length=1, max_length=255, pattern=NO_NUL)]
    role: _Role = Role.EDITOR


class RoleChange(Input):
    """A member's new role."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "admin"}]})

    role: _Role


class Member(BaseModel):
    """Who may log in to the tenant."""

    id: UUID
    issuer: Annotated[str, Field(description="The login provider that `subject` is of")]
    subject: str
    role: Role
    created_at: datetime


class MemberPage(BaseModel):
    """Some members, the oldest first, and where the next ones begin."""

    items: list[Member]
    next_cursor: UUID | None


class TokenInput(Input):
    """What a token is for, and what it may do of what its member may."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "nightly import", "scopes": ["things:read", "things:write"]}]
        }
    )

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=NO_NUL)]
    scopes: Annotated[list[Annotated[Right, Field(strict=False)]], Field(min_length=1, max_length=len(Right))]
    expires_in_days: _Days = 90


class TokenRotation(Input):
    """How a token's former value ends, and its new one."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"overlap_minutes": 60, "expires_in_days": 90}]}
    )

    overlap_minutes: Annotated[
        int, Field(ge=0, le=10_080, description="Minutes for which the former value is still taken"), _WHOLE
    ] = 60
    expires_in_days: _Days = 90


class Token(BaseModel):
    """A token, without its value, which nobody is shown again."""

    id: UUID
    member_id: UUID
    name: str
    scopes: list[Right]
    created_at: datetime
    expires_at: datetime
    last_used_at: Annotated[datetime | None, Field(description="To the hour")]


class TokenValue(Token):
    """A token that was just made or rotated."""

    value: Annotated[str, Field(description="Shown this once: send it as `Authorization: Bearer …`")]


class TokenQuery(PageQuery):
    """Whose tokens to list, and which page of them."""

    limit: Annotated[int, Field(ge=1, le=100)] = 100  # so that one's own are one page
    everyones: Annotated[bool, Field(description="Of all members, for whoever may manage them")] = False


class TokenPage(BaseModel):
    """Some tokens, the newest first, and where the next ones begin."""

    items: list[Token]
    next_cursor: UUID | None


class AuditQuery(PageQuery):
    """Which entries to list."""

    happened_from: Annotated[Moment | SkipJsonSchema[None], Field(description="At this time or later")] = None
    happened_before: Annotated[Moment | SkipJsonSchema[None], Field(description="Before this time")] = None
    member_id: Annotated[UUID | SkipJsonSchema[None], Field(description="What this member did")] = None
    subject_id: Annotated[UUID | SkipJsonSchema[None], Field(description="What was done to this")] = None


class AuditEvent(BaseModel):
    """Who did what, when. It holds ids and no content, and nobody changes it."""

    id: UUID
    happened_at: datetime
    member_id: Annotated[UUID | None, Field(description="Who; null for whoever runs the service")]
    token_id: Annotated[UUID | None, Field(description="Through which API token; null in a browser")]
    action: Annotated[str, Field(examples=["thing.changed", "member.created", "session.deleted"])]
    subject_id: Annotated[UUID | None, Field(description="The thing, attachment, member or token")]
    details: Annotated[
        str, Field(description="The changed columns of a thing, a member's role, a token's scopes; or empty")
    ]


class AuditPage(BaseModel):
    """Some entries, the newest first, and where the next ones begin."""

    items: list[AuditEvent]
    next_cursor: UUID | None
