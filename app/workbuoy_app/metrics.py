"""Prometheus metrics. Every label is bounded: routes by template, tenants up to a number, never any other id."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from workbuoy_app import __version__

# They are a second series for each counter, which Prometheus's text format has no use for.
disable_created_metrics()  # type: ignore[no-untyped-call]
registry = CollectorRegistry()
Info("workbuoy_build", "The release that runs", registry=registry).info({"version": __version__})
ProcessCollector(registry=registry)
GCCollector(registry=registry)

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REQUESTS = Histogram(
    "workbuoy_http_request_duration_seconds",
    "Time from a request's head to the end of its answer",
    ("method", "route", "status"),
    buckets=_SECONDS,
    registry=registry,
)
IN_PROGRESS = Gauge("workbuoy_http_requests_in_progress", "Requests under way", registry=registry)
STORAGE = Histogram(
    "workbuoy_storage_call_duration_seconds",
    "Calls to the object store",
    ("operation", "outcome"),
    buckets=_SECONDS,
    registry=registry,
)
LOGINS = Counter("workbuoy_logins_total", "Logins by their outcome", ("outcome",), registry=registry)
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

TENANT_REQUESTS = Counter(
    "workbuoy_tenant_requests_total",
    "Requests by tenant and how they ended",
    ("tenant", "outcome"),
    registry=registry,
)
TENANT_SECONDS = Counter(
    "workbuoy_tenant_request_seconds_total",
    "Time spent on a tenant's requests",
    ("tenant",),
    registry=registry,
)
MOST_TENANTS = 100  # a process tells so many apart, the first that come; all further ones count as `other`
OTHER_TENANTS = "other"

_routes: dict[tuple[str, str, int], Any] = {}
_tenants: dict[str, tuple[Mapping[str, Any], Any]] = {}


def request_done(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request. `labels()` locks and hashes on every call, so its results are kept."""
    key = (method, route, status)
    child = _routes.get(key)
    if child is None:
        child = _routes[key] = REQUESTS.labels(method, route, str(status))
    child.observe(seconds)


def tenant_request_done(tenant: str, status: int, seconds: float) -> None:
    """Count one request of a tenant that was logged in."""
    known = _tenants.get(tenant)
    if known is None:
        label = tenant if len(_tenants) < MOST_TENANTS else OTHER_TENANTS
        known = _tenant_children(label)
        if label == tenant:
            _tenants[tenant] = known
    by_outcome, spent = known
    by_outcome["failed" if status >= 500 else "refused" if status >= 400 else "answered"].inc()
    spent.inc(seconds)


def _tenant_children(label: str) -> tuple[Mapping[str, Any], Any]:
    outcomes = ("answered", "refused", "failed")
    return {one: TENANT_REQUESTS.labels(label, one) for one in outcomes}, TENANT_SECONDS.labels(label)


class Outcome:
    """Success, until told otherwise."""

    value = "success"

    def failed(self) -> None:
        """Count this call as a failure."""
        self.value = "failure"


@contextmanager
def storage_call(operation: str) -> Iterator[Outcome]:
    """Time one call to the object store."""
    outcome, began = Outcome(), time.perf_counter()
    try:
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
