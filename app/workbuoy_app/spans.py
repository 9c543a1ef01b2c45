"""Spans of requests, statements and calls to the bucket, exported by OpenTelemetry's SDK over OTLP.

Loaded only where OTEL_EXPORTER_OTLP_ENDPOINT is set; endpoint, sampler and names are the SDK's own to read
(https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). A span holds how long, where in
the program and how it ended: no path, parameter, statement, message of an error, nor who asked. Its trace's id stands
in the log line that says who.

Nothing waits for the receiver. The SDK sends from a thread of its own, out of a queue of 2,048 spans that drops the
oldest (OTEL_BSP_MAX_QUEUE_SIZE).
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import TypeVar

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    format_span_id,
    format_trace_id,
    set_span_in_context,
)
from opentelemetry.trace import Span as SdkSpan

from workbuoy_app import __version__, tracing
from workbuoy_app.database import Claims, Database, Row, Statement, Transaction, Values
from workbuoy_app.logs import log
from workbuoy_app.tracing import Trace

T = TypeVar("T")
FLUSH_SECONDS = 3.0
_SERVER_ERROR = 500
_SUMMARY = re.compile(r"\s*(\w+)(?:.*?\b(?:from|into|update)\s+(\w+))?", re.DOTALL | re.IGNORECASE)


class SpanExport:
    """See the module. `close` sends what is left, within FLUSH_SECONDS."""

    def __init__(self) -> None:
        self._ids = _Ids()
        resource = Resource.create({"service.version": __version__})
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(_Watched(OTLPSpanExporter())))
        self._tracer = self._provider.get_tracer("workbuoy_app", __version__)
        logging.getLogger("opentelemetry").setLevel(
            logging.CRITICAL
        )  # `_Watched` says it once, not each time

    def request(self, given: Trace | None, trace_id: str | None) -> _Recorded:
        """See tracing.Recorder. The caller's flags decide whether it is sampled, else the sampler."""
        self._ids.next = int(trace_id, 16) if trace_id else None
        parent = Context() if given is None else _below(_remote(given))
        return _Recorded(self._tracer, self._tracer.start_span("request", parent, SpanKind.SERVER))

    async def close(self) -> None:
        """Send what is queued. A receiver that does not answer holds the end up no longer than FLUSH_SECONDS."""
        ending = threading.Thread(target=self._provider.shutdown, name="last spans", daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, FLUSH_SECONDS)
        if ending.is_alive():
            log.warning("the last spans were not exported in time")


class _Ids(RandomIdGenerator):
    """Lets a trace that begins here have its request's id. All of it runs on the event loop's thread."""

    next: int | None = None

    def generate_trace_id(self) -> int:
        return self.next or super().generate_trace_id()

    def is_trace_id_random(self) -> bool:
        return False  # who names a request may have chosen the id


class _Watched(SpanExporter):
    """Says in the log when spans begin not to arrive, and when they do again."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._arriving = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        arriving = result is SpanExportResult.SUCCESS
        if arriving and not self._arriving:
            log.info("spans are exported again")
        elif self._arriving and not arriving:
            log.warning("spans are not exported: the receiver does not take them")
        self._arriving = arriving
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class _Recorded:
    """See tracing.Span."""

    __slots__ = ("_span", "_tracer", "trace")

    def __init__(self, tracer: Tracer, span: SdkSpan) -> None:
        self._tracer, self._span = tracer, span
        context = span.get_span_context()
        span_id = format_span_id(context.span_id) if span.is_recording() else None
        self.trace = Trace(format_trace_id(context.trace_id), span_id, f"{context.trace_flags:02x}")

    @contextmanager
    def step(self, name: str, attributes: Mapping[str, str]) -> Iterator[None]:
        span = self._tracer.start_span(name, _below(self._span), SpanKind.CLIENT, attributes)
        token = tracing.enter(_Recorded(self._tracer, span))
        try:
            yield
        except BaseException as error:
            _failed(span, type(error).__qualname__)
            raise
        finally:
            tracing.leave(token)
            span.end()

    def end(self, method: str, route: str, status: int) -> None:
        span = self._span
        if not span.is_recording():
            return
        span.update_name(f"{method} {route}")
        span.set_attributes(
            {"http.request.method": method, "http.route": route, "http.response.status_code": status}
        )
        if status >= _SERVER_ERROR:
            _failed(span, str(status))
        span.end()


def _below(span: SdkSpan) -> Context:
    return set_span_in_context(span, Context())


def _remote(given: Trace) -> SdkSpan:
    flags = TraceFlags(int(given.flags, 16))
    return NonRecordingSpan(SpanContext(int(given.id, 16), int(given.span_id or "0", 16), True, flags))


def _failed(span: SdkSpan, kind: str) -> None:
    """The kind alone: an error's message may quote the data that it concerns."""
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR))


class TracedDatabase:
    """A database whose transactions and statements are steps of the request."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.single_tenant = database.single_tenant

    @property
    def refusal(self) -> str | None:
        return self._database.refusal

    async def open(self) -> None:
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()

    def statistics(self) -> Mapping[str, float]:
        return self._database.statistics()

    async def run(
        self, work: Callable[[Transaction], Awaitable[T]], claims: Claims, *, repeatable: bool = True
    ) -> T:
        """The span of the transaction begins with the wait for a connection."""

        async def traced(transaction: Transaction) -> T:
            return await work(_TracedTransaction(transaction))

        with tracing.step("transaction", {}):
            return await self._database.run(traced, claims, repeatable=repeatable)

    async def at_once(self, statement: Statement, claims: Claims) -> tuple[Row | None, list[Row]] | None:
        with _statement(statement.text):
            return await self._database.at_once(statement, claims)


class _TracedTransaction:
    """See database.Transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.found = transaction.found
        self.removals_owed = transaction.removals_owed
        self.forget_removal = transaction.forget_removal
        self.forget_answers = transaction.forget_answers
        self.oldest_freeze = transaction.oldest_freeze

    async def session_row(self, claims: Claims) -> Row | None:
        with _statement("select from asking"):
            return await self._transaction.session_row(claims)

    async def alone(self, key: str) -> None:
        with _statement("wait"):
            await self._transaction.alone(key)

    async def limit(self, seconds: float) -> None:
        await self._transaction.limit(seconds)

    async def one(self, statement: str, values: Values) -> Row | None:
        with _statement(statement):
            return await self._transaction.one(statement, values)

    async def all(self, statement: str, values: Values) -> list[Row]:
        with _statement(statement):
            return await self._transaction.all(statement, values)

    async def execute(self, statement: str, values: Values) -> int:
        with _statement(statement):
            return await self._transaction.execute(statement, values)

    async def execute_many(self, statement: str, values: Sequence[Values]) -> None:
        with _statement(statement):
            await self._transaction.execute_many(statement, values)


def _statement(text: str) -> AbstractContextManager[None]:
    name, attributes = _summary(text)
    return tracing.step(name, attributes)


@lru_cache(maxsize=512)
def _summary(text: str) -> tuple[str, Mapping[str, str]]:
    """A statement's verb and the first table that it names, as `select things`; nothing else of it."""
    found = _SUMMARY.match(text)
    words = [word.lower() for word in (found.groups() if found else ()) if word]
    summary = " ".join(words) or "statement"
    return summary, {"db.query.summary": summary}
