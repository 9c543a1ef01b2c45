"""Before any endpoint: the origin of changes, the size and pace of bodies. After it: headers for the browser."""

from __future__ import annotations

import asyncio
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbuoy_app import problems
from workbuoy_app.bearer import bearer_token
from workbuoy_app.observer import CHANGES
from workbuoy_app.settings import Settings

JSON_BODY_BYTES = 256 * 1024
JSON_BODY_SECONDS = 10.0  # in all; it is read before anybody knows who sends it
MOST_UNFINISHED_BODIES = 128  # of those
UPLOAD_PAUSE_SECONDS = 30.0
UPLOAD_SECONDS = 900.0  # in all; by then a session was found, and one of its tenant's slots taken
_UPLOAD = re.compile(r"/api/things/[^/]+/attachments")
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


class Guard:
    """See the module."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._origin = settings.origin
        self._upload_bytes = settings.attachment_max_bytes
        self._unfinished: dict[_Body, None] = {}  # the oldest first
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

        guarded = self._with_headers(send)
        if scope["method"] not in CHANGES:
            await self._read(scope, receive, guarded)
            return
        headers = Headers(scope=scope)
        try:
            self._check_origin(headers)
            body = self._body(scope, receive, headers.get("content-length"))
        except problems.Refused as refused:
            await self._refuse(refused, scope, receive, guarded)
            return
        try:
            await self._app(scope, body.receive, body.unless_refused(guarded))
        finally:
            self._unfinished.pop(body, None)
            if body.refused is not None and not body.answered:
                await self._refuse(body.refused, scope, receive, guarded)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        """HEAD is GET without the content, which the server leaves out by itself."""
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        await self._app(inner, receive, send)
        if "route" in inner:
            scope["route"] = inner["route"]

    def _with_headers(self, send: Send) -> Send:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        return guarded

    async def _refuse(self, refused: problems.Refused, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = scope["state"]["request_id"]
        answer = problems.response(refused.status, refused.detail, request_id, refused.headers)
        await answer(scope, receive, send)

    def _check_origin(self, headers: Headers) -> None:
        """A browser names the page that sends a change, and no page can lie about it; nor can it send our tokens."""
        if (
            bearer_token(headers.get("authorization")) is None
            and headers.get("origin", "").lower() != self._origin
        ):
            raise problems.Refused(403, f"A change must carry the header Origin: {self._origin}")

    def _body(self, scope: Scope, receive: Receive, announced: str | None) -> _Body:
        if _UPLOAD.fullmatch(scope["path"]):
            return _Body(receive, self._upload_bytes, announced, UPLOAD_PAUSE_SECONDS, UPLOAD_SECONDS)
        body = _Body(receive, JSON_BODY_BYTES, announced, JSON_BODY_SECONDS, JSON_BODY_SECONDS)
        self._unfinished[body] = None
        if len(self._unfinished) > MOST_UNFINISHED_BODIES:
            oldest = next(iter(self._unfinished))  # a body that is meant to arrive does so in milliseconds
            del self._unfinished[oldest]
            oldest.give_up()
        return body


class _Body:
    """Hands a body on, but no more of it than allowed, and not for ever."""

    def __init__(
        self,
        receive: Receive,
        greatest_bytes: int,
        announced: str | None,
        pause_seconds: float,
        total_seconds: float,
    ) -> None:
        self._receive = receive
        self._greatest_bytes = greatest_bytes
        self._left = greatest_bytes
        self._pause_seconds = pause_seconds
        self._until = asyncio.get_running_loop().time() + total_seconds
        self._waiting: asyncio.Timeout | None = None
        self.refused: problems.Refused | None = None
        self.answered = False
        self._complete = False
        if announced is not None and not (announced.isascii() and announced.isdigit()):
            raise problems.Refused(400, "The content's length is not a number.", {"Connection": "close"})
        if announced is not None and int(announced) > greatest_bytes:
            raise self._too_large()

    def unless_refused(self, send: Send) -> Send:
        """For the answer: FastAPI would make a 400 of whatever breaks off a body that it parses."""

        async def answer(message: Message) -> None:
            if self.refused is None or self.answered:
                self.answered = True
                await send(message)

        return answer

    def give_up(self) -> None:
        """Wait no longer for the rest."""
        self._until = 0
        if self._waiting is not None:
            self._waiting.reschedule(0)

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
            now = asyncio.get_running_loop().time()
            async with asyncio.timeout_at(min(now + self._pause_seconds, self._until)) as self._waiting:
                message = await self._receive()
        except TimeoutError:
            self.refused = problems.Refused(408, "The body came too slowly.", {"Connection": "close"})
            raise self.refused from None
        finally:
            self._waiting = None
        self._complete = not message.get("more_body", False)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.refused = self._too_large()
            raise self.refused
        return message
