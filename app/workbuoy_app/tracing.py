"""The trace of the request under way, sent on with every call that it makes: to the login provider, to AWS.

Source: https://www.w3.org/TR/trace-context/#traceparent-header

Without a recorder nothing is recorded; `spans.py` is one, loaded only where spans are exported.
"""

from __future__ import annotations

import re
import secrets
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

# All zeros are no id, and there is no version ff.
_GIVEN = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
_NOT_SAMPLED = "00"
_NOT_RECORDED = nullcontext()


class Trace(NamedTuple):
    """A trace's id, the span that calls are made under where one is known, and the trace's flags; all in hex."""

    id: str
    span_id: str | None
    flags: str


class Span(Protocol):
    """What is recorded of a request, or of a step of it."""

    @property
    def trace(self) -> Trace:
        """The trace that it belongs to; without a span where the sampler leaves it out."""

    def step(self, name: str, attributes: Mapping[str, str]) -> AbstractContextManager[None]:
        """A span below this one."""

    def end(self, method: str, route: str, status: int) -> None:
        """The request is answered."""


class Recorder(Protocol):
    """Records spans."""

    def request(self, given: Trace | None, trace_id: str | None) -> Span:
        """Begin a request's span: below the caller's, or as the first of a trace with that id, or with a new one."""


recorder: Recorder | None = None
"""Set for as long as the service exports spans."""
_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)
"""None outside a request, or where the request goes by a name that is no trace's."""
_span: ContextVar[Span | None] = ContextVar("span", default=None)
"""The recorded span under way."""


def given_trace(header: bytes) -> Trace | None:
    """The trace that a caller sent, if it is one."""
    found = _GIVEN.fullmatch(header)
    return Trace(*(part.decode() for part in found.groups())) if found else None


def new_id() -> str:
    """An id for a request that came without: a trace's, all of it random, since samplers decide by its digits."""
    return secrets.token_hex(16)


def begin(given: Trace | None, request_id: str, *, recorded: bool = True) -> Span | None:
    """From here on, calls of this request belong to its caller's trace; without one, its own id begins one.

    Returns the request's span where there is a recorder, and `recorded`.
    """
    trace_id = request_id if _TRACE_ID.fullmatch(request_id) else None
    if recorder is not None and recorded:
        span = recorder.request(given, trace_id)
        _trace.set(span.trace)
        _span.set(span if span.trace.span_id else None)
        return span
    _span.set(None)  # pipelined requests inherit from the one before
    if given is None and trace_id:
        given = Trace(trace_id, None, _NOT_SAMPLED)
    _trace.set(given and given._replace(span_id=None))  # the caller's span is not this service's
    return None


def step(name: str, attributes: Mapping[str, str]) -> AbstractContextManager[None]:
    """A span of its own for a part of the request, where the request is recorded.

    Neither name nor attributes may hold anything of a customer's.
    """
    span = _span.get()
    return _NOT_RECORDED if span is None else span.step(name, attributes)


def headers() -> Mapping[str, str]:
    """What a call to another service bears: the trace, and the recorded span or one of this call's own."""
    span = _span.get()
    trace = span.trace if span is not None else _trace.get()
    return (
        {"traceparent": f"00-{trace.id}-{trace.span_id or secrets.token_hex(8)}-{trace.flags}"}
        if trace
        else {}
    )


def enter(span: Span) -> Any:
    """Let what follows be below `span`; `leave` takes the token that this returns."""
    return _span.set(span)


def leave(token: Any) -> None:
    """Back to the span before."""
    _span.reset(token)


def follow(client: Any) -> Any:
    """Let each call of an AWS client bear the trace. It is added after signing: no signature depends on it."""
    client.meta.events.register("before-send", _add)
    return client


def _add(request: Any, **_: Any) -> None:
    for name, value in headers().items():
        request.headers[name] = value
