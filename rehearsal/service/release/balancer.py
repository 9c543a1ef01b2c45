"""The load balancer between two releases: who is asked next, and when nobody asks a target any more."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

DRAIN_TIMEOUT_SECONDS = 30


class Balancer:
    """Targets by their ports on loopback, in turn. A target that is drained gets no new request, and is waited for.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
    """

    def __init__(self) -> None:
        self._targets: list[int] = []
        self.schemes: dict[int, str] = {}
        self._asked: Counter[int] = Counter()
        self._turn = count()
        self._changed = threading.Condition()

    def register(self, port: int, scheme: str = "http") -> None:
        """Send requests to a target from now on, by http or https."""
        with self._changed:
            self.schemes[port] = scheme
            self._targets.append(port)

    @contextmanager
    def target(self) -> Iterator[int]:
        """The target of one request, which counts as on its way until the context ends."""
        with self._changed:
            port = self._targets[next(self._turn) % len(self._targets)]
            self._asked[port] += 1
        try:
            yield port
        finally:
            with self._changed:
                self._asked[port] -= 1
                self._changed.notify_all()

    def drain(self, port: int) -> bool:
        """Take a target out and wait for the requests on their way to it; whether they all came back in time."""
        with self._changed:
            self._targets.remove(port)
            return self._changed.wait_for(lambda: not self._asked[port], DRAIN_TIMEOUT_SECONDS)
