"""What a simulated rollout stands on: a clock, AWS's token buckets, a state bucket that throttles, and the truth.

Nothing here waits: time is what the next event says it is. The plan, the journal, leases and the stop rule are the real
ones of `operations.fleet`.
"""

import heapq
import random
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field

from operations.engine.errors import UnreachableError
from operations.fleet.store import Stored
from operations.limits.counting import rates

Process = Generator[float, None, None]
"""Yields seconds to wait."""
UNDOCUMENTED = (20.0, 100.0)
"""Calls a second, and burst, where AWS tells no rate: what EC2 tells of its own reads, as an assumption."""
ENGINE_PARALLEL = 10
BACKOFF_SECONDS, LONGEST_BACKOFF = 1.0, 20.0
ANSWER_SECONDS = 0.15


class Clock:
    """Events in the order of their time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Process]] = []
        self._number = 0

    def spawn(self, process: Process, after: float = 0.0) -> None:
        """Let a process begin."""
        self._number += 1
        heapq.heappush(self._events, (self.now + after, self._number, process))

    def run(self) -> None:
        """Until nothing waits any more."""
        while self._events:
            self.now, _, process = heapq.heappop(self._events)
            try:
                pause = next(process)
            except StopIteration:
                continue
            self.spawn(process, pause)


@dataclass
class Bucket:
    """A token bucket: filled at a rate, never above its burst."""

    rate: float
    burst: float
    tokens: float
    at: float = 0.0

    def take(self, wanted: int, now: float) -> int:
        """How many of so many calls pass now."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        passed = min(wanted, int(self.tokens))
        self.tokens -= passed
        return passed


class Aws:
    """The rates of docs/limits.md, for each account and region."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock, self._chance = clock, chance
        self._known: dict[tuple[str, str], tuple[float, float]] = {
            (one.service, one.kind): (one.per_second, one.burst or one.per_second)
            for one in rates()
            if one.per_second is not None
        }
        self._buckets: dict[tuple[str, str, str], Bucket] = {}
        self.calls, self.retries = Counter[str](), Counter[str]()

    def call(self, place: str, service: str, kind: str, number: int) -> Process:
        """Make so many calls, each refused one again after a pause that grows, as AWS's clients do."""
        key = place, service, kind
        if key not in self._buckets:
            rate, burst = self._known.get((service, kind), UNDOCUMENTED)
            self._buckets[key] = Bucket(rate=rate, burst=burst, tokens=burst)
        left, attempt = number, 0
        while left:
            batch = min(left, ENGINE_PARALLEL)
            passed = self._buckets[key].take(batch, self._clock.now)
            self.calls[service] += passed
            self.retries[service] += batch - passed
            left -= passed
            attempt = attempt + 1 if passed < batch else 0
            pause = min(BACKOFF_SECONDS * 2 ** (attempt - 1), LONGEST_BACKOFF) * self._chance.uniform(0.5, 1)
            yield ANSWER_SECONDS + (pause if attempt else 0.0)


@dataclass
class StateBucket:
    """An S3 bucket in memory; `trouble` is the share of writes without an answer, half of them after they were done."""

    clock: Clock
    chance: random.Random
    trouble: float
    objects: dict[str, tuple[bytes, int, float]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    _versions: int = 0

    def read(self, key: str) -> Stored | None:
        """As `operations.fleet.store.Store`."""
        self.calls["read"] += 1
        if key not in self.objects:
            return None
        body, version, written = self.objects[key]
        return Stored(body=body, version=str(version), age_seconds=self.clock.now - written)

    def create(self, key: str, body: bytes) -> str | None:
        """As `operations.fleet.store.Store`."""
        return None if key in self.objects else self._put(key, body)

    def replace(self, key: str, body: bytes, version: str) -> str | None:
        """As `operations.fleet.store.Store`."""
        there = self.objects.get(key)
        if there is None or str(there[1]) != version:
            self.calls["refused"] += 1
            return None
        return self._put(key, body)

    def _put(self, key: str, body: bytes) -> str:
        self.calls["write"] += 1
        silent = self.chance.random() < self.trouble and "/shards/" in key
        if silent and self.chance.random() < 0.5:
            self.unanswered += 1
            raise UnreachableError("503 SlowDown")
        self._versions += 1
        self.objects[key] = body, self._versions, self.clock.now
        if silent:
            self.unanswered += 1
            raise UnreachableError("503 SlowDown")
        return str(self._versions)


@dataclass
class Truth:
    """What really happened in AWS, apart from what any journal says."""

    deployed: Counter[str] = field(default_factory=Counter)
    under_way: dict[str, str] = field(default_factory=dict)
    noted: set[str] = field(default_factory=set)
    at_once: list[str] = field(default_factory=list)
    after_done: list[str] = field(default_factory=list)
    ended_at: dict[str, float] = field(default_factory=dict)
    watched_from: dict[str, float] = field(default_factory=dict)

    def begins(self, name: str, runner: str) -> None:
        """A runner begins a customer; two that are awake must never have the same one."""
        if name in self.under_way:
            self.at_once.append(name)
        if name in self.noted:
            self.after_done.append(name)
        self.under_way[name] = runner

    def ends(self, name: str, now: float) -> None:
        """Its update is through."""
        self.under_way.pop(name, None)
        self.deployed[name] += 1
        self.ended_at[name] = now

    def unwatched(self, shards: Mapping[str, Iterable[str]]) -> list[str]:
        """Finished shards, with their customers, of whom one was deployed after the watch that was noted had begun."""
        return [
            shard
            for shard, names in shards.items()
            if max((self.ended_at.get(name, 0.0) for name in names), default=0.0) > self.watched_from.get(shard, -1.0)
        ]


def calls_of(resources: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Calls of one deployment of an image: each resource read by the look for drift, the review and the update.

    What it writes: the three task definitions, the service, the function's code, and no alarm.
    """
    reads = [(service, "read", 3 * number) for service, number in sorted(resources.items())]
    return [*reads, ("ecs", "write", 4), ("lambda", "write", 1), ("ecs", "read", 12)]
