"""uvicorn's HTTP protocol with limits, so that nobody can stop the service by connections alone.

httptools has no limit for a head and uvicorn none in time, for heads, idle connections or answers that nobody reads.
The servers that have such limits serve a third to three quarters of the requests (README has the figures), so the
fastest one stays, with the limits around it.
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Any
from weakref import WeakKeyDictionary

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

HEAD_BYTES = 32 * 1024  # a load balancer of AWS takes 64 KiB, and 16 KiB a line; cookies and tokens need 4
HEAD_SECONDS = 10.0
STALLED_ANSWER_SECONDS = 60.0  # without a byte taken; a piece of a download is 1 MiB
FAREWELL_SECONDS = 2.0  # TLS waits for the other side's close, which not every client sends when it is idle
MOST_HALF_OPEN = 128  # no head yet; those of the last second come besides: a crowd may arrive at once
YOUNG_SECONDS = 1.0
MOST_IDLE = 512  # between two requests
MOST_CONNECTIONS = 1_000


class Crowd:
    """Connections of one server that wait for a head, the one that has waited longest first."""

    def __init__(self) -> None:
        self.half_open: dict[LimitedProtocol, float] = {}  # since when
        self.idle: dict[LimitedProtocol, None] = {}

    def make_room(self, connections: int) -> None:
        """Close those that have waited longest where there are too many."""
        if connections > MOST_CONNECTIONS:
            for waiting in (*self.half_open, *self.idle):
                waiting.drop()
                break
        while len(self.half_open) > MOST_HALF_OPEN:
            oldest, since = next(iter(self.half_open.items()))
            if oldest.loop.time() - since < YOUNG_SECONDS:
                break
            oldest.drop()
        while len(self.idle) > MOST_IDLE:
            next(iter(self.idle)).drop()

    def leave(self, connection: LimitedProtocol) -> None:
        """It waits no longer."""
        self.half_open.pop(connection, None)
        self.idle.pop(connection, None)


_crowds: WeakKeyDictionary[Config, Crowd] = WeakKeyDictionary()


class LimitedProtocol(HttpToolsProtocol):
    """One connection. It waits for a head, serves a request, waits again."""

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: Any = None
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._crowd = _crowds.setdefault(config, Crowd())
        self._head_bytes = 0
        self._in_head = True
        self._head_timer: TimerHandle | None = None
        self._answer_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._no_longer_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        if self._head_timer is None and self._serves_nothing():
            self._wait_for_head()  # it was idle, or still sends a body that was answered long ago
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._refuse(431)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._no_longer_waiting()
        self._in_head, self._head_bytes = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head, self._head_bytes = True, 0

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._serves_nothing() and not self.transport.is_closing():
            self._crowd.idle[self] = None
            self._crowd.make_room(len(self.connections))

    def pause_writing(self) -> None:
        super().pause_writing()
        self._answer_timer = self._answer_timer or self.loop.call_later(STALLED_ANSWER_SECONDS, self.drop)

    def resume_writing(self) -> None:
        if self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None
        super().resume_writing()

    def shutdown(self) -> None:
        """The service ends: an idle connection does too, whether or not the other side says anything to that."""
        super().shutdown()
        if self.transport.is_closing():
            self.loop.call_later(FAREWELL_SECONDS, self._end_if_all_is_sent)

    def _end_if_all_is_sent(self) -> None:
        if self in self.connections and self.transport.get_write_buffer_size() == 0:
            self.drop()

    def timeout_keep_alive_handler(self) -> None:
        self.drop()

    def drop(self) -> None:
        """End it at once: `close` would first send what nobody may ever read."""
        self._no_longer_waiting()
        self.transport.abort()

    def _serves_nothing(self) -> bool:
        return self.cycle is None or (self.cycle.response_complete and not self.pipeline)

    def _wait_for_head(self) -> None:
        self._crowd.leave(self)
        self._crowd.half_open[self] = self.loop.time()
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._refuse, 408)
        self._crowd.make_room(len(self.connections))

    def _no_longer_waiting(self) -> None:
        self._crowd.leave(self)
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, status: int) -> None:
        self._no_longer_waiting()
        if self._head_bytes and self._serves_nothing():
            self.transport.write(STATUS_LINE[status] + b"connection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()
        self.loop.call_later(HEAD_SECONDS, self.transport.abort)  # where even this is not taken
