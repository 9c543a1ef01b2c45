"""No object outlives its row, whatever is killed or fails in between."""

from __future__ import annotations

import dataclasses
from typing import Any

import psycopg
import pytest

from tests.service import Service, attach, make_thing
from tests.test_attachments import objects
from tests.test_login import superuser_url
from workbuoy_app import attachments, removals, sessions, storage
from workbuoy_app.api import attachments as endpoints
from workbuoy_app.api import caller
from workbuoy_app.database import DatabaseUnavailable
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


def test_an_upload_killed_before_its_row_goes_with_the_tenants_next_upload(
    bucket_service: Service, killed: pytest.MonkeyPatch
) -> None:
    settings, browser = bucket_service.settings, bucket_service.browser()
    thing = make_thing(browser)

    async def fails(*_: Any) -> Any:
        raise DatabaseUnavailable("gone")

    killed.setattr(attachments, "insert", fails)
    assert attach(browser, thing["id"], b"left behind").status_code == 503
    killed.undo()
    (left,) = objects(settings)
    assert noted(settings) == [left["Key"]]
    assert attach(browser, thing["id"], b"too early to tell").status_code == 201
    assert len(objects(settings)) == 2
    noted(settings, age="2 hours")
    stranger = bucket_service.browser("globex-user")
    attach(stranger, make_thing(stranger)["id"], b"another tenant's upload removes nothing of acme's")
    assert len(objects(settings)) == 3
    assert attach(browser, thing["id"], b"next").status_code == 201
    assert left["Key"] not in [each["Key"] for each in objects(settings)]
    assert noted(settings) == []


def test_a_store_that_fails_while_deleting_is_asked_again(
    bucket_service: Service, monkeypatch: pytest.MonkeyPatch
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
    monkeypatch.undo()
    assert len(noted(settings, age="2 hours")) == 1
    attach(browser, thing["id"], b"next")
    assert len(objects(settings)) == 1
    assert noted(settings) == []


def test_an_upload_that_another_began_to_remove_is_refused(
    bucket_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its object may be gone already: a row would promise what is not there."""
    settings, browser = bucket_service.settings, bucket_service.browser()
    thing = make_thing(browser)
    real = storage.ObjectStorage.put
    claims = sessions.claims(browser.cookies["workbuoy_session"])

    async def slow(self: Any, *arguments: Any) -> None:
        await real(self, *arguments)
        noted(settings, age="2 hours")

        async def another_upload_begins(tx: Any) -> list[str]:
            session = await sessions.find(tx, claims)
            assert session is not None
            return await removals.left_behind(tx, session)

        assert len(await bucket_service.app.state.database.run(another_upload_begins, claims)) == 1

    monkeypatch.setattr(storage.ObjectStorage, "put", slow)
    assert attach(browser, thing["id"], b"x").status_code == 408
    assert browser.get(f"/api/things/{thing['id']}/attachments").json()["items"] == []
    assert objects(settings) == []


def test_a_row_that_was_committed_after_all_keeps_its_object(
    bucket_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit's answer is lost for good: the note tells whether it happened."""
    settings, browser = bucket_service.settings, bucket_service.browser()
    thing = make_thing(browser)
    real = caller.Caller.run

    async def answer_is_lost(self: Any, work: Any, *arguments: Any) -> Any:
        answer = await real(self, work, *arguments)
        if work is attachments.insert:
            raise DatabaseUnavailable("connection lost while committing")
        return answer

    monkeypatch.setattr(caller.Caller, "run", answer_is_lost)
    assert attach(browser, thing["id"], b"x").status_code == 503
    monkeypatch.undo()
    (attachment,) = browser.get(f"/api/things/{thing['id']}/attachments").json()["items"]
    assert [each["Key"].rpartition("/")[2] for each in objects(settings)] == [attachment["id"]]


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
