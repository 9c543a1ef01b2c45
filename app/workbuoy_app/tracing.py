"""The trace of the request under way, sent on with every call that it makes: to the login provider, to AWS.

Source: https://www.w3.org/TR/trace-context/#traceparent-header
"""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# All zeros are no id, and there is no version ff.
_GIVEN = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
_NOT_SAMPLED = "00"
_trace: ContextVar[tuple[str, str] | None] = ContextVar("trace", default=None)
"""The trace's id and its flags; none outside a request, or where the request goes by a name that is no trace's."""


def given_trace(header: bytes) -> tuple[str, str] | None:
    """The trace's id and flags that a caller sent, if it is one."""
    found = _GIVEN.fullmatch(header)
    return (found[1].decode(), found[2].decode()) if found else None


def begin(given: tuple[str, str] | None, request_id: str) -> None:
    """From here on, calls of this request belong to its caller's trace; without one, its own id begins one."""
    if given is None and _TRACE_ID.fullmatch(request_id):
        given = request_id, _NOT_SAMPLED
    _trace.set(given)


def headers() -> Mapping[str, str]:
    """What a call to another service bears: the trace, and a span of this call's own."""
    trace = _trace.get()
    return {"traceparent": f"00-{trace[0]}-{secrets.token_hex(8)}-{trace[1]}"} if trace else {}


def follow(client: Any) -> Any:
    """Let each call of an AWS client bear the trace. It is added after signing: no signature depends on it."""
    client.meta.events.register("before-send", _add)
    return client


def _add(request: Any, **_: Any) -> None:
    for name, value in headers().items():
        request.headers[name] = value
