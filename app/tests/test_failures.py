"""What fails beneath: database, store, secrets. A clear status, a problem document, nothing half written."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.proxy import Proxy
from tests.service import Service, attach, make_thing
from tests.test_attachments import objects
from tests.test_bad_input import assert_problem
from tests.test_login import superuser_url
from workbuoy_app import attachments, aws, storage
from workbuoy_app.api import health
from workbuoy_app.database_url import PostgresAddress
from workbuoy_app.settings import MIB, Settings
from workbuoy_app.turns import Turns

pytestmark = pytest.mark.slow  # each starts servers of its own


def through(settings: Settings, proxy: Proxy) -> Settings:
    """The same database behind a proxy."""
    assert isinstance(settings.database, PostgresAddress)
    return dataclasses.replace(
        settings, database=dataclasses.replace(settings.database, port=proxy.port, pool_timeout=1)
    )


def test_a_database_that_goes_away_and_comes_back(settings: Settings) -> None:
    assert isinstance(settings.database, PostgresAddress)
    with Proxy(settings.database.port) as proxy, Service(through(settings, proxy)) as service:
        browser = service.browser()
        make_thing(browser)
        proxy.mode = "refuse"
        proxy.cut()
        answer = browser.post("/api/things", json={"title": "lost"})
        assert_problem(answer, 503)
        assert answer.headers["retry-after"]
        assert_problem(browser.get("/readyz"), 503)
        assert browser.get("/healthz").status_code == 200
        time.sleep(3)
        proxy.mode = "pass"
        # Each request waits for a second at most, so it is tried afresh by each: a pool that waited twice as long after
        # every failure would still be waiting.
        assert 200 in [browser.get("/readyz").status_code for _ in range(6)]
        assert [thing["title"] for thing in browser.get("/api/things").json()["items"]] == ["A thing"]


def test_a_service_that_is_busy_is_ready(settings: Settings) -> None:
    assert isinstance(settings.database, PostgresAddress)
    few = dataclasses.replace(settings.database, connection_limit=4, pool_timeout=1)
    with Service(dataclasses.replace(settings, database=few)) as service:
        browsers = [service.browser(user) for user in ("acme-user", "globex-user") for _ in range(3)]
        assert {each.get("/api/things").status_code for each in browsers} == {200}  # known whose they are
        with ThreadPoolExecutor(2 * len(browsers)) as several:
            with psycopg.connect(superuser_url(settings)) as superuser:
                superuser.execute("lock table things in access exclusive mode")
                busy = [several.submit(browser.get, "/api/things") for browser in browsers]
                time.sleep(0.5)
                assert not any(each.done() for each in busy)
                ready = [several.submit(service.browser(user=None).get, "/readyz") for _ in range(6)]
                assert {each.result().status_code for each in ready} == {200}
            assert {each.result().status_code for each in busy} == {200}


def test_connections_that_were_cut_cost_no_request(settings: Settings) -> None:
    assert isinstance(settings.database, PostgresAddress)
    with Proxy(settings.database.port) as proxy, Service(through(settings, proxy)) as service:
        browser = service.browser()
        for _ in range(5):
            proxy.cut()
            make_thing(browser)
        assert len(browser.get("/api/things").json()["items"]) == 5


def test_connections_to_a_server_that_was_not_the_primary_are_not_kept(settings: Settings) -> None:
    """A name that still leads to a standby for a while fills the pool with sessions that only read."""
    assert isinstance(settings.database, PostgresAddress)
    name = settings.database.database
    with Service(settings) as service:
        browser = service.browser()
        with psycopg.connect(superuser_url(settings), autocommit=True) as superuser:
            superuser.execute(f"alter database {name} set default_transaction_read_only = on")
            superuser.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            assert_problem(browser.post("/api/things", json={"title": "x"}), 503)
            assert browser.get("/api/things").status_code == 200
            superuser.execute(f"alter database {name} reset default_transaction_read_only")
        tries = settings.database.connection_limit + 1  # each may meet one of them
        assert 201 in [browser.post("/api/things", json={"title": "x"}).status_code for _ in range(tries)]


def test_a_database_that_hangs_is_503_while_it_hangs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from workbuoy_app import postgres

    monkeypatch.setattr(postgres, "WORK_TIMEOUT_SECONDS", 1)
    assert isinstance(settings.database, PostgresAddress)
    with Proxy(settings.database.port) as proxy, Service(through(settings, proxy)) as service:
        browser = service.browser()
        proxy.mode = "hang"
        assert_problem(browser.get("/api/things"), 503)
        assert_problem(browser.get("/readyz"), 503)
        assert browser.get("/healthz").status_code == 200
        ended_by = [
            vars(record)["error"]
            for record in caplog.records
            if getattr(record, "route", "") == "/api/things"
        ]
        assert (
            ended_by[-1] == "DatabaseUnavailable: no answer in time"
        )  # the service's own limit, and nothing else
        proxy.mode = "pass"
        proxy.cut()
        assert browser.get("/api/things").status_code == 200


def test_a_database_that_was_never_migrated_is_503_and_not_ready(empty_url: str) -> None:
    from workbuoy_app.settings import load

    with Service(load({"DATABASE_URL": empty_url, "METRICS_ENABLED": "false"})) as service:
        browser = service.browser(user=None)
        browser.cookies.set("workbuoy_session", "x")
        assert_problem(browser.get("/api/things"), 503)
        assert_problem(browser.get("/readyz"), 503)
        assert browser.get("/healthz").status_code == 200


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same waits, in a hurry."""
    monkeypatch.setattr(aws, "READ_TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(aws, "CONNECT_TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(health, "STORAGE_CHECKED_EVERY_SECONDS", 0.0)


def behind(settings: Settings, proxy: Proxy) -> Settings:
    """The same bucket behind a proxy."""
    assert settings.storage is not None
    endpoint = f"http://127.0.0.1:{proxy.port}"
    return dataclasses.replace(settings, storage=dataclasses.replace(settings.storage, endpoint=endpoint))


@pytest.mark.parametrize("mode", ["refuse", "hang"])
@pytest.mark.parametrize("size", [10, 9 * MIB])
def test_a_store_that_refuses_or_hangs_leaves_no_row_and_no_object(
    *,
    bucket_settings: Settings,
    moto: str,
    quick: None,
    mode: Any,
    size: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Proxy(int(moto.rpartition(":")[2])) as proxy, Service(behind(bucket_settings, proxy)) as service:
        browser = service.browser()
        thing = make_thing(browser)
        assert attach(browser, thing["id"], b"whole").status_code == 201
        proxy.mode = mode
        proxy.cut()
        assert_problem(attach(browser, thing["id"], b"x" * size), 503)
        told = [record for record in caplog.records if record.message == "the store failed"]
        assert {record.bucket for record in told} == {bucket_settings.storage.bucket}  # type: ignore[union-attr,attr-defined]
        assert {record.host for record in told} == {f"127.0.0.1:{proxy.port}"}  # type: ignore[attr-defined]
        assert_problem(browser.get("/readyz"), 503)
        assert browser.get("/healthz").status_code == 200
        assert browser.get("/api/things").status_code == 200
        proxy.mode = "pass"
        proxy.cut()
        assert len(browser.get(f"/api/things/{thing['id']}/attachments").json()["items"]) == 1
        assert len(objects(bucket_settings)) == 1
        assert browser.get("/readyz").status_code == 200


def test_a_store_that_denies_access_is_503_and_names_no_reason(
    bucket_settings: Settings, quick: None
) -> None:
    assert bucket_settings.storage is not None
    missing = dataclasses.replace(bucket_settings.storage, bucket="not-there")
    with Service(dataclasses.replace(bucket_settings, storage=missing)) as service:
        browser = service.browser()
        thing = make_thing(browser)
        assert_problem(attach(browser, thing["id"], b"x"), 503)
        assert_problem(browser.get("/readyz"), 503)
        assert browser.get(f"/api/things/{thing['id']}/attachments").json()["items"] == []


def uploads(settings: Settings) -> list[Any]:
    """Uploads in parts that nobody has finished or given up."""
    assert settings.storage is not None
    found = aws.storage_client(settings.storage).list_multipart_uploads(Bucket=settings.storage.bucket)
    return list(found.get("Uploads", []))


def test_an_upload_that_breaks_off_leaves_no_row_no_object_and_no_parts(
    bucket_settings: Settings,
) -> None:
    with Service(dataclasses.replace(bucket_settings, attachment_max_bytes=20 * MIB)) as service:
        browser = service.browser()
        thing = make_thing(browser)

        def too_much() -> Iterator[bytes]:
            for _ in range(25):
                yield b"x" * MIB

        answer = browser.post(f"/api/things/{thing['id']}/attachments?name=x", content=too_much())
        assert_problem(answer, 413)
        assert browser.get(f"/api/things/{thing['id']}/attachments").json()["items"] == []
    assert objects(bucket_settings) == []
    assert uploads(bucket_settings) == []


def test_a_row_that_cannot_be_written_takes_its_object_along(
    bucket_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbuoy_app import database

    async def fails(*_: Any, **__: Any) -> Any:
        raise database.DatabaseUnavailable("gone")

    with Service(bucket_settings) as service:
        browser = service.browser()
        thing = make_thing(browser)
        monkeypatch.setattr(attachments, "insert", fails)
        assert_problem(attach(browser, thing["id"], b"x"), 503)
    assert objects(bucket_settings) == []


def test_a_thing_deleted_during_an_upload_leaves_nothing(
    bucket_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Service(bucket_settings) as service:
        browser = service.browser()
        thing = make_thing(browser)
        real = storage.ObjectStorage.put

        async def put_and_lose(self: Any, *arguments: Any) -> None:
            await real(self, *arguments)
            from workbuoy_app import sessions, things

            claims = sessions.claims(browser.cookies["workbuoy_session"])

            async def work(tx: Any) -> None:
                session = await sessions.find(tx, claims)
                assert session is not None
                await things.delete(tx, session, uuid.UUID(thing["id"]))

            await service.app.state.database.run(work, claims)

        monkeypatch.setattr(storage.ObjectStorage, "put", put_and_lose)
        assert_problem(attach(browser, thing["id"], b"x"), 404)
    assert objects(bucket_settings) == []


def test_too_many_uploads_at_once_must_come_back(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = service.browser()
    thing = make_thing(browser)
    service.app.state.shares.uploads = Turns("uploads", 0, 2, most_waiting=0)
    answer = attach(browser, thing["id"], b"x")
    assert_problem(answer, 503)
    assert answer.headers["retry-after"] == "5"


def test_an_unforeseen_error_is_500_without_a_word_of_the_inside(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from workbuoy_app import logs, things

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("the customer's secret words")

    monkeypatch.setattr(things, "listing", broken)
    logs.configure("info")
    answer = service.browser().get("/api/things")
    document = assert_problem(answer, 500)
    log = capsys.readouterr().out
    assert document["request_id"] in log
    assert "ZeroDivisionError" in log
    assert "the customer's secret words" not in answer.text + log


def test_a_secret_that_cannot_be_read_is_503_and_healthz_goes_on(
    settings: Settings, moto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    assert isinstance(settings.database, PostgresAddress)
    address = dataclasses.replace(settings.database, user=None, password=None, pool_timeout=1)
    unreadable = dataclasses.replace(
        settings, database=address, database_secret_id="not-there", aws_region="eu-west-1"
    )
    with Service(unreadable) as service:
        browser = service.browser(user=None)
        browser.cookies.set("workbuoy_session", "x")
        assert_problem(browser.get("/api/things"), 503)
        assert_problem(browser.get("/readyz"), 503)
        assert browser.get("/healthz").status_code == 200
