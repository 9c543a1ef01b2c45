"""Turns and rates: nobody has all of anything, whoever waits is served tenant by tenant."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbuoy_app.problems import Refused
from workbuoy_app.turns import RateLimit, Turns


def test_a_tenant_that_waits_first_does_not_go_first_for_ever() -> None:
    async def play() -> list[str]:
        turns, served = Turns("requests", 2, 1, most_waiting=100), list[str]()

        async def ask(tenant: str) -> None:
            async with turns.of(tenant):
                await asyncio.sleep(0)
                served.append(tenant)

        await asyncio.gather(*(ask(tenant) for tenant in ["hostile"] * 50 + ["calm"] * 3))
        return served

    served = asyncio.run(play())
    assert sorted(served) == ["calm"] * 3 + ["hostile"] * 50
    assert max(place for place, tenant in enumerate(served) if tenant == "calm") < 8


def test_too_many_of_ones_own_are_429_and_no_place_left_is_503() -> None:
    async def play() -> None:
        turns = Turns("uploads", 2, 1, most_waiting=0)
        async with turns.of("a"):
            with pytest.raises(Refused) as own:
                async with turns.of("a"):
                    pass
            async with turns.of("b"):
                with pytest.raises(Refused) as full:
                    async with turns.of("c"):
                        pass
        assert (own.value.status, full.value.status) == (429, 503)
        assert own.value.headers["Retry-After"] == full.value.headers["Retry-After"] == "5"

    asyncio.run(play())


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=40))
def test_no_place_is_lost_whoever_gives_up(asks: list[tuple[str, bool]]) -> None:
    async def play() -> None:
        turns = Turns("requests", 3, 2, most_waiting=5, wait_seconds=0.01)

        async def ask(tenant: str) -> None:
            async with turns.of(tenant):
                await asyncio.sleep(0.001)

        tasks = [(asyncio.create_task(ask(tenant)), gives_up) for tenant, gives_up in asks]
        await asyncio.sleep(0)
        for task, gives_up in tasks:
            if gives_up:
                task.cancel()
        await asyncio.gather(*(task for task, _ in tasks), return_exceptions=True)
        assert turns._free == 3
        assert not turns._shares

    asyncio.run(play())


def test_a_rate_comes_back_with_time_and_says_when() -> None:
    now = 0.0
    limit = RateLimit("this session", 2, 4, lambda: now)
    for _ in range(4):
        limit.take("a")
    with pytest.raises(Refused) as refused:
        limit.take("a")
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "1")
    limit.take("b")
    now = 1.0
    limit.take("a")
    limit.take("a")
    with pytest.raises(Refused):
        limit.take("a")


def test_a_limit_of_nought_is_none() -> None:
    limit = RateLimit("this session", 0, 0, lambda: 0.0)
    for _ in range(1000):
        limit.take("a")
