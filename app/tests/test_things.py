"""Things, on both databases."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest

from tests.service import ISSUER, Service, attach, make_thing
from tests.test_bad_input import assert_problem
from tests.test_login import superuser_url
from workbuoy_app import registry
from workbuoy_app.database import DatabaseUnavailable
from workbuoy_app.migrate import migrate
from workbuoy_app.settings import load


def test_a_thing_is_stored_read_replaced_and_deleted(either_service: Service) -> None:
    browser = either_service.browser()
    thing = make_thing(browser, "Bøk", body="Øl & ål", status="active")
    assert browser.get(f"/api/things/{thing['id']}").json() == thing
    assert (thing["title"], thing["body"], thing["status"]) == ("Bøk", "Øl & ål", "active")

    replaced = browser.put(f"/api/things/{thing['id']}", json={"title": "Other"}).json()
    assert (replaced["title"], replaced["body"], replaced["status"]) == ("Other", "", "open")
    assert replaced["created_at"] == thing["created_at"]
    assert replaced["updated_at"] > thing["updated_at"]

    assert browser.delete(f"/api/things/{thing['id']}").status_code == 204
    assert browser.get(f"/api/things/{thing['id']}").status_code == 404
    assert browser.delete(f"/api/things/{thing['id']}").status_code == 404


def test_pages_show_every_thing_once_newest_first(either_service: Service) -> None:
    browser = either_service.browser()
    made = [make_thing(browser, f"thing {number}")["id"] for number in range(7)]
    seen: list[str] = []
    parameters = {"limit": "3"}
    while True:
        page = browser.get("/api/things", params=parameters).json()
        assert len(page["items"]) <= 3
        seen += [thing["id"] for thing in page["items"]]
        if page["next_cursor"] is None:
            break
        parameters["cursor"] = page["next_cursor"]
        make_thing(browser, "a thing that comes while someone turns pages")
    assert seen == made[::-1]


def test_a_page_that_holds_exactly_the_rest_has_no_next(either_service: Service) -> None:
    browser = either_service.browser()
    for _ in range(2):
        make_thing(browser)
    assert browser.get("/api/things?limit=2").json()["next_cursor"] is None


def test_words_of_any_length_are_stored(either_service: Service) -> None:
    browser = either_service.browser()
    for length in (2_030, 2_034, 2_035, 2_046, 2_047, 20_000):
        make_thing(browser, f"of {length}", body="a" * length)
    make_thing(browser, "of many bytes", body="漢" * 680)
    assert "of 2035" in found(browser, "a" * 100)
    assert found(browser, "漢" * 70) == ["of many bytes"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_beyond_the_calendar_is_refused(either_service: Service, moment: str) -> None:
    for name in ("created_from", "created_before"):
        assert_problem(either_service.browser().get("/api/things", params={name: moment}), 422)


def found(browser: Any, search: str) -> list[str]:
    """The titles that a search brings, the newest first."""
    return [thing["title"] for thing in browser.get("/api/things", params={"search": search}).json()["items"]]


def test_search_finds_beginnings_of_words_of_title_and_body_in_any_case(either_service: Service) -> None:
    browser = either_service.browser()
    make_thing(browser, "Invoices of 2026", body="Paid in May")
    make_thing(browser, "Reminder", body="invoice 17 is DUE")
    make_thing(browser, "Other")
    assert found(browser, "INVOICE") == ["Reminder", "Invoices of 2026"]
    assert found(browser, "due invoice") == ["Reminder"]
    assert found(browser, "nvoice") == []


@pytest.mark.parametrize(
    ("written", "searched"),
    [
        ("Årsmøte på Røros", "ÅRSMØTE roros"),
        ("Blåbærsyltetøy", "blabaersyltetoy"),
        ("Cafe\u0301 composed of two", "café"),
        ("Café of one letter", "cafe\u0301"),
        ("Zażółć gęślą jaźń", "zazolc gesla"),
        ("Straße", "STRASSE"),
        ("fi\ufb01n ligature", "fifin"),
        ("Москва", "москв"),
        ("\u6771\u4eac", "\u6771"),
    ],
)
def test_letters_that_look_alike_are_alike(either_service: Service, written: str, searched: str) -> None:
    browser = either_service.browser()
    make_thing(browser, written)
    assert found(browser, searched) == [written]


@pytest.mark.parametrize(
    ("written", "searched"), [("hundene løp", "hund"), ("hund", "hundene"), ("running", "runs")]
)
def test_stems_of_norwegian_and_english_are_found(service: Service, written: str, searched: str) -> None:
    browser = service.browser()
    make_thing(browser, written)
    assert found(browser, searched) == [written]


@pytest.mark.parametrize("nothing", ["%", "_", "' or 1=1 --", "&", ":*", "!", "\\", "''"])
def test_signs_have_no_meaning_in_a_search(either_service: Service, nothing: str) -> None:
    browser = either_service.browser()
    make_thing(browser, "50% of x_y")
    assert found(browser, nothing) == []
    assert found(browser, f"x{nothing}y 50") in (["50% of x_y"], [])


def test_a_change_is_found_by_its_new_words_and_a_deleted_thing_by_none(either_service: Service) -> None:
    browser = either_service.browser()
    thing = make_thing(browser, "before")
    browser.put(f"/api/things/{thing['id']}", json={"title": "after"})
    assert (found(browser, "before"), found(browser, "after")) == ([], ["after"])
    browser.delete(f"/api/things/{thing['id']}")
    assert found(browser, "after") == []


def test_a_search_finds_its_own_tenants_things_alone_and_nobody_reads_the_index(service: Service) -> None:
    for user in ("acme-user", "globex-user"):
        make_thing(service.browser(user), f"Anchor of {user}")
    assert found(service.browser(), "anchor") == ["Anchor of acme-user"]
    assert found(service.browser("globex-user"), "anchor") == ["Anchor of globex-user"]
    portal = service.browser(user=None).portal
    assert portal is not None

    async def read(tx: Any) -> Any:
        return await tx.all("select terms from thing_search", {})

    with pytest.raises(DatabaseUnavailable, match="InsufficientPrivilege"):
        portal.call(service.app.state.database.run, read, {})


def test_things_from_before_the_index_are_found_after_the_migration(empty_url: str) -> None:
    settings = load({"DATABASE_URL": empty_url, "OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"})
    migrate(settings, target="0006")
    for tenant in ("acme", "globex"):
        registry.add_tenant(settings, tenant)
    with pytest.raises(registry.RegistryError, match="workbuoy-app migrate"):
        registry.add_member(settings, "acme", ISSUER, "acme-user")
    with psycopg.connect(superuser_url(settings)) as superuser:
        superuser.execute(
            "insert into things select t.id, gen_random_uuid(), 'Anchor ' || n, '', 'open', now(), now()"
            " from tenants t, generate_series(1, 700) n"
        )
    migrate(settings)
    for tenant in ("acme", "globex"):
        registry.add_member(settings, tenant, ISSUER, f"{tenant}-user")
    with Service(settings) as service:
        for user in ("acme-user", "globex-user"):
            assert found(service.browser(user), "anchor 700") == ["Anchor 700"]
            assert found(service.browser(user), "anchor 1") != []


def test_a_list_is_narrowed_by_status(either_service: Service) -> None:
    browser = either_service.browser()
    make_thing(browser, "open one")
    done = make_thing(browser, "done one", status="done")
    assert [thing["id"] for thing in browser.get("/api/things?status=done").json()["items"]] == [done["id"]]


def test_deleting_a_thing_deletes_its_attachments(either_service: Service) -> None:
    browser = either_service.browser()
    thing = make_thing(browser)
    attachment = attach(browser, thing["id"], b"content").json()
    browser.delete(f"/api/things/{thing['id']}")
    address = f"/api/things/{thing['id']}/attachments"
    for path in (address, f"{address}/{attachment['id']}", f"{address}/{attachment['id']}/content"):
        assert browser.get(path).status_code == 404


def test_ids_sort_by_time_and_are_version_seven(service: Service) -> None:
    browser = service.browser()
    ids = [uuid.UUID(make_thing(browser)["id"]) for _ in range(3)]
    assert ids == sorted(ids)
    assert {each.version for each in ids} == {7}


def test_a_list_is_sorted_narrowed_by_time_and_counted(either_service: Service) -> None:
    browser = either_service.browser()
    made = [make_thing(browser, f"{number}", status="done" if number % 2 else "open") for number in range(5)]

    def listed(**query: Any) -> Any:
        return browser.get("/api/things", params=query).json()

    def titles(**query: Any) -> list[str]:
        return [thing["title"] for thing in listed(**query)["items"]]

    assert titles(sort="oldest") == ["0", "1", "2", "3", "4"]
    first = listed(sort="oldest", limit=2, count="true")
    assert (first["total"], [thing["title"] for thing in first["items"]]) == (5, ["0", "1"])
    assert titles(sort="oldest", limit=2, cursor=first["next_cursor"]) == ["2", "3"]
    assert titles(created_from=made[1]["created_at"], created_before=made[3]["created_at"]) == ["2", "1"]
    assert listed(status="done", count="true", limit=1)["total"] == 2
    assert listed(search="3", count="true")["total"] == 1
    assert listed()["total"] is None
    assert browser.get("/api/things?created_from=2026-01-01T00:00:00").status_code == 422, "which zone?"


def test_head_is_get_without_its_content(shared_service: Service) -> None:
    browser = shared_service.browser()
    path = f"/api/things/{make_thing(browser)['id']}"
    for address in (path, "/api/things", "/healthz"):
        head = browser.head(address)
        assert head.status_code == 200
        assert head.headers["content-type"] == browser.get(address).headers["content-type"]
    assert browser.head(path).headers["etag"] == browser.get(path).headers["etag"]
    assert browser.head("/api/things/00000000-0000-7000-8000-000000000000").status_code == 404
