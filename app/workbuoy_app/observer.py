"""Around every request: an id, a log line, a measurement, and an answer even to what nobody foresaw."""

from __future__ import annotations

import re
import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbuoy_app import problems, tracing
from workbuoy_app.logs import describe, log
from workbuoy_app.metrics import IN_PROGRESS, REQUESTS

CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_ID = re.compile(rb"[A-Za-z0-9=_.:-]{8,128}")
_CARRIERS = frozenset({b"x-request-id", b"traceparent", b"x-amzn-trace-id"})
CLIENT_GONE = 499  # nginx's word for a client that hung up; nobody receives it
_QUIET = frozenset({"/healthz", "/readyz"})


class Observer:
    """The outermost layer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        given, trace = _given_ids(scope)
        request_id = state["request_id"] = given or tracing.new_id()
        span = tracing.begin(trace, request_id, recorded=scope["path"] not in _QUIET)
        state["trace_id"] = span.trace.id if span else trace.id if trace else None
        status = 0

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        failure: dict[str, object] = {}
        IN_PROGRESS.inc()
        began = time.perf_counter()
        try:
            await self._app(scope, receive, observed)
            if problem := state.get("problem"):
                failure = {"error": f"{type(problem).__name__}: {problem}"} if problem.status >= 500 else {}
        except ClientDisconnect:
            status = CLIENT_GONE
        except Exception as error:
            failure = describe(error)
            if status:
                raise  # the answer has begun: uvicorn cuts the connection, so that it does not look complete
            answer = problems.response(500, problems.Problem.detail, request_id)
            await answer(scope, receive, observed)
        finally:
            seconds = time.perf_counter() - began
            IN_PROGRESS.dec()
            named = _named(scope)
            if span:
                span.end(*named, status or 500)
            _report(scope, named, status or 500, seconds, failure)


def _given_ids(scope: Scope) -> tuple[str | None, tracing.Trace | None]:
    """The request's id and its trace, as far as they were given and are harmless to write into a log.

    Who names the request has its name for it; else it goes by its trace, else by the load balancer's id.
    """
    given = {name: value for name, value in scope["headers"] if name in _CARRIERS}
    if not given:
        return None, None
    trace = tracing.given_trace(given.get(b"traceparent", b""))
    named, balanced = (given.get(name, b"") for name in (b"x-request-id", b"x-amzn-trace-id"))
    if _REQUEST_ID.fullmatch(named):
        return named.decode(), trace
    by_trace = trace.id if trace else None
    return by_trace or (balanced.decode() if _REQUEST_ID.fullmatch(balanced) else None), trace


def _named(scope: Scope) -> tuple[str, str]:
    """Method and route, both bounded: never a path, which holds ids."""
    method = scope["method"] if scope["method"] in _METHODS else "other"
    return method, getattr(scope.get("route"), "path", "unmatched")


def _report(
    scope: Scope, named: tuple[str, str], status: int, seconds: float, failure: dict[str, object]
) -> None:
    method, route = named
    REQUESTS.done(method, route, status, seconds, scope["state"]["request_id"])
    tenant = scope["state"].get("tenant")
    if tenant is not None:
        REQUESTS.done_for(tenant, status, seconds)
    if route in _QUIET and status < 400 and not log.isEnabledFor(10):
        return  # load balancers ask every few seconds
    handed_out = scope["state"].get("object")
    write = log.error if status >= 500 else log.info
    write(
        "request",
        extra={
            "request_id": scope["state"]["request_id"],
            "trace_id": scope["state"]["trace_id"],
            "tenant": tenant,
            # Of changes, and of files that were handed out, who it was, by a hash that leads to no name without the
            # registry.
            "member": scope["state"].get("member") if method in CHANGES or handed_out else None,
            "object": handed_out,
            "method": method,
            "route": route,
            "status": status,
            "duration_ms": round(seconds * 1000, 2),
            **failure,
        },
    )
