"""Before any endpoint: the origin of changes, the size and pace of bodies. After it: headers for the browser."""

from __future__ import annotations

import asyncio
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbuoy_app import problems
from workbuoy_app.settings import Settings

JSON_BODY_BYTES = 256 * 1024
BODY_PAUSE_SECONDS = 30.0
_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_UPLOAD = re.compile(r"/api/things/[^/]+/attachments")
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
# FastAPI's page of the API loads its script from a public CDN; it exists outside production only.
_DOCS_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data: https://fastapi.tiangolo.com;"
    " script-src 'unsafe-inline' https://cdn.jsdelivr.net; style-src 'unsafe-inline' https://cdn.jsdelivr.net;"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class Guard:
    """See the module."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._origin = settings.origin
        self._upload_bytes = settings.attachment_max_bytes
        self._headers = {
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            # Not no-referrer: browsers then send `Origin: null` with forms, and the origin check refuses them.
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "Cache-Control": "no-store",
        }
        if settings.production:
            self._headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope["path"] == "/docs":
                    headers["Content-Security-Policy"] = _DOCS_POLICY
            await send(message)

        if scope["method"] not in _CHANGES:
            await self._app(scope, receive, guarded)
            return
        headers = Headers(scope=scope)
        try:
            self._check_origin(headers)
            body = _Body(receive, self._limit(scope), headers.get("content-length"))
        except problems.Refused as refused:
            answer = problems.response(
                refused.status, refused.detail, scope["state"]["request_id"], refused.headers
            )
            await answer(scope, receive, guarded)
            return
        await self._app(scope, body.receive, guarded)

    def _check_origin(self, headers: Headers) -> None:
        """A browser names the page that sends a change, and no page can lie about it."""
        if headers.get("origin", "").lower() != self._origin:
            raise problems.Refused(403, f"A change must carry the header Origin: {self._origin}")

    def _limit(self, scope: Scope) -> int:
        return self._upload_bytes if _UPLOAD.fullmatch(scope["path"]) else JSON_BODY_BYTES


class _Body:
    """Hands a body on, but no more of it than allowed, and not for ever."""

    def __init__(self, receive: Receive, greatest_bytes: int, announced: str | None) -> None:
        self._receive = receive
        self._greatest_bytes = greatest_bytes
        self._left = greatest_bytes
        self._complete = False
        if announced is not None and not (announced.isascii() and announced.isdigit()):
            raise problems.Refused(400, "The content's length is not a number.", {"Connection": "close"})
        if announced is not None and int(announced) > greatest_bytes:
            raise self._too_large()

    def _too_large(self) -> problems.Refused:
        # Closing tells the client to stop sending what will not be read.
        return problems.Refused(
            413, f"The body is larger than {self._greatest_bytes} bytes.", {"Connection": "close"}
        )

    async def receive(self) -> Message:
        """The next piece. Raises Refused: 413 when it is too much, 408 when it does not come."""
        if self._complete:
            return await self._receive()  # waits for the client to hang up, as long as that takes
        try:
            async with asyncio.timeout(BODY_PAUSE_SECONDS):
                message = await self._receive()
        except TimeoutError:
            raise problems.Refused(408, "The body came too slowly.", {"Connection": "close"}) from None
        self._complete = not message.get("more_body", False)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise self._too_large()
        return message
