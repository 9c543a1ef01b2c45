"""/api/things/{id}/attachments: raw bodies in, downloads out, through signed addresses where there is a bucket."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from workbuoy_app import attachments, idempotency, removals
from workbuoy_app.api.caller import Caller, Editor, Reader
from workbuoy_app.api.headers import IdempotencyKey
from workbuoy_app.api.ranges import UNSATISFIABLE, byte_range
from workbuoy_app.attachments import CHUNK_BYTES
from workbuoy_app.database import Row
from workbuoy_app.logs import log
from workbuoy_app.models import Attachment, AttachmentList, FileName
from workbuoy_app.preconditions import is_known
from workbuoy_app.problems import Problem, Refused, documented
from workbuoy_app.storage import ObjectStorage, Reading, StorageUnavailable, content_disposition, object_key

router = APIRouter(prefix="/api/things/{thing_id}/attachments", tags=["attachments"])
# RFC 9110, section 8.3.1, within bounds: a value may be quoted, and then hold commas, semicolons and spaces.
_CONTENT_TYPE = re.compile(
    r"[\w!#$&^.+-]{1,80}/[\w!#$&^.+-]{1,80}"
    r"(?:\s?;\s?[\w!#$&^.+*'-]{1,40}=(?:[\w!#$&^.+*'/:,-]{1,120}|\"[\x20\x21\x23-\x5b\x5d-\x7e]{0,120}\")){0,6}",
    re.ASCII,
)
_DIGEST = r"^sha-256=:[A-Za-z0-9+/]{43}=:$"
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}


def _content_type(request: Request) -> str:
    """Before the query is looked at: who sends a form has no name in it, and must learn how a file is sent."""
    content_type = request.headers.get("content-type", "application/octet-stream")
    if not _CONTENT_TYPE.fullmatch(content_type):
        raise Refused(415, "The content type is not of the form type/subtype.")
    if content_type.lower().startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
        raise Refused(
            415,
            "Send the file itself as the body, not a form: curl --data-binary @FILE -H 'Content-Type: TYPE'"
            " 'ADDRESS?name=NAME', or in a page fetch('ADDRESS?name=NAME', {method: 'POST', body: file}).",
        )
    return content_type


@router.post(
    "",
    response_model=Attachment,
    status_code=201,
    responses=documented(400, 401, 403, 404, 408, 409, 413, 415, 422, 423, 429, 503),
    openapi_extra={"requestBody": {"required": False, "content": {"application/octet-stream": _BINARY}}},
)
async def attach(
    *,
    request: Request,
    caller: Editor,
    content_type: Annotated[str, Depends(_content_type)],
    thing_id: UUID,
    name: Annotated[FileName, Query(description="The file's name")],
    # Not in the document: no generated value can be the checksum of a generated body.
    content_digest: Annotated[str | None, Header(pattern=_DIGEST, include_in_schema=False)] = None,
    idempotency_key: IdempotencyKey = None,
) -> Row:
    """Store the request's body, whatever its content type, as a file of a thing.

    The content's SHA-256 in the header Content-Digest (RFC 9530: `sha-256=:base64:`), if given, is checked.
    """
    app = request.app.state
    row = attachments.prepared(thing_id, name, content_type)
    incoming = attachments.Incoming(request.stream())
    async with app.shares.uploads.of(await caller.tenant()):
        if app.storage is None:
            await caller.run(attachments.expect_room, thing_id)
            content = b"".join([piece async for piece in incoming])
            row |= _measured(incoming, content_digest)
            keyed_request = idempotency.request(idempotency_key, thing_id, name, content_type, row["sha256"])
            return await caller.run(attachments.insert, row, content, None, keyed_request=keyed_request)
        noted = await caller.run(attachments.begin, row, object_key)
        try:
            await app.storage.put(noted.key, aiter(incoming), content_type)
            row |= _measured(incoming, content_digest)
            keyed_request = idempotency.request(idempotency_key, thing_id, name, content_type, row["sha256"])
            stored = await caller.run(attachments.insert, row, None, noted, keyed_request=keyed_request)
        except StorageUnavailable:
            raise  # what it does not tell, it may have done: the note stays, and the sweeper asks it again
        except BaseException:
            await remove_objects(request, caller, [noted.key])
            raise
        if stored["id"] != row["id"]:  # it had been sent before
            await remove_objects(request, caller, [noted.key])
        return stored


def _measured(incoming: attachments.Incoming, content_digest: str | None) -> Row:
    if content_digest:
        expected = base64.b64decode(content_digest.removeprefix("sha-256=:").removesuffix(":")).hex()
        if expected != incoming.sha256:
            raise Refused(422, "The content does not have the checksum that Content-Digest names.")
    return {"size_bytes": incoming.size_bytes, "sha256": incoming.sha256}


@router.get("", response_model=AttachmentList, responses=documented(401, 403, 404, 422, 429, 503))
async def list_attachments(caller: Reader, thing_id: UUID) -> Row:
    """A thing's files."""
    return await caller.run(attachments.all_of, thing_id)


@router.get("/{attachment_id}", response_model=Attachment, responses=documented(401, 403, 404, 422, 429, 503))
async def read_attachment(caller: Reader, thing_id: UUID, attachment_id: UUID) -> Row:
    """What is known about one file."""
    return await caller.run(attachments.find, thing_id, attachment_id)


@router.get(
    "/{attachment_id}/content",
    response_class=Response,
    responses={
        200: {"description": "The content", "content": {"*/*": _BINARY}},
        206: {"description": "The range that was asked for", "content": {"*/*": _BINARY}},
        304: {"description": "Known already"},
        307: {"description": "To a signed address in the bucket, good for five minutes"},
        **documented(401, 403, 404, 416, 422, 429, 503),
    },
)
async def download(request: Request, caller: Reader, thing_id: UUID, attachment_id: UUID) -> Response:
    """One file's content. A single range of bytes (`Range: bytes=…`) is given alone."""
    row = await caller.run(attachments.find, thing_id, attachment_id)
    if row["object_key"] is None:
        request.state.object = f"database/{row['id']}"
        return _from_database(request, caller, row)
    storage: ObjectStorage | None = request.app.state.storage
    if storage is None:
        raise StorageUnavailable("the attachment lies in a bucket, and S3_BUCKET is not set")
    reader = Reading(request.state.request_id, request.state.member)
    address = await storage.signed_address(row["object_key"], row["name"], row["content_type"], reader)
    request.state.object = row["object_key"]  # the log line says which object was handed out
    return RedirectResponse(address, status_code=307)


def _from_database(request: Request, caller: Caller, row: Row) -> Response:
    size, tag = row["size_bytes"], f'"{row["sha256"]}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Content-Disposition": content_disposition(row["name"]),
        "Content-Security-Policy": "default-src 'none'; sandbox",  # whatever a user uploaded stays inert
    }
    if is_known(tag, request.headers.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    wanted = None
    if request.headers.get("if-range") in {None, tag}:
        wanted = byte_range(request.headers.get("range"), size)
    if wanted is UNSATISFIABLE:
        raise Refused(416, f"The file has {size} bytes.", {"Content-Range": f"bytes */{size}"})
    first, end = wanted or (0, size)
    headers["Content-Length"] = str(end - first)
    if wanted:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    return StreamingResponse(
        _content(caller, row["id"], first, end), 206 if wanted else 200, headers, row["content_type"]
    )


async def _content(caller: Caller, attachment_id: UUID, first: int, end: int) -> AsyncIterator[bytes]:
    """Piece by piece, each in a transaction of its own: a slow reader holds no connection."""
    for position in range(first // CHUNK_BYTES, -(-end // CHUNK_BYTES)):
        piece = await caller.run(attachments.chunk, attachment_id, position)
        if piece is None:
            return
        begin = position * CHUNK_BYTES
        yield piece[max(0, first - begin) : end - begin]


@router.delete("/{attachment_id}", status_code=204, responses=documented(401, 403, 404, 422, 423, 429, 503))
async def detach(request: Request, caller: Editor, thing_id: UUID, attachment_id: UUID) -> None:
    """Delete one file."""
    keys = await caller.run_once(attachments.delete, thing_id, attachment_id)
    await remove_objects(request, caller, keys)


async def remove_objects(request: Request, caller: Caller, keys: list[str]) -> None:
    """Remove objects whose notes say that they are to go. What fails now goes with the next sweep."""
    storage: ObjectStorage | None = request.app.state.storage
    if not keys:
        return
    try:
        gone = []
        for key in await caller.run(removals.confirmed, keys):
            if storage is None:
                raise StorageUnavailable("S3_BUCKET is not set")
            await storage.delete(key)
            gone.append(key)
        await caller.run(removals.done, gone)
    except Problem as problem:
        log.warning(
            "objects stay noted for removal",
            extra={"request_id": request.state.request_id, "error": type(problem).__name__},
        )
