"""Taking turns: no tenant has all of anything, and whoever waits is served tenant by tenant, not first come."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from workbuoy_app.problems import Refused


@dataclass
class _Share:
    used: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Turns:
    """`total` places, of which a tenant has at most `most_each`; of each tenant at most `most_waiting` wait for one."""

    def __init__(
        self, what: str, total: int, most_each: int, most_waiting: int, wait_seconds: float = 5.0
    ) -> None:
        self._what = what
        self._free = total
        self._most_each = max(1, most_each)
        self._most_waiting = most_waiting
        self._wait_seconds = wait_seconds
        self._shares: OrderedDict[str, _Share] = OrderedDict()  # in the order of whose turn it is

    @asynccontextmanager
    async def of(self, tenant: str) -> AsyncIterator[None]:
        """Hold a place. Raises Refused (429) where the tenant has too many already, (503) where all are taken."""
        share = self._shares.setdefault(tenant, _Share())
        if self._free and share.used < self._most_each and not share.waiting:
            self._free -= 1
            share.used += 1
        else:
            await self._wait(tenant, share)
        try:
            yield
        finally:
            self._free += 1
            share.used -= 1
            self._pass_on()
            self._forget(tenant, share)

    async def _wait(self, tenant: str, share: _Share) -> None:
        own = share.used >= self._most_each
        if len(share.waiting) >= self._most_waiting:
            self._forget(tenant, share)
            raise self._refusal(own=own)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        share.waiting.append(turn)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():  # it came just then
                self._free += 1
                share.used -= 1
                self._pass_on()
            elif turn in share.waiting:
                share.waiting.remove(turn)
            self._forget(tenant, share)
            if isinstance(error, TimeoutError):
                raise self._refusal(own=own) from None
            raise

    def _pass_on(self) -> None:
        for tenant, share in list(self._shares.items()):
            if not self._free:
                return
            while share.waiting and share.waiting[0].done():  # given up, and not yet tidied up
                share.waiting.popleft()
            if share.waiting and share.used < self._most_each:
                self._free -= 1
                share.used += 1
                share.waiting.popleft().set_result(None)
                self._shares.move_to_end(tenant)

    def _forget(self, tenant: str, share: _Share) -> None:
        if not share.used and not share.waiting:
            self._shares.pop(tenant, None)

    def _refusal(self, *, own: bool) -> Refused:
        if own:
            return Refused(
                429, f"Too many {self._what} of yours are under way. Try again soon.", {"Retry-After": "5"}
            )
        return Refused(
            503, f"Too many {self._what} are under way. Try again in a moment.", {"Retry-After": "5"}
        )


class RateLimit:
    """Token buckets by key: `per_second` go on and on, `burst` at once. The keys used longest ago are forgotten."""

    MOST_KEYS = 20_000

    def __init__(self, whose: str, per_second: float, burst: float, clock: Callable[[], float]) -> None:
        self._whose, self._per_second, self._burst, self._clock = whose, per_second, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Raises Refused (429) with the seconds after which there is one again. A limit of 0 is none."""
        if not self._per_second:
            return
        now = self._clock()
        left, at = self._buckets.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        self._buckets[key] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > self.MOST_KEYS:
            self._buckets.popitem(last=False)
        if left < 1:
            seconds = max(1, round((1 - left) / self._per_second + 0.5))
            raise Refused(
                429,
                f"Too many requests of {self._whose}. Try again in {seconds} s.",
                {"Retry-After": str(seconds)},
            )
