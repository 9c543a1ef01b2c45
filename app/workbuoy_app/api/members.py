"""/api/members: who may log in to the tenant, and as what."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from workbuoy_app import members
from workbuoy_app.access_models import Member, MemberInput, MemberPage, RoleChange
from workbuoy_app.api.auth import MOCK_ISSUER
from workbuoy_app.api.caller import Admin
from workbuoy_app.database import Row
from workbuoy_app.logs import log
from workbuoy_app.models import PageQuery
from workbuoy_app.problems import Refused, Unavailable, documented
from workbuoy_app.settings import Settings
from workbuoy_app.storage import StorageUnavailable

router = APIRouter(prefix="/api/members", tags=["members"])
CHANGE = documented(400, 401, 403, 404, 408, 409, 413, 422, 423, 429, 503)


@router.get("", response_model=MemberPage, responses=documented(401, 403, 422, 429, 503))
async def list_members(caller: Admin, query: Annotated[PageQuery, Query()]) -> Row:
    """A page of the tenant's members."""
    return await caller.run(members.page, query)


@router.post(
    "",
    response_model=Member,
    status_code=201,
    responses=documented(400, 401, 403, 408, 409, 413, 422, 423, 429, 503),
)
async def add_member(request: Request, caller: Admin, member: MemberInput) -> Row:
    """Let a person of the login provider log in to the tenant."""
    return await caller.run(members.add, members.prepared(member, _issuer(request.app.state.settings)))


def _issuer(settings: Settings) -> str:
    if settings.oidc_dev_mock:
        return MOCK_ISSUER
    if settings.oidc is None:
        raise Refused(503, "Login is not set up here yet.", Unavailable.headers)
    return settings.oidc.issuer


def _noted(settings: Settings, member: Row) -> None:
    """In the erasure ledger, first. Raises StorageUnavailable."""
    from workbuoy_app.erasures import note_member  # for whoever removes somebody
    from workbuoy_app.promotion.errors import PromotionRefused

    try:
        note_member(settings, member["issuer"], member["subject"], by=f"member {member['by']}")
    except PromotionRefused as refusal:
        log.warning("the erasure ledger could not be written", extra={"error": str(refusal)})
        raise StorageUnavailable("the erasure ledger") from None


@router.patch("/{member_id}", response_model=Member, responses=CHANGE)
async def change_member(caller: Admin, member_id: UUID, change: RoleChange) -> Row:
    """Give a member another role. It holds from the next request on, for the member's API tokens too."""
    return await caller.run(members.change_role, member_id, change.role)


@router.delete("/{member_id}", status_code=204, responses=documented(401, 403, 404, 409, 422, 423, 429, 503))
async def remove_member(request: Request, caller: Admin, member_id: UUID) -> None:
    """End a membership; its sessions and API tokens end at once, and no backup brings it back."""
    member = await caller.run(members.removable, member_id)
    await asyncio.to_thread(_noted, request.app.state.settings, member)
    await caller.run_once(members.remove, member_id)
