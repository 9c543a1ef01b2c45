"""Roles: what each may do, by endpoint and by SQL; and members as their admin manages them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from tests.promotion.scene import rows
from tests.service import ISSUER, Service, attach, make_thing
from tests.test_bad_input import assert_problem
from tests.test_login import superuser_url
from tests.test_tenants import login_connection, on_own_connection
from workbuoy_app import erasures, registry, sessions
from workbuoy_app.erasures import MEMBER, ledger_of, member_identity
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import freeze
from workbuoy_app.rights import OF_ROLE, Role
from workbuoy_app.settings import Settings


def as_role(service: Service, role: Role) -> TestClient:
    """A browser of a member with that role."""
    registry.add_member(service.settings, "acme", ISSUER, f"acme-{role}", role)
    return service.browser(f"acme-{role}")


@pytest.mark.lengthy
def test_each_role_may_do_what_its_name_says(either_service: Service) -> None:
    service = either_service
    editor = service.browser()  # a member of whom nothing else was said
    thing = make_thing(editor)["id"]
    file = attach(editor, thing, b"x").json()["id"]
    path, person = f"/api/things/{thing}", {"subject": "new"}
    for role in Role:
        browser = as_role(service, role)
        reads = [
            browser.get(path),
            browser.get(f"{path}/attachments/{file}/content"),
            browser.get("/api/things"),
        ]
        writes = [
            browser.post("/api/things", json={"title": "x"}),
            browser.put(path, json={"title": "x"}),
            browser.patch(path, json={"status": "done"}),
            attach(browser, thing, b"y"),
        ]
        manages = [
            browser.get("/api/members"),
            browser.post("/api/members", json={**person, "subject": role}),
        ]
        assert {answer.status_code for answer in reads} == {200}
        assert {answer.status_code < 300 for answer in writes} == {role is not Role.READER}
        assert {answer.status_code < 300 for answer in manages} == {role is Role.ADMIN}
        for answer in writes + manages:
            if answer.status_code >= 300:
                assert_problem(answer, 403)
        me = browser.get("/api/me").json()
        assert (me["role"], set(me["rights"])) == (role, set(OF_ROLE[role]))
    reader = as_role(service, Role.READER)
    assert_problem(reader.delete(f"{path}/attachments/{file}"), 403)
    assert_problem(reader.delete(path), 403)


def test_the_database_knows_the_same_rights_of_roles(settings: Settings) -> None:
    found = {role: rows(settings, "select rights_of(%s)", [role])[0][0].split() for role in Role}
    assert {role: frozenset(each) for role, each in found.items()} == OF_ROLE


@pytest.mark.parametrize(
    "statement",
    [
        "insert into things select session_tenant(), gen_random_uuid(), 'x', '', 'open', now(), now()",
        "insert into members select gen_random_uuid(), session_tenant(), 'x', 'y', now(), 'admin'",
    ],
)
def test_raw_sql_of_a_reader_is_refused(service: Service, database_url: str, statement: str) -> None:
    claim = sessions.claims(as_role(service, Role.READER).cookies["workbuoy_session"])["session"]
    with login_connection(database_url) as connection:
        connection.execute("select set_config('workbuoy.session', %s, true)", [claim])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "update things set title = 'x'",
        "delete from things",
        "delete from attachments",
        "update members set role = 'admin'",
        "delete from members",
    ],
)
def test_raw_sql_of_a_reader_changes_nothing(service: Service, settings: Settings, statement: str) -> None:
    attach(service.browser(), make_thing(service.browser())["id"], b"x")
    token = as_role(service, Role.READER).cookies["workbuoy_session"]
    assert on_own_connection(settings, token, lambda tx: tx.execute(statement, {})) == 0


def test_an_admin_adds_changes_and_removes_members(either_service: Service) -> None:
    admin = as_role(either_service, Role.ADMIN)
    made = admin.post("/api/members", json={"subject": "grace"})
    assert made.status_code == 201, made.text
    assert made.json() | {"id": "", "created_at": ""} == {
        **{"id": "", "issuer": ISSUER, "subject": "grace", "role": "editor", "created_at": ""}
    }
    grace, path = either_service.browser("grace"), f"/api/members/{made.json()['id']}"
    make_thing(grace)
    assert_problem(admin.post("/api/members", json={"subject": "grace"}), 409)
    assert admin.patch(path, json={"role": "reader"}).json()["role"] == "reader"
    assert_problem(grace.post("/api/things", json={"title": "x"}), 403)  # from the next request on
    assert admin.delete(path).status_code == 204
    assert_problem(grace.get("/api/me"), 401)
    assert_problem(admin.delete(path), 404)
    assert_problem(admin.patch(path, json={"role": "reader"}), 404)


def test_members_come_in_pages(service: Service) -> None:
    admin = as_role(service, Role.ADMIN)
    for number in range(5):
        assert admin.post("/api/members", json={"subject": f"member {number}"}).status_code == 201
    found: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = admin.get("/api/members", params={"limit": 3, **cursor}).json()
        found += [member["subject"] for member in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == ["acme-user", "acme-admin", *(f"member {number}" for number in range(5))]


def test_a_member_of_another_tenant_is_not_taken_over(service: Service) -> None:
    admin = as_role(service, Role.ADMIN)
    answer = admin.post("/api/members", json={"subject": "globex-user"})
    assert_problem(answer, 409)
    assert "globex" not in answer.text
    assert service.browser("globex-user").get("/api/me").json()["tenant"] == "globex"


def test_a_tenant_keeps_an_admin_whoever_is_faster(service: Service) -> None:
    first = as_role(service, Role.ADMIN)
    own = f"/api/members/{first.get('/api/me').json()['member_id']}"
    assert_problem(first.delete(own), 409)
    assert_problem(first.patch(own, json={"role": "editor"}), 409)
    assert first.patch(own, json={"role": "admin"}).status_code == 200
    second = first.post("/api/members", json={"subject": "grace", "role": "admin"}).json()
    grace = service.browser("grace")
    demotions = [(first, f"/api/members/{second['id']}"), (grace, own)]  # each the other, at once

    def demote(one: tuple[TestClient, str]) -> int:
        status: int = one[0].patch(one[1], json={"role": "reader"}).status_code
        return status

    with ThreadPoolExecutor(2) as both:
        statuses = sorted(both.map(demote, demotions))
    assert statuses[0] == 200
    assert statuses[1] in {403, 409}
    assert rows(service.settings, "select count(*) from members where role = 'admin'") == [(1,)]


@pytest.mark.parametrize("asked", ["a change", "a login"])
def test_whoever_is_removed_in_the_middle_of_a_request_is_told_so(service: Service, asked: str) -> None:
    browser, status = service.browser(), {"a change": 401, "a login": 403}[asked]

    def ask() -> int:
        if asked == "a login":
            answer = browser.post("/auth/mock", data={"subject": "acme-user"})
        else:
            answer = browser.post(
                "/api/things", json={"title": "x"}, headers={"Idempotency-Key": "key-of-a-test"}
            )
        return int(answer.status_code)

    with ThreadPoolExecutor(1) as another, psycopg.connect(superuser_url(service.settings)) as removing:
        removing.execute("delete from members where subject = 'acme-user'")
        answered = another.submit(ask)
        with psycopg.connect(superuser_url(service.settings), autocommit=True) as watching:
            waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            while watching.execute(waiting).fetchone() is None and not answered.done():
                time.sleep(0.01)
        removing.commit()
        assert answered.result() == status


def test_members_stay_as_they_are_while_their_tenant_moves(service: Service) -> None:
    admin = as_role(service, Role.ADMIN)
    freeze(service.settings, "acme")
    assert_problem(admin.post("/api/members", json={"subject": "grace"}), 423)
    assert_problem(admin.post("/api/tokens", json={"name": "x", "scopes": ["things:read"]}), 423)
    assert admin.get("/api/members").status_code == 200


def test_the_operator_names_a_role_and_again_changes_the_role_alone(settings: Settings) -> None:
    def add(role: Role | None) -> Any:
        return registry.add_member(settings, "acme", ISSUER, "grace", role)

    def role() -> str:
        found: str = rows(settings, "select role from members where subject = 'grace'")[0][0]
        return found

    first = add(None)
    assert role() == "editor"
    assert add(Role.ADMIN) == first
    assert role() == "admin"
    assert add(None) == first
    assert role() == "admin"


def test_whoever_is_removed_is_in_the_erasure_ledger_first(bucket_service: Service) -> None:
    service = bucket_service
    registry.add_member(service.settings, "acme", ISSUER, "leaver")
    admin = as_role(service, Role.ADMIN)
    (leaver,) = rows(service.settings, "select id from members where subject = 'leaver'")[0]
    assert admin.delete(f"/api/members/{leaver}").status_code == 204
    ledger = ledger_of(service.settings)
    assert ledger is not None
    (entry,) = ledger.entries()
    assert entry.ids == {ledger.hashed(MEMBER, member_identity(ISSUER, "leaver"))}
    assert entry.by.startswith("member ")


def test_the_ledger_holds_nobody_whom_a_moving_tenant_keeps(bucket_service: Service) -> None:
    service = bucket_service
    registry.add_member(service.settings, "acme", ISSUER, "stays")
    admin = as_role(service, Role.ADMIN)
    (stays,) = rows(service.settings, "select id from members where subject = 'stays'")[0]
    ledger = ledger_of(service.settings)
    assert ledger is not None
    ledger.begin()
    freeze(service.settings, "acme")
    assert_problem(admin.delete(f"/api/members/{stays}"), 423)
    with pytest.raises(registry.RegistryError, match="is being moved"):
        registry.remove_member(service.settings, ISSUER, "stays")
    assert ledger.entries() == ()


def test_nobody_is_removed_whom_the_ledger_could_not_take(
    bucket_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = bucket_service
    registry.add_member(service.settings, "acme", ISSUER, "leaver")
    admin = as_role(service, Role.ADMIN)
    (leaver,) = rows(service.settings, "select id from members where subject = 'leaver'")[0]

    def refused(*_: object, **__: object) -> None:
        raise PromotionRefused("S3 does not let us write")

    monkeypatch.setattr(erasures.Ledger, "note", refused)
    assert_problem(admin.delete(f"/api/members/{leaver}"), 503)
    with pytest.raises(registry.RegistryError, match="was not removed"):
        registry.remove_member(service.settings, ISSUER, "leaver")
    assert len(rows(service.settings, "select id from members where subject = 'leaver'")) == 1
