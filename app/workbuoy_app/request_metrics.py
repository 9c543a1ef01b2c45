"""Requests by route and by tenant, counted by hand, since each request pays for it.

prometheus_client locks and looks up on every call, and puts each line together label by label at every scrape. All of
this runs on the event loop's one thread, so that nothing needs a lock, and the fixed part of a line is written once.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MOST_TENANTS = 100  # a process tells so many apart, the first that come; all further ones count as `other`
OTHER_TENANTS = "other"
LONGEST_EXEMPLAR = 118  # OpenMetrics takes 128 characters with the label's name
DURATION = "workbuoy_http_request_duration_seconds"
TENANT_REQUESTS = "workbuoy_tenant_requests"
TENANT_SECONDS = "workbuoy_tenant_request_seconds"
_OUTCOMES = ("answered", "refused", "failed")


class _Route:
    """A histogram. Of each bucket the last request is kept, for whoever wants to see one of that kind."""

    __slots__ = ("heads", "labels", "last", "number", "seconds")

    def __init__(self, method: str, route: str, status: int) -> None:
        self.labels = f'method="{_escaped(method)}",route="{_escaped(route)}",status="{status}"'
        bounds = (*(str(one) for one in SECONDS), "+Inf")
        self.heads = [f'{DURATION}_bucket{{le="{bound}",{self.labels}}} ' for bound in bounds]
        self.number = [0] * len(bounds)
        self.last: list[tuple[str, float, float] | None] = [None] * len(bounds)
        self.seconds = 0.0

    def lines(self, *, exemplars: bool) -> Iterator[str]:
        total = 0
        for head, number, last in zip(self.heads, self.number, self.last, strict=True):
            total += number
            line = f"{head}{total}.0"
            if exemplars and last is not None and len(last[0]) <= LONGEST_EXEMPLAR:
                request_id, seconds, at = last
                line += f' # {{request_id="{request_id}"}} {seconds:.6g} {at:.3f}'
            yield line
        yield f"{DURATION}_count{{{self.labels}}} {total}.0"
        yield f"{DURATION}_sum{{{self.labels}}} {self.seconds!r}"


class _Tenant:
    __slots__ = ("number", "seconds")

    def __init__(self) -> None:
        self.number = [0, 0, 0]
        self.seconds = 0.0


class RequestMetrics:
    """What was asked of this process so far."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str, int], _Route] = {}
        self._tenants: dict[str, _Tenant] = {}

    def done(self, method: str, route: str, status: int, seconds: float, request_id: str = "") -> None:
        """Count one request."""
        key = (method, route, status)
        found = self._routes.get(key)
        if found is None:
            found = self._routes[key] = _Route(method, route, status)
        bucket = bisect_left(SECONDS, seconds)
        found.number[bucket] += 1
        found.seconds += seconds
        if request_id:
            found.last[bucket] = (request_id, seconds, time.time())

    def done_for(self, tenant: str, status: int, seconds: float) -> None:
        """Count one request of a tenant that was logged in."""
        found = self._tenants.get(tenant)
        if found is None:
            name = tenant if len(self._tenants) < MOST_TENANTS else OTHER_TENANTS
            found = self._tenants.setdefault(name, _Tenant())
        found.number[2 if status >= 500 else 1 if status >= 400 else 0] += 1
        found.seconds += seconds

    def lines(self, *, openmetrics: bool) -> Iterator[str]:
        """All of it in Prometheus's text format, or in OpenMetrics, which alone has exemplars and names counters so.

        Sources: https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/
        """
        total = "" if openmetrics else "_total"
        yield from _head(DURATION, "histogram", "Time from a request's head to the end of its answer")
        for route in self._routes.values():
            yield from route.lines(exemplars=openmetrics)
        yield from _head(TENANT_REQUESTS + total, "counter", "Requests by tenant and how they ended")
        named = [(_escaped(name), tenant) for name, tenant in self._tenants.items()]
        for name, tenant in named:
            for outcome, number in zip(_OUTCOMES, tenant.number, strict=True):
                yield f'{TENANT_REQUESTS}_total{{outcome="{outcome}",tenant="{name}"}} {number}.0'
        yield from _head(TENANT_SECONDS + total, "counter", "Time spent on a tenant's requests")
        for name, tenant in named:
            yield f'{TENANT_SECONDS}_total{{tenant="{name}"}} {tenant.seconds!r}'


def _head(name: str, kind: str, meaning: str) -> tuple[str, str]:
    return f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
