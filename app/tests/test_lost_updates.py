"""Nobody overwrites what they have not seen, and what is sent twice is done once."""

from __future__ import annotations

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.promotion.scene import rows
from tests.service import Service, attach, make_thing
from tests.test_attachments import objects
from tests.test_bad_input import assert_problem
from tests.test_removals import sweep
from workbuoy_app import attachments, idempotency
from workbuoy_app.settings import load
from workbuoy_app.turns import Turns

KEY = {"Idempotency-Key": "01924f6c-key-of-a-test"}


def test_a_change_of_what_was_changed_meanwhile_is_412(either_service: Service) -> None:
    browser = either_service.browser()
    path = f"/api/things/{make_thing(browser)['id']}"
    seen = browser.get(path).headers["etag"]
    first = browser.put(path, json={"title": "first"}, headers={"If-Match": seen})
    assert first.status_code == 200
    for change in (
        browser.put(path, json={"title": "second"}, headers={"If-Match": seen}),
        browser.patch(path, json={"title": "second"}, headers={"If-Match": seen}),
        browser.delete(path, headers={"If-Match": seen}),
    ):
        assert_problem(change, 412)
        assert change.headers["etag"] == first.headers["etag"] != seen
    assert browser.get(path).json()["title"] == "first"
    assert browser.delete(path, headers={"If-Match": f'"other", {first.headers["etag"]}'}).status_code == 204


@pytest.mark.parametrize(
    ("condition", "status"), [("*", 200), ('W/"x"', 412), ("nonsense", 412), ('"' + "a" * 900 + '"', 412)]
)
def test_a_condition_is_read_as_rfc_9110_has_it(shared_service: Service, condition: str, status: int) -> None:
    browser = shared_service.browser()
    path = f"/api/things/{make_thing(browser)['id']}"
    assert browser.put(path, json={"title": "x"}, headers={"If-Match": condition}).status_code == status


def test_without_a_condition_the_last_one_wins(shared_service: Service) -> None:
    browser = shared_service.browser()
    path = f"/api/things/{make_thing(browser)['id']}"
    assert browser.put(path, json={"title": "x"}).status_code == 200


def test_a_condition_on_what_is_not_there_is_404(shared_service: Service) -> None:
    browser = shared_service.browser()
    path = "/api/things/00000000-0000-7000-8000-000000000000"
    assert_problem(browser.put(path, json={"title": "x"}, headers={"If-Match": "*"}), 404)


def test_what_has_not_changed_is_304(shared_service: Service) -> None:
    browser = shared_service.browser()
    made = browser.post("/api/things", json={"title": "x"})
    path, tag = f"/api/things/{made.json()['id']}", made.headers["etag"]
    again = browser.get(path, headers={"If-None-Match": f'"y", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert browser.get(path, headers={"If-None-Match": '"y"'}).status_code == 200


def test_a_patch_changes_what_it_names_and_null_is_the_default(either_service: Service) -> None:
    browser = either_service.browser()
    made = make_thing(browser, "A thing", body="words", status="active")
    path = f"/api/things/{made['id']}"
    kind = {"Content-Type": "application/merge-patch+json"}
    changed = browser.patch(path, content='{"title": "Another"}', headers=kind).json()
    assert (changed["title"], changed["body"], changed["status"]) == ("Another", "words", "active")
    changed = browser.patch(path, content='{"body": null, "status": null}', headers=kind).json()
    assert (changed["title"], changed["body"], changed["status"]) == ("Another", "", "open")
    for wrong in ('{"title": null}', '{"title": ""}', '{"colour": "red"}', '{"status": "lost"}', "[]"):
        assert_problem(browser.patch(path, content=wrong, headers=kind), 422)
    before = browser.get(path).headers["etag"]
    assert browser.patch(path, content="{}", headers=kind).status_code == 200
    assert browser.get(path).headers["etag"] != before


def test_of_many_who_saw_the_same_one_wins(service: Service) -> None:
    browser = service.browser()
    path = f"/api/things/{make_thing(browser)['id']}"
    seen = browser.get(path).headers["etag"]

    def change(number: int) -> int:
        status: int = browser.patch(path, json={"title": f"{number}"}, headers={"If-Match": seen}).status_code
        return status

    with ThreadPoolExecutor(8) as several:
        assert sorted(several.map(change, range(8))) == [200] + [412] * 7


def test_a_thing_that_is_sent_twice_is_made_once(either_service: Service) -> None:
    browser = either_service.browser()

    def send(title: str = "Once") -> Any:
        return browser.post("/api/things", json={"title": title}, headers=KEY)

    with ThreadPoolExecutor(6) as several:
        answers = list(several.map(lambda _: send(), range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert len(browser.get("/api/things").json()["items"]) == 1
    assert_problem(send("Another"), 409)
    assert_problem(
        browser.post("/api/things", json={"title": "x"}, headers={"Idempotency-Key": "short"}), 422
    )


def test_a_key_is_of_one_member_and_of_one_day(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from workbuoy_app import idempotency

    browser, other = service.browser(), service.browser("globex-user")
    first = browser.post("/api/things", json={"title": "x"}, headers=KEY).json()
    assert other.post("/api/things", json={"title": "y"}, headers=KEY).json()["title"] == "y"
    monkeypatch.setattr(idempotency, "KEPT", timedelta(0))
    assert browser.post("/api/things", json={"title": "x"}, headers=KEY).json()["id"] != first["id"]


@pytest.mark.database
@pytest.mark.parametrize("where", ["service", "bucket_service"])
def test_a_file_that_is_sent_twice_is_stored_once(request: pytest.FixtureRequest, where: str) -> None:
    service: Service = request.getfixturevalue(where)
    browser = service.browser()
    path = f"/api/things/{make_thing(browser)['id']}/attachments"
    answers = [browser.post(path, params={"name": "a"}, content=b"x", headers=KEY) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(browser.get(path).json()["items"]) == 1
    if service.settings.storage:
        assert len(objects(service.settings)) == 1
    assert_problem(browser.post(path, params={"name": "a"}, content=b"y", headers=KEY), 409)


def test_no_race_brings_more_attachments_than_a_thing_may_have(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MOST_ATTACHMENTS", 3)
    browser = service.browser()
    thing = make_thing(browser)
    service.app.state.shares.uploads = Turns("uploads", 20, 20, most_waiting=0)
    with ThreadPoolExecutor(10) as several:
        statuses = list(several.map(lambda _: attach(browser, thing["id"], b"x").status_code, range(10)))
    assert sorted(statuses) == [201] * 3 + [409] * 7
    assert len(browser.get(f"/api/things/{thing['id']}/attachments").json()["items"]) == 3


def test_an_answer_is_forgotten_after_a_day_whoever_comes_back(service: Service) -> None:
    service.browser().post("/api/things", json={"title": "old"}, headers=KEY)
    rows(service.settings, "update idempotency_keys set created_at = now() - interval '25 hours'")
    service.browser("globex-user").post("/api/things", json={"title": "of today"}, headers=KEY)
    sweep(service)
    ((answer,),) = rows(service.settings, "select answer from idempotency_keys")
    assert "of today" in answer


def test_a_files_answers_are_forgotten_too(
    migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "KEPT", timedelta(0))
    copy = shutil.copy(migrated_file, tmp_path / "workbuoy.db")
    environment = {"OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false", "DATABASE_URL": f"sqlite:///{copy}"}
    with Service(load(environment)) as service:
        service.browser().post("/api/things", json={"title": "old"}, headers=KEY)
        sweep(service)
    with sqlite3.connect(copy) as file:
        assert file.execute("select count(*) from idempotency_keys").fetchone() == (0,)
