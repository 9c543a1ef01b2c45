"""A frozen tenant reads and does not write: neither through the service nor by a write that had begun before."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.promotion.scene import rows
from tests.service import ISSUER, Service, attach, make_thing
from tests.test_tenants import login_connection
from workbuoy_app import registry, roles, sessions
from workbuoy_app.migrate import migrate
from workbuoy_app.promotion import freeze as freezing
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import freeze, thaw
from workbuoy_app.registry import RegistryError
from workbuoy_app.settings import Settings, load

pytestmark = pytest.mark.lengthy


def test_every_write_must_wait_and_every_read_goes_on(bucket_service: Service) -> None:
    settings, browser = bucket_service.settings, bucket_service.browser()
    thing = make_thing(browser)
    path = f"/api/things/{thing['id']}"
    file = f"{path}/attachments/{attach(browser, thing['id'], b'kept').json()['id']}"
    freeze(settings, "acme")
    refusals = [
        browser.post("/api/things", json={"title": "x"}),
        browser.put(path, json={"title": "x"}),
        browser.delete(path),
        attach(browser, thing["id"], b"x"),
        browser.delete(file),
    ]
    assert [(each.status_code, each.headers["Retry-After"]) for each in refusals] == [(423, "60")] * 5
    assert "moved" in refusals[0].json()["detail"]
    reads = ["/api/things", path, f"{path}/attachments", file, "/api/me"]
    assert [browser.get(each).status_code for each in reads] == [200] * 5
    assert browser.get(f"{file}/content").status_code == 307
    assert bucket_service.browser("acme-user").get(path).json() == thing, "logging in works"
    make_thing(bucket_service.browser("globex-user"))
    thaw(settings, "acme")
    assert browser.delete(file).status_code == 204
    assert browser.delete(path).status_code == 204


def test_freezing_and_thawing_again_change_nothing(settings: Settings) -> None:
    first = freeze(settings, "acme")
    assert first.frozen_at is not None
    assert freeze(settings, "acme") == first
    assert thaw(settings, "acme").frozen_at is None
    assert thaw(settings, "acme").frozen_at is None


class Writer:
    """A transaction of the service's own login, in a session of acme's member."""

    def __init__(self, service: Service, database_url: str) -> None:
        token = service.browser("acme-user").cookies["workbuoy_session"]
        self.connection = login_connection(database_url)
        claim = sessions.claims(token)["session"]
        self.connection.execute("select set_config('workbuoy.session', %s, false)", [claim])

    def write(self) -> None:
        self.connection.execute(
            "insert into things select session_tenant(), gen_random_uuid(), 'late', '', 'open', now(), now()"
        )


def test_a_freeze_waits_for_a_write_that_has_begun(service: Service, database_url: str) -> None:
    writer = Writer(service, database_url)
    writer.write()
    done = threading.Event()

    def freeze_now() -> None:
        freeze(service.settings, "acme")
        done.set()

    thread = threading.Thread(target=freeze_now)
    thread.start()
    assert not done.wait(0.3), "a write under way could be committed after the freeze"
    writer.connection.commit()
    thread.join(60)
    assert done.is_set()
    assert rows(service.settings, "select count(*) from things where title = 'late'") == [(1,)]
    with pytest.raises(psycopg.errors.LockNotAvailable, match="frozen"):
        writer.write()


def test_a_freeze_gives_up_on_a_write_that_does_not_end(
    service: Service, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "WAIT_SECONDS", 1)
    writer = Writer(service, database_url)
    writer.write()
    with pytest.raises(PromotionRefused, match="did not end within 1 s"):
        freeze(service.settings, "acme")
    writer.connection.rollback()
    assert freeze(service.settings, "acme").frozen_at is not None


def test_every_table_that_the_service_writes_for_a_tenant_asks(settings: Settings) -> None:
    written = {
        table
        for table, privileges in roles.GRANTS.items()
        if set(privileges.split(", ")) - {"select"} and table != "sessions"
    }
    asking = rows(
        settings, "select tgrelid::regclass::text from pg_trigger where tgname = 'refuse_when_frozen'"
    )
    assert {name for (name,) in asking} == written


def test_the_service_can_neither_see_nor_lift_a_freeze(service: Service, database_url: str) -> None:
    freeze(service.settings, "acme")
    for statement in (
        "select * from freezes",
        "delete from freezes",
        "drop trigger refuse_when_frozen on things",
    ):
        with Writer(service, database_url).connection as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()


def test_members_of_a_frozen_tenant_neither_come_nor_go(settings: Settings) -> None:
    freeze(settings, "acme")
    changes: list[Callable[[], Any]] = [
        lambda: registry.add_member(settings, "acme", ISSUER, "new"),
        lambda: registry.remove_member(settings, ISSUER, "acme-user"),
    ]
    before = rows(settings, "select * from members order by 1")
    for change in changes:
        with pytest.raises(RegistryError, match="being moved"):
            change()
    assert rows(settings, "select * from members order by 1") == before
    registry.remove_member(settings, ISSUER, "globex-user")


def test_an_unknown_tenant_and_sqlite_are_reported(settings: Settings, tmp_path: Any) -> None:
    with pytest.raises(PromotionRefused, match="no tenant nobody"):
        freeze(settings, "nobody")
    lite = load({"DATABASE_URL": f"sqlite:///{tmp_path}/x.db"})
    migrate(lite)
    with pytest.raises(PromotionRefused, match="SQLite"):
        freeze(lite, "acme")
