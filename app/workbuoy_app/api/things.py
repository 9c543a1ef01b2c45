"""/api/things: create, read, list, search, replace, change in part, delete."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request, Response

from workbuoy_app import idempotency, things
from workbuoy_app.api.attachments import remove_objects
from workbuoy_app.api.caller import Caller, Editor, Reader
from workbuoy_app.api.headers import IdempotencyKey, IfMatchHeader, IfNoneMatchHeader, demanded
from workbuoy_app.database import Row
from workbuoy_app.models import Thing, ThingInput, ThingPage, ThingPatch, ThingQuery
from workbuoy_app.preconditions import etag, is_known
from workbuoy_app.problems import NotFound, documented

router = APIRouter(prefix="/api/things", tags=["things"])


@router.get("", response_model=ThingPage, responses=documented(401, 403, 422, 429, 503))
async def list_things(caller: Reader, query: Annotated[ThingQuery, Query()]) -> Row:
    """A page of things."""
    if query.search is None and not query.count:
        rows = await caller.at_once(lambda tenant_id: things.listing(tenant_id, query))
        return {**query.answer(rows), "total": None}
    async with caller.shares.searches.of(await caller.tenant()):
        return await caller.run(things.page, query)


@router.post(
    "",
    response_model=Thing,
    status_code=201,
    responses=documented(400, 401, 403, 408, 409, 413, 422, 423, 429, 503),
)
async def create_thing(
    response: Response, caller: Editor, thing: ThingInput, idempotency_key: IdempotencyKey = None
) -> Row:
    """Store a new thing."""
    keyed_request = idempotency.request(idempotency_key, "thing", thing.written())
    row = things.prepared(thing)
    if keyed_request is None:
        await caller.at_once(lambda tenant_id: things.insertion(tenant_id, row))
    else:
        row = await caller.run(things.insert, row, keyed_request)
    response.headers["ETag"] = etag(row)
    return row


@router.get(
    "/{thing_id}",
    response_model=Thing,
    responses={304: {"description": "Not changed since"}, **documented(401, 403, 404, 422, 429, 503)},
)
async def read_thing(
    response: Response, caller: Reader, thing_id: UUID, if_none_match: IfNoneMatchHeader = None
) -> Row | Response:
    """One thing. Its ETag is what If-Match asks for."""
    rows = await caller.at_once(lambda tenant_id: things.one(tenant_id, thing_id))
    if not rows:
        raise NotFound
    row = rows[0]
    current = etag(row)
    if is_known(current, if_none_match):
        return Response(status_code=304, headers={"ETag": current})
    response.headers["ETag"] = current
    return row


CHANGE = documented(400, 401, 403, 404, 408, 412, 413, 422, 423, 429, 503)


@router.put("/{thing_id}", response_model=Thing, responses=CHANGE)
async def replace_thing(
    response: Response, caller: Editor, thing_id: UUID, thing: ThingInput, if_match: IfMatchHeader = None
) -> Row:
    """Write a thing anew; what is left out takes its default."""
    return await _change(response, caller, thing_id, thing, if_match)


@router.patch("/{thing_id}", response_model=Thing, responses=CHANGE)
async def change_thing(
    response: Response,
    caller: Editor,
    thing_id: UUID,
    patch: Annotated[ThingPatch, Body(media_type="application/merge-patch+json")],
    if_match: IfMatchHeader = None,
) -> Row:
    """Change some of a thing; what is left out stays."""
    return await _change(response, caller, thing_id, patch, if_match)


async def _change(
    response: Response, caller: Caller, thing_id: UUID, changes: ThingInput | ThingPatch, if_match: str | None
) -> Row:
    # A change on a condition is not repeated: the second time it would find the first one's state.
    run = caller.run if if_match is None else caller.run_once
    row = await run(things.change, thing_id, changes, demanded(if_match))
    response.headers["ETag"] = etag(row)
    return row


@router.delete("/{thing_id}", status_code=204, responses=documented(401, 403, 404, 412, 422, 423, 429, 503))
async def delete_thing(
    request: Request, caller: Editor, thing_id: UUID, if_match: IfMatchHeader = None
) -> None:
    """Delete a thing and its attachments."""
    await remove_objects(request, caller, await caller.run_once(things.delete, thing_id, demanded(if_match)))
