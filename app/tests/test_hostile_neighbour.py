"""One tenant does all it can, and another one is served. How fast is what benchmarks/ measure."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.proxy import Proxy
from tests.service import Service, attach, make_thing
from tests.test_bad_input import assert_problem
from tests.test_failures import behind
from tests.test_login import superuser_url
from workbuoy_app.settings import Settings

pytestmark = pytest.mark.slow  # each starts servers of its own


@contextmanager
def meanwhile(work: Callable[[], Any], times: int) -> Iterator[list[Any]]:
    """Several threads do `work` again and again until the block ends; gives what they got."""
    ended, got = threading.Event(), list[Any]()

    def again() -> None:
        while not ended.is_set():
            got.append(work())

    threads = [threading.Thread(target=again, daemon=True) for _ in range(times)]
    for thread in threads:
        thread.start()
    try:
        yield got
    finally:
        ended.set()
        for thread in threads:
            thread.join(30)


def assert_served(ask: Callable[[], Any], times: int = 100) -> None:
    """Every one of many requests is answered."""
    for _ in range(times):
        assert ask().status_code == 200
        time.sleep(0.01)


@contextmanager
def no_search_ends(settings: Settings) -> Iterator[None]:
    """Searches wait for the table of their index, and hold what they have meanwhile."""
    with psycopg.connect(superuser_url(settings)) as superuser:
        superuser.execute("lock table thing_search in access exclusive mode")
        yield


def waiting_searches(settings: Settings) -> set[tuple[Any, ...]]:
    """Each by its process and since when it waits."""
    waiting = "select pid, waitstart from pg_locks where not granted and relation = 'thing_search'::regclass"
    with psycopg.connect(superuser_url(settings)) as superuser:
        return set(superuser.execute(waiting).fetchall())


def test_twelve_searches_of_one_tenant_leave_anothers_list_alone(service: Service) -> None:
    browser, hostile = service.browser(), service.browser("globex-user")
    for number in range(30):
        make_thing(browser, f"Thing {number}")
    with meanwhile(lambda: hostile.get("/api/things?search=brann anc ha"), 12) as answers:
        with no_search_ends(service.settings):
            time.sleep(1)
            waiting = waiting_searches(service.settings)
            assert_served(lambda: browser.get("/api/things"), 5)
            assert waiting, "no search waits, so nothing is proved"
            assert waiting <= waiting_searches(service.settings), "a list waited until a search gave up"
    assert {answer.status_code for answer in answers} <= {200, 429, 503}
    assert hostile.get("/api/things?search=brann anc ha").status_code == 200


def test_a_tenant_over_its_rate_is_429_and_another_is_not(settings: Settings) -> None:
    limited = dataclasses.replace(settings, session_requests_per_second=2, tenant_requests_per_second=3)
    with Service(limited) as service:
        browser, second, other = service.browser(), service.browser(), service.browser("globex-user")
        answers = [browser.get("/api/things") for _ in range(8)]
        assert [answer.status_code for answer in answers[:6]] == [200] * 6
        refused = assert_problem(answers[-1], 429)
        assert "this session" in refused["detail"]
        assert int(answers[-1].headers["retry-after"]) >= 1
        beyond = [second.get("/api/things") for _ in range(8)]
        assert any("your organisation" in answer.text for answer in beyond)
        assert other.get("/api/things").status_code == 200


def test_a_store_that_hangs_delays_what_needs_it_and_nothing_else(
    bucket_settings: Settings, moto: str
) -> None:
    unlimited = dataclasses.replace(
        bucket_settings, session_requests_per_second=0, tenant_requests_per_second=0
    )
    with Proxy(int(moto.rpartition(":")[2])) as proxy, Service(behind(unlimited, proxy)) as service:
        browser, other = service.browser(), service.browser("globex-user")
        thing, others = make_thing(browser), make_thing(other)
        file = attach(browser, thing["id"], b"stored").json()
        content = f"/api/things/{thing['id']}/attachments/{file['id']}/content"
        assert browser.get(content).status_code == 307
        proxy.mode = "hang"

        def upload() -> int:
            time.sleep(0.1)
            status: int = attach(browser, thing["id"], b"x").status_code
            return status

        with meanwhile(upload, 20) as statuses:
            time.sleep(1)
            assert_served(lambda: other.get("/api/things"), 50)
            assert browser.get(content).status_code == 307, "signing asks no store"
            assert_problem(attach(other, others["id"], b"x"), 503)
            proxy.mode = "refuse"
            proxy.cut()
        assert set(statuses) <= {503, 429}
