"""/api/things: create, read, list, search, replace, delete."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from workbuoy_app import things
from workbuoy_app.api.attachments import remove_objects
from workbuoy_app.api.caller import LoggedIn
from workbuoy_app.database import Row
from workbuoy_app.models import Thing, ThingInput, ThingPage, ThingQuery
from workbuoy_app.problems import documented

router = APIRouter(prefix="/api/things", tags=["things"])


@router.get("", response_model=ThingPage, responses=documented(401, 422, 503))
async def list_things(caller: LoggedIn, query: Annotated[ThingQuery, Query()]) -> Row:
    """A page of things, newest first."""
    return await caller.run(things.page, query)


@router.post(
    "", response_model=Thing, status_code=201, responses=documented(400, 401, 403, 408, 413, 422, 423, 503)
)
async def create_thing(caller: LoggedIn, thing: ThingInput) -> Row:
    """Store a new thing."""
    return await caller.run(things.insert, things.prepared(thing))


@router.get("/{thing_id}", response_model=Thing, responses=documented(401, 404, 422, 503))
async def read_thing(caller: LoggedIn, thing_id: UUID) -> Row:
    """One thing."""
    return await caller.run(things.find, thing_id)


@router.put(
    "/{thing_id}", response_model=Thing, responses=documented(400, 401, 403, 404, 408, 413, 422, 423, 503)
)
async def replace_thing(caller: LoggedIn, thing_id: UUID, thing: ThingInput) -> Row:
    """Write a thing anew; what is left out takes its default."""
    return await caller.run(things.replace, thing_id, thing)


@router.delete("/{thing_id}", status_code=204, responses=documented(401, 403, 404, 422, 423, 503))
async def delete_thing(request: Request, caller: LoggedIn, thing_id: UUID) -> None:
    """Delete a thing and its attachments."""
    await remove_objects(request, caller, await caller.run_once(things.delete, thing_id))
