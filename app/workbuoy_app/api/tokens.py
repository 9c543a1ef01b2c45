"""/api/tokens: what scripts log in with."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from workbuoy_app import tokens
from workbuoy_app.access_models import TokenInput, TokenPage, TokenQuery, TokenRotation, TokenValue
from workbuoy_app.api.caller import InBrowser, LoggedIn
from workbuoy_app.database import Row
from workbuoy_app.problems import documented

router = APIRouter(prefix="/api/tokens", tags=["tokens"])


@router.get("", response_model=TokenPage, responses=documented(401, 403, 422, 429, 503))
async def list_tokens(caller: LoggedIn, query: Annotated[TokenQuery, Query()]) -> Row:
    """A page of one's own tokens; through a token, that one."""
    return await caller.run(tokens.page, query)


@router.post(
    "",
    response_model=TokenValue,
    status_code=201,
    responses=documented(400, 401, 403, 408, 409, 413, 422, 423, 429, 503),
)
async def make_token(caller: InBrowser, token: TokenInput) -> Row:
    """Make a token for scripts. Its value is in this answer alone: the database keeps a hash."""
    value = tokens.new_value()
    return {**await caller.run(tokens.make, tokens.prepared(token, value)), "value": value}


@router.post(
    "/{token_id}/rotate",
    response_model=TokenValue,
    responses=documented(400, 401, 403, 404, 408, 413, 422, 423, 429, 503),
)
async def rotate_token(caller: LoggedIn, token_id: UUID, rotation: TokenRotation) -> Row:
    """Give a token of one's own a new value. A script may rotate the one that it uses."""
    value = tokens.new_value()
    return {**await caller.run_once(tokens.rotate, token_id, value, rotation), "value": value}


@router.delete("/{token_id}", status_code=204, responses=documented(401, 403, 404, 422, 423, 429, 503))
async def revoke_token(caller: LoggedIn, token_id: UUID) -> None:
    """End a token at once: one's own, or anybody's for whoever may manage members."""
    await caller.run_once(tokens.revoke, token_id)
