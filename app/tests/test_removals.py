"""No object outlives its row, whatever is killed or fails in between."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.service import Service, attach, make_thing
from tests.test_attachments import objects
from tests.test_login import superuser_url
from workbuoy_app import attachments, aws, logs, metrics, registry, removals, sessions, storage, sweeper
from workbuoy_app.api import attachments as endpoints
from workbuoy_app.api import caller
from workbuoy_app.database import Claims, DatabaseUnavailable, Row, Transaction
from workbuoy_app.postgres import PostgresTransaction
from workbuoy_app.settings import Settings

pytestmark = pytest.mark.slow  # each starts servers of its own


def noted(settings: Settings, age: str | None = None) -> list[str]:
    """What is noted for removal, past every policy; `age` makes all notes that old first."""
    with psycopg.connect(superuser_url(settings)) as superuser:
        if age:
            superuser.execute("update object_removals set noted_at = now() - %s::interval", [age])
        return [row[0] for row in superuser.execute("select object_key from object_removals").fetchall()]


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """As if the process ended before it could tidy up."""

    async def nothing(*_: Any) -> None:
        return None

    monkeypatch.setattr(endpoints, "remove_objects", nothing)
    return monkeypatch


def test_nothing_stays_noted_where_all_goes_well(bucket_service: Service) -> None:
    browser = bucket_service.browser()
    thing = make_thing(browser)
    for content in (b"one", b"two"):
        attach(browser, thing["id"], content)
    assert noted(bucket_service.settings) == []
    browser.delete(f"/api/things/{thing['id']}")
    assert noted(bucket_service.settings) == []
    assert objects(bucket_service.settings) == []


def sweep(service: Service) -> None:
    """What the service does every minute."""
    portal = service.browser(user=None).portal
    assert portal is not None
    portal.call(service.app.state.sweeper.sweep)


def test_an_upload_killed_before_its_row_is_swept_up_without_another_upload(
    bucket_service: Service, killed: pytest.MonkeyPatch
) -> None:
    settings, browser = bucket_service.settings, bucket_service.browser()
    thing = make_thing(browser)

    async def fails(*_: Any, **__: Any) -> Any:
        raise DatabaseUnavailable("gone")

    killed.setattr(attachments, "insert", fails)
    assert attach(browser, thing["id"], b"left behind").status_code == 503
    killed.undo()
    (left,) = objects(settings)
    assert noted(settings) == [left["Key"]]
    attach(browser, thing["id"], b"stays")
    sweep(bucket_service)
    assert len(objects(settings)) == 2, "too early to tell"
    noted(settings, age="21 minutes")
    sweep(bucket_service)
    assert [each["Key"] for each in objects(settings)] != [left["Key"]]
    assert len(objects(settings)) == 1
    assert noted(settings) == []


def test_a_store_that_fails_while_deleting_is_asked_again_and_what_is_owed_is_reported(
    bucket_service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, browser = bucket_service.settings, bucket_service.browser()
    thing = make_thing(browser)
    attachment = attach(browser, thing["id"], b"x").json()

    async def fails(*_: Any) -> None:
        raise storage.StorageUnavailable("hangs")

    monkeypatch.setattr(storage.ObjectStorage, "delete", fails)
    path = f"/api/things/{thing['id']}/attachments/{attachment['id']}"
    assert browser.delete(path).status_code == 204
    assert browser.get(path).status_code == 404
    (key,) = noted(settings, age="2 hours")
    logs.configure("info")
    with pytest.raises(storage.StorageUnavailable):
        sweep(bucket_service)
    line = next(line for line in capsys.readouterr().out.splitlines() if sweeper.STILL_OWED in line)
    assert json.loads(line)["owed"] == 1
    assert json.loads(line)["oldest_age_seconds"] >= 7200
    assert (metrics.REMOVALS_OWED._value.get(), metrics.REMOVALS_OLDEST._value.get() >= 7200) == (1, True)
    (listed,) = registry.owed_removals(settings)
    assert listed["object_key"] == key
    monkeypatch.undo()
    sweep(bucket_service)
    assert objects(settings) == []
    assert noted(settings) == []
    assert registry.owed_removals(settings) == []
    assert metrics.REMOVALS_OWED._value.get() == 0


def test_an_upload_that_took_too_long_is_refused(
    bucket_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweeper may be removing its object: a row would promise what is not there."""
    settings, browser = bucket_service.settings, bucket_service.browser()
    thing = make_thing(browser)
    monkeypatch.setattr(removals, "UPLOAD_LIFETIME", timedelta(0))
    assert removals.UPLOAD_LIFETIME < removals.OWED_AFTER
    assert attach(browser, thing["id"], b"x").status_code == 408
    assert browser.get(f"/api/things/{thing['id']}/attachments").json()["items"] == []
    assert objects(settings) == []


def test_rows_that_a_restore_kept_go_once_their_days_are_over_and_its_journal_stays(
    bucket_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = bucket_service.settings.storage
    assert where is not None
    s3 = aws.storage_client(where)
    run = "restores/acme/20261126T093000Z/1"
    kept = [f"{run}/before/manifest.json", f"{run}/before/rows/things.ndjson.gz"]
    for key in (f"{run}/journal.json", *kept):
        s3.put_object(Bucket=where.bucket, Key=key, Body=b"{}")
    sweep(bucket_service)
    assert {one["Key"] for one in objects(bucket_service.settings)} >= {*kept}
    bucket_service.app.state.sweeper._ways_back_due = 0
    monkeypatch.setattr(storage, "WAY_BACK_LASTS", -timedelta(minutes=1))
    sweep(bucket_service)
    left = [one["Key"] for one in objects(bucket_service.settings) if one["Key"].startswith("restores/")]
    assert left == [f"{run}/journal.json"]
    s3.delete_object(Bucket=where.bucket, Key=left[0])


def owe(service: Service, number: int) -> list[str]:
    """Note so many objects, which are not there, for removal a day ago; the oldest first."""
    tenant = service.browser().get("/api/me").json()["tenant_id"]
    keys = [f"tenants/{tenant}/{n}" for n in range(number)]
    with psycopg.connect(superuser_url(service.settings)) as superuser, superuser.cursor() as cursor:
        cursor.executemany(
            "insert into object_removals values (%s, %s, now() - interval '1 day' + %s * interval '1 second')",
            [(tenant, key, n) for n, key in enumerate(keys)],
        )
    return keys


def refuse(monkeypatch: pytest.MonkeyPatch, keys: Iterable[str]) -> list[str]:
    """The store refuses to delete these; gives back which it was asked to delete."""
    real, asked, held = BaseClient._make_api_call, list[str](), set(keys)

    def call(self: Any, operation: str, arguments: Any) -> Any:
        if operation == "DeleteObject":
            asked.append(arguments["Key"])
            if arguments["Key"] in held:
                refusal = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
                raise ClientError(refusal, operation)
        return real(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return asked


def test_an_object_that_the_store_refuses_to_delete_keeps_no_other(
    bucket_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = owe(bucket_service, 5)
    monkeypatch.setattr(removals, "PAGE", 2)
    held = {keys[0], keys[2]}
    asked = refuse(monkeypatch, held)
    sweep(bucket_service)
    assert set(noted(bucket_service.settings)) == held
    assert asked == keys
    asked.clear()
    sweep(bucket_service)
    assert asked == [keys[0], keys[2]], "a store that refuses everything is not asked for all of it"


def test_what_is_owed_behind_a_page_that_the_store_refuses_whole_goes_by_the_next_sweep(
    bucket_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = owe(bucket_service, 5)
    monkeypatch.setattr(removals, "PAGE", 2)
    held, asked = set(keys[:2]), refuse(monkeypatch, keys[:2])
    for _ in range(2):
        sweep(bucket_service)
    assert set(noted(bucket_service.settings)) == held
    assert asked == keys
    sweep(bucket_service)
    assert asked == [*keys, *keys[:2]], "what was refused is asked for again"


def test_only_the_sweep_sees_notes_of_every_tenant(bucket_service: Service) -> None:
    browser = bucket_service.browser()
    thing = make_thing(browser)
    key = f"tenants/{browser.get('/api/me').json()['tenant_id']}/x"
    with psycopg.connect(superuser_url(bucket_service.settings)) as superuser:
        superuser.execute(
            "insert into object_removals select id, %s, now() - interval '1 day' from tenants where name = 'acme'",
            [key],
        )
    database, portal = bucket_service.app.state.database, browser.portal
    other = sessions.claims(bucket_service.browser("globex-user").cookies["workbuoy_session"])
    assert portal is not None

    async def by_hand(tx: Transaction) -> tuple[list[Row], int]:
        await tx.one("select set_config('workbuoy.sweep', 'on', true)", {})
        seen = await tx.all("select object_key from object_removals", {})
        return seen, await tx.execute("delete from object_removals", {})

    nobody: Claims = {}
    for claims in (nobody, other):
        assert portal.call(database.run, by_hand, claims) == ([], 0)
    (row,) = portal.call(database.run, removals.owed, {})
    assert row["object_key"] == key
    for changed in ({"noted_at": row["noted_at"] + timedelta(days=2)}, {"object_key": "x"}):
        portal.call(database.run, partial(removals.forget, row=row | changed), {})
    assert noted(bucket_service.settings) == [key]
    portal.call(database.run, partial(removals.forget, row=row), {})
    assert noted(bucket_service.settings) == []
    assert thing


def test_a_removal_is_forgotten_only_when_it_is_due(bucket_service: Service) -> None:
    browser = bucket_service.browser()
    thing = make_thing(browser)
    key = f"tenants/{browser.get('/api/me').json()['tenant_id']}/x"
    with psycopg.connect(superuser_url(bucket_service.settings)) as superuser:
        found = superuser.execute(
            "insert into object_removals select id, %s, now() from tenants where name = 'acme'"
            " returning tenant_id, object_key, noted_at",
            [key],
        ).fetchone()
    assert found is not None
    row = dict(zip(("tenant_id", "object_key", "noted_at"), found, strict=True))
    database, portal = bucket_service.app.state.database, browser.portal
    assert portal is not None
    assert portal.call(database.run, removals.owed, {}) == []
    portal.call(database.run, partial(removals.forget, row=row), {})
    assert noted(bucket_service.settings) == [key]
    assert thing


def test_a_row_that_was_committed_after_all_keeps_its_object(
    bucket_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit's answer is lost for good: the note tells whether it happened."""
    settings, browser = bucket_service.settings, bucket_service.browser()
    thing = make_thing(browser)
    real = caller.Caller.run

    async def answer_is_lost(self: Any, work: Any, *arguments: Any, **named: Any) -> Any:
        answer = await real(self, work, *arguments, **named)
        if work is attachments.insert:
            raise DatabaseUnavailable("connection lost while committing")
        return answer

    monkeypatch.setattr(caller.Caller, "run", answer_is_lost)
    assert attach(browser, thing["id"], b"x").status_code == 503
    monkeypatch.undo()
    (attachment,) = browser.get(f"/api/things/{thing['id']}/attachments").json()["items"]
    assert [each["Key"].rpartition("/")[2] for each in objects(settings)] == [attachment["id"]]


def test_what_is_attached_while_its_thing_is_deleted_leaves_no_object(
    bucket_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, browser, another = bucket_service.settings, bucket_service.browser(), bucket_service.browser()
    thing = make_thing(browser)
    attach(browser, thing["id"], b"early")
    real, late = PostgresTransaction.all, list[Future[Any]]()

    async def and_then_another_comes(self: Any, statement: str, values: Any) -> list[Row]:
        found = await real(self, statement, values)
        if "object_key" in statement and not late:
            late.append(several.submit(attach, another, thing["id"], b"late"))
            await asyncio.sleep(1)  # it ends in that time, or waits for this deletion
        return found

    monkeypatch.setattr(PostgresTransaction, "all", and_then_another_comes)
    with ThreadPoolExecutor(1) as several:
        assert browser.delete(f"/api/things/{thing['id']}").status_code == 204
        assert late[0].result().status_code in {201, 404}
    assert len(objects(settings)) == len(noted(settings)) == 0


def test_a_bucket_that_is_no_longer_set_leaves_the_notes(bucket_settings: Settings) -> None:
    with Service(bucket_settings) as service:
        browser = service.browser()
        thing = make_thing(browser)
        attachment = attach(browser, thing["id"], b"x").json()
    with Service(dataclasses.replace(bucket_settings, storage=None)) as service:
        browser = service.browser()
        path = f"/api/things/{thing['id']}/attachments/{attachment['id']}"
        assert browser.get(f"{path}/content").status_code == 503
        assert browser.delete(path).status_code == 204
    assert len(noted(bucket_settings)) == 1
