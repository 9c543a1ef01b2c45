"""Prometheus metrics. Every label is bounded: routes by template, tenants up to a number, never any other id."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics_latest
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from workbuoy_app import __version__, tracing
from workbuoy_app.request_metrics import SECONDS, RequestMetrics

# They are a second series for each counter, which Prometheus's text format has no use for.
disable_created_metrics()  # type: ignore[no-untyped-call]
registry = CollectorRegistry()
Info("workbuoy_build", "The release that runs", registry=registry).info({"version": __version__})
ProcessCollector(registry=registry)
GCCollector(registry=registry)

REQUESTS = RequestMetrics()
IN_PROGRESS = Gauge("workbuoy_http_requests_in_progress", "Requests under way", registry=registry)
STORAGE = Histogram(
    "workbuoy_storage_call_duration_seconds",
    "Calls to the object store",
    ("operation", "outcome"),
    buckets=SECONDS,
    registry=registry,
)
LOGINS = Counter("workbuoy_logins_total", "Logins by their outcome", ("outcome",), registry=registry)
for _outcome in ("success", "refused", "not a member", "unavailable"):
    LOGINS.labels(_outcome)  # a rate needs the 0 before the first one, and of some outcomes few ever come
SCHEMA = Gauge(
    "workbuoy_schema_at_head", "1 where every migration that this release knows is applied", registry=registry
)

REMOVALS_OWED = Gauge(
    "workbuoy_object_removals_owed", "Deleted objects that are still in the bucket", registry=registry
)
REMOVALS_OLDEST = Gauge(
    "workbuoy_object_removals_oldest_age_seconds",
    "Age of the oldest of them, 0 without any",
    registry=registry,
)

FREEZE_OLDEST = Gauge(
    "workbuoy_freeze_oldest_age_seconds",
    "For how long a command or a promotion has kept a tenant frozen, 0 where none does",
    registry=registry,
)


def exposition(*, openmetrics: bool = False) -> bytes:
    """Everything, in Prometheus's text format or in OpenMetrics. To be called on the event loop's thread."""
    generate = openmetrics_latest if openmetrics else generate_latest
    requests = "\n".join(REQUESTS.lines(openmetrics=openmetrics))
    return requests.encode() + b"\n" + generate(registry)


class Outcome:
    """Success, until `failed` is called."""

    value = "success"

    def failed(self) -> None:
        """Count this call as a failure."""
        self.value = "failure"


@contextmanager
def storage_call(operation: str) -> Iterator[Outcome]:
    """Time one call to the object store, a step of its request."""
    outcome, began = Outcome(), time.perf_counter()
    try:
        with tracing.step(f"s3 {operation}", {}):
            yield outcome
    finally:
        STORAGE.labels(operation, outcome.value).observe(time.perf_counter() - began)


_POOL_NOW = {
    "pool_size": "Connections to the database",
    "pool_available": "Connections that wait for work",
    "requests_waiting": "Requests that wait for a connection",
}
_POOL_SO_FAR = {
    "requests_errors": ("requests_failed", "Requests that got no connection in time"),
    "connections_num": ("connection_attempts", "Connection attempts"),
    "connections_errors": ("connection_failures", "Connection attempts that failed"),
    "connections_lost": ("connections_lost", "Connections found dead"),
}


class PoolCollector(Collector):
    """Asks the database's pool at the moment of the scrape."""

    def __init__(self, statistics: Callable[[], Mapping[str, float]]) -> None:
        self._statistics = statistics

    def collect(self) -> Iterable[Metric]:
        """The pool's numbers, zero where it has not counted any."""
        numbers = self._statistics()
        for name, meaning in _POOL_NOW.items():
            yield GaugeMetricFamily(f"workbuoy_database_{name}", meaning, value=numbers.get(name, 0))
        for key, (name, meaning) in _POOL_SO_FAR.items():
            yield CounterMetricFamily(f"workbuoy_database_{name}", meaning, value=numbers.get(key, 0))
