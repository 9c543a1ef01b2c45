"""Things, on both databases."""

from __future__ import annotations

import uuid

from tests.service import Service, attach, make_thing


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


def test_search_finds_parts_of_title_and_body_in_any_case(either_service: Service) -> None:
    browser = either_service.browser()
    make_thing(browser, "Invoice 17")
    make_thing(browser, "Letter", body="about invoice 18")
    make_thing(browser, "Nothing")
    found = browser.get("/api/things", params={"search": "INVOICE"}).json()["items"]
    assert {thing["title"] for thing in found} == {"Invoice 17", "Letter"}


def test_search_in_postgres_knows_norwegian_capitals(service: Service) -> None:
    browser = service.browser()
    make_thing(browser, "ÅRSMØTE")
    assert len(browser.get("/api/things", params={"search": "årsmøte"}).json()["items"]) == 1


def test_search_takes_wildcards_literally(either_service: Service) -> None:
    browser = either_service.browser()
    make_thing(browser, "100 % sure!")
    make_thing(browser, "1000 sure")
    for text in ("100 %", "%", "sure!"):
        found = browser.get("/api/things", params={"search": text}).json()["items"]
        assert [thing["title"] for thing in found] == ["100 % sure!"], text
    assert browser.get("/api/things", params={"search": "_"}).json()["items"] == []


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
