"""Looking at the service's own metrics while it is tried, often enough to see it breathe."""

import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from rehearsal.service.browser import fetch

EVERY_SECONDS: Final = 0.25
_REQUESTS: Final = "workbuoy_http_request_duration_seconds"
_POOL: Final = "workbuoy_database_"
_SAMPLE: Final = re.compile(rf"^({_REQUESTS}_bucket|{_REQUESTS}_count|{_POOL}\w+)(?:\{{(.*)\}})? (\S+)$", re.MULTILINE)
_LABEL: Final = re.compile(r'(\w+)="([^"]*)"')
_PROBES: Final = ("/healthz", "/readyz")


@dataclass(frozen=True, kw_only=True)
class Scrape:
    """What the service had counted at one moment, health checks left out.

    `buckets` are requests answered within each bound in seconds; `pool` holds its metrics by the end of their names.
    """

    at: float
    requests: float
    failed: float
    buckets: dict[float, float]
    pool: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Watched:
    """All looks in their order, and what began when, both in seconds since the first."""

    scrapes: tuple[Scrape, ...] = ()
    marks: tuple[tuple[float, str], ...] = ()


def read(text: str, at: float) -> Scrape:
    """One exposition in Prometheus's text format."""
    requests = failed = 0.0
    buckets, pool = dict[float, float](), dict[str, float]()
    for name, inside, value in _SAMPLE.findall(text):
        labels = dict(_LABEL.findall(inside))
        if labels.get("route") in _PROBES:
            continue
        if name.startswith(_POOL):
            pool[name.removeprefix(_POOL)] = float(value)
        elif name.endswith("_count"):
            requests += float(value)
            failed += float(value) if labels["status"].startswith("5") else 0.0
        else:
            buckets[float(labels["le"])] = buckets.get(float(labels["le"]), 0.0) + float(value)
    return Scrape(at=at, requests=requests, failed=failed, buckets=dict(sorted(buckets.items())), pool=pool)


@dataclass
class Watcher:
    """Looks in a thread of its own, at first, at each mark, at last and between; a look that fails is left out."""

    port: int
    _scrapes: list[Scrape] = field(default_factory=list)
    _marks: list[tuple[float, str]] = field(default_factory=list)
    _due: threading.Event = field(default_factory=threading.Event)
    _stopped: bool = False
    _began: float = field(default_factory=time.perf_counter)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._look, name="watcher", daemon=True)
        self._thread.start()

    def mark(self, what: str) -> None:
        """Something begins now."""
        self._marks.append((time.perf_counter() - self._began, what))
        self._due.set()

    def stop(self) -> None:
        """Look no more. May be called again."""
        self._stopped = True
        self._due.set()
        if self._thread is not None:
            self._thread.join()

    def seen(self) -> Watched:
        """What was seen so far."""
        return Watched(scrapes=tuple(self._scrapes), marks=tuple(self._marks))

    def _look(self) -> None:
        last = False
        while not last:
            self._due.clear()
            last = self._stopped
            with suppress(OSError):
                text = fetch(f"http://127.0.0.1:{self.port}/metrics").body.decode()
                self._scrapes.append(read(text, time.perf_counter() - self._began))
            if not last:
                self._due.wait(EVERY_SECONDS)
