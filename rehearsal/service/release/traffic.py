"""Readers and writers while releases change, and a ledger of every write that was acknowledged."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from rehearsal.service.browser import Browser, HttpAnswer
from rehearsal.service.release.balancer import Balancer

REQUESTS_PER_SECOND = 20
READERS, WRITERS = 2, 2
CHECKS_PER_SECOND = 80  # below what the service allows one session
SHOWN = 3


@dataclass
class Traffic:
    """Requests of one member at a steady rate, through the balancer, each with a connection of its own.

    `phase` is what goes on meanwhile; a failure names it. What a failed write left is not known, so that its thing is
    no longer compared.
    """

    balancer: Balancer
    public_url: str
    cookies: dict[str, str]
    phase: str = ""
    sent: int = 0
    slowest_seconds: float = 0.0
    failures: list[str] = field(default_factory=list)
    acknowledged: dict[str, str] = field(default_factory=dict)  # path of a thing -> its body
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Begin; raises nothing later: failures are kept."""
        kinds = [*(self._reads,) * READERS, *(self._writes,) * WRITERS]
        for requests in kinds:
            thread = threading.Thread(target=self._run, args=(requests, len(kinds)), daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End after the requests that are on their way."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _run(self, requests: Callable[[], Iterator[None]], threads: int) -> None:
        due = time.monotonic()
        for _ in requests():
            due += threads / REQUESTS_PER_SECOND
            if self._ended.wait(max(0.0, due - time.monotonic())):
                return

    def _reads(self) -> Iterator[None]:
        while True:
            self._ask("GET", "/api/things", 200)
            yield
            with self._lock:
                path = next(reversed(self.acknowledged), "/api/things")
            self._ask("GET", path, 200)
            yield

    def _writes(self) -> Iterator[None]:
        for number in count():
            title = f"Traffic {number}"
            body = uuid.uuid4().hex
            made = self._ask("POST", "/api/things", 201, {"title": title, "body": body})
            yield
            if made is None:
                continue
            path = f"/api/things/{made.json()['id']}"
            self._acknowledge(path, body)
            body = uuid.uuid4().hex
            changed = self._ask("PUT", path, 200, {"title": title, "body": body, "status": "done"})
            if changed is None:
                self._forget(path)
            else:
                self._acknowledge(path, body)
            yield

    def _acknowledge(self, path: str, body: str) -> None:
        with self._lock:
            self.acknowledged[path] = body

    def _forget(self, path: str) -> None:
        with self._lock:
            self.acknowledged.pop(path, None)

    def _ask(self, method: str, path: str, status: int, content: object = None) -> HttpAnswer | None:
        """The answer, or None where it failed, which is kept."""
        began, phase = time.monotonic(), self.phase
        answer: HttpAnswer | None = None
        try:
            with self.balancer.target() as port:
                browser = Browser(self.public_url, port, self.balancer.schemes[port], dict(self.cookies))
                answer = browser.send(method, path, None if content is None else json.dumps(content).encode())
            problem = "" if answer.status == status else f"{answer.status} instead of {status}"
        except OSError as error:
            problem = repr(error)
        with self._lock:
            self.sent += 1
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
            if problem:
                where = "/api/things" if path == "/api/things" else "/api/things/ID"
                self.failures.append(f"{method} {where} while {phase}: {problem}")
        return None if problem else answer

    def lost(self, browser: Browser) -> list[str]:
        """Every acknowledged write that does not come back as it was acknowledged."""
        found = []
        for path, body in self.acknowledged.items():
            answer = browser.send("GET", path)
            if answer.status != 200 or answer.json()["body"] != body:
                found.append(path)
            time.sleep(1 / CHECKS_PER_SECOND)
        return found
