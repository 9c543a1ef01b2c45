"""API tokens: shown once, kept as a hash, no more than their member, rotated with an overlap, revoked at once."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.promotion.scene import rows
from tests.service import ISSUER, Service, attach, make_thing, make_token
from tests.test_bad_input import assert_problem
from tests.test_members import as_role
from tests.test_process import serving
from tests.test_tenants import login_connection
from workbuoy_app import registry, sessions, tokens
from workbuoy_app.postgres import PostgresTransaction
from workbuoy_app.rights import Right, Role


def test_a_script_reads_and_writes_without_cookie_and_origin(either_service: Service) -> None:
    token = make_token(either_service.browser(), Right.THINGS_READ, Right.THINGS_WRITE)
    script = either_service.script(token["value"])
    thing = make_thing(script)
    assert script.get(f"/api/things/{thing['id']}").json() == thing
    me = script.get("/api/me").json()
    assert (me["subject"], me["rights"]) == ("acme-user", ["things:read", "things:write"])
    assert script.get("/api/tokens").json()["items"][0]["last_used_at"] is not None


def test_a_token_may_do_what_its_scopes_name_and_no_more(service: Service) -> None:
    admin = as_role(service, Role.ADMIN)
    thing = f"/api/things/{make_thing(admin)['id']}"
    asked = {
        Right.THINGS_READ: ("GET", thing, None),
        Right.THINGS_WRITE: ("PATCH", thing, {"status": "done"}),
        Right.MEMBERS_MANAGE: ("GET", "/api/members", None),
        Right.AUDIT_READ: ("GET", "/api/audit", None),
    }
    for scope in Right:
        scopes = {scope, Right.THINGS_READ} if scope is Right.THINGS_WRITE else {scope}
        script = service.script(make_token(admin, *scopes)["value"])
        for right, (method, path, body) in asked.items():
            answer = script.request(method, path, json=body)
            assert (answer.status_code == 200) is (right in scopes), (scope, right, answer.text)
            if right not in scopes:
                assert_problem(answer, 403)


def test_a_token_that_may_write_and_not_read_is_told_what_it_lacks(either_service: Service) -> None:
    browser = either_service.browser()
    path = f"/api/things/{make_thing(browser)['id']}"
    script = either_service.script(make_token(browser, Right.THINGS_WRITE)["value"])
    for answer in (
        script.post("/api/things", json={"title": "x"}),
        script.post("/api/things", json={"title": "x"}, headers={"Idempotency-Key": "a-key-of-a-test"}),
        script.patch(path, json={"status": "done"}),
        attach(script, path.rpartition("/")[2], b"x"),
        script.delete(path),
    ):
        assert "it needs things:read, which" in assert_problem(answer, 403)["detail"]


def test_a_token_is_never_more_than_its_member(service: Service) -> None:
    editor = service.browser()
    answer = editor.post("/api/tokens", json={"name": "x", "scopes": ["members:manage"]})
    assert_problem(answer, 403)
    script = service.script(make_token(editor, Right.THINGS_READ, Right.THINGS_WRITE)["value"])
    registry.add_member(service.settings, "acme", ISSUER, "acme-user", Role.READER)
    assert_problem(script.post("/api/things", json={"title": "x"}), 403)
    assert script.get("/api/things").status_code == 200
    registry.remove_member(service.settings, ISSUER, "acme-user")
    assert_problem(script.get("/api/things"), 401)


def test_a_token_that_is_not_known_has_ended_or_was_revoked_is_401(service: Service) -> None:
    browser = service.browser()
    token = make_token(browser, Right.THINGS_READ)
    script = service.script(token["value"])
    for wrong in (
        "",
        "x",
        "workbuoy_",
        token["value"][:-1],
        token["id"],
        browser.cookies["workbuoy_session"],
    ):
        answer = service.script(wrong).get("/api/me")
        assert_problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    rows(service.settings, "update api_tokens set expires_at = now()")
    assert_problem(script.get("/api/me"), 401)
    rows(service.settings, "update api_tokens set expires_at = now() + interval '1 day'")
    assert script.get("/api/me").status_code == 200
    assert browser.delete(f"/api/tokens/{token['id']}").status_code == 204
    assert_problem(script.get("/api/me"), 401)
    assert_problem(browser.delete(f"/api/tokens/{token['id']}"), 404)


def test_a_bad_token_is_not_made_good_by_a_cookie(service: Service) -> None:
    browser = service.browser()
    browser.headers["Authorization"] = "Bearer workbuoy_wrong"
    del browser.headers["Origin"]  # what another site's page could at most do
    assert_problem(browser.get("/api/me"), 401)
    assert_problem(browser.post("/api/things", json={"title": "x"}), 401)


def test_a_tokens_value_is_no_sessions(service: Service) -> None:
    value = make_token(service.browser(), Right.THINGS_READ)["value"]
    assert_problem(service.browser(None).get("/api/me", headers={"Cookie": f"workbuoy_session={value}"}), 401)


def test_rotation_leaves_the_former_value_for_a_while(either_service: Service) -> None:
    service = either_service
    token = make_token(service.browser(), Right.THINGS_READ)
    path, old = f"/api/tokens/{token['id']}/rotate", service.script(token["value"])
    answer = old.post(path, json={"overlap_minutes": 5, "expires_in_days": 1})  # by itself
    assert answer.status_code == 200, answer.text
    assert answer.json()["scopes"] == token["scopes"]
    new = service.script(answer.json()["value"])
    assert {script.get("/api/things").status_code for script in (old, new)} == {200}
    expires_at = datetime.fromisoformat(answer.json()["expires_at"])
    assert expires_at < datetime.now(UTC) + timedelta(days=1)
    newest = service.script(service.browser().post(path, json={"overlap_minutes": 0}).json()["value"])
    assert [script.get("/api/me").status_code for script in (old, new, newest)] == [401, 401, 200]


def test_a_token_makes_no_token_and_ends_no_session(service: Service) -> None:
    browser = as_role(service, Role.ADMIN)
    script = service.script(make_token(browser, *Right)["value"])
    assert_problem(script.post("/api/tokens", json={"name": "x", "scopes": ["things:read"]}), 403)
    assert_problem(script.post("/auth/logout"), 403)
    assert browser.get("/api/me").status_code == 200


def test_whoever_manages_members_sees_and_revokes_all_tokens(service: Service) -> None:
    admin, editor = as_role(service, Role.ADMIN), service.browser()
    token = make_token(editor, Right.THINGS_READ)
    assert admin.get("/api/tokens").json()["items"] == []
    assert_problem(editor.get("/api/tokens", params={"everyones": True}), 403)
    found = admin.get("/api/tokens", params={"everyones": True}).json()["items"]
    assert [each["id"] for each in found] == [token["id"]]
    assert_problem(
        admin.post(f"/api/tokens/{token['id']}/rotate", json={}), 404
    )  # its value would be the admin's
    assert admin.delete(f"/api/tokens/{token['id']}").status_code == 204
    assert_problem(service.script(token["value"]).get("/api/me"), 401)


def test_a_token_sees_no_other_token(either_service: Service) -> None:
    browser = either_service.browser()
    one, other = make_token(browser, Right.THINGS_READ), make_token(browser, Right.THINGS_READ)
    script = either_service.script(one["value"])
    assert [each["id"] for each in script.get("/api/tokens").json()["items"]] == [one["id"]]
    assert_problem(script.delete(f"/api/tokens/{other['id']}"), 404)
    assert_problem(script.post(f"/api/tokens/{other['id']}/rotate", json={}), 404)
    assert script.delete(f"/api/tokens/{one['id']}").status_code == 204


def test_a_token_that_manages_members_gets_no_value_of_one_that_may_do_more(either_service: Service) -> None:
    admin = as_role(either_service, Role.ADMIN)
    all_rights, narrow = make_token(admin, *Right), make_token(admin, Right.MEMBERS_MANAGE)
    script = either_service.script(narrow["value"])
    assert_problem(script.post(f"/api/tokens/{all_rights['id']}/rotate", json={}), 404)
    assert [each["id"] for each in script.get("/api/tokens").json()["items"]] == [narrow["id"]]
    everyones = script.get("/api/tokens", params={"everyones": True}).json()["items"]
    assert {each["id"] for each in everyones} == {narrow["id"], all_rights["id"]}
    assert script.post(f"/api/tokens/{narrow['id']}/rotate", json={}).json()["scopes"] == ["members:manage"]


def test_a_rotated_tokens_former_value_ends_when_it_would_have_ended(service: Service) -> None:
    browser = service.browser()
    token = make_token(browser, Right.THINGS_READ)
    rows(service.settings, "update api_tokens set expires_at = now() - interval '1 second'")
    new = browser.post(f"/api/tokens/{token['id']}/rotate", json={"overlap_minutes": 60}).json()
    assert_problem(service.script(token["value"]).get("/api/me"), 401)
    assert service.script(new["value"]).get("/api/me").status_code == 200


def test_a_member_has_so_many_tokens(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST_TOKENS", 2)
    browser = service.browser()
    for _ in range(2):
        make_token(browser, Right.THINGS_READ)
    assert_problem(browser.post("/api/tokens", json={"name": "x", "scopes": ["things:read"]}), 409)


def test_a_member_has_so_many_tokens_however_many_are_made_at_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MOST_TOKENS", 2)
    real = PostgresTransaction.execute
    browser = service.browser()
    browser.get("/api/me")

    async def slowly(self: Any, statement: str, values: Any) -> Any:
        await asyncio.sleep(0.3)  # all have counted, where nobody waits for another
        return await real(self, statement, values)

    monkeypatch.setattr(PostgresTransaction, "execute", slowly)
    body = {"name": "x", "scopes": ["things:read"]}
    with ThreadPoolExecutor(4) as several:
        answers = [several.submit(browser.post, "/api/tokens", json=body) for _ in range(4)]
    assert sorted(each.result().status_code for each in answers) == [201, 201, 409, 409]


def test_every_token_is_on_some_page(either_service: Service) -> None:
    admin = as_role(either_service, Role.ADMIN)
    made = [make_token(admin, Right.THINGS_READ)["id"] for _ in range(5)]
    for everyones in (True, False):
        found, query = list[str](), {"everyones": everyones, "limit": 2}
        while query.get("cursor", "") is not None:
            page = admin.get("/api/tokens", params=query).json()
            found += [each["id"] for each in page["items"]]
            query["cursor"] = page["next_cursor"]
        assert found == made[::-1]
    assert admin.get("/api/tokens").json()["next_cursor"] is None


@pytest.mark.parametrize(
    "statement",
    [
        "insert into api_tokens select session_tenant(), gen_random_uuid(), session_member(), 'x', 'things:write', 'x',"
        " null, null, now(), now() + interval '1 day'",
        "update api_tokens set scopes = 'things:read things:write'",
        "insert into things select session_tenant(), gen_random_uuid(), 'x', '', 'open', now(), now()",
    ],
)
def test_raw_sql_by_a_token_gains_no_scope(service: Service, database_url: str, statement: str) -> None:
    value = make_token(service.browser(), Right.THINGS_READ)["value"]
    with login_connection(database_url) as connection:
        connection.execute("select set_config('workbuoy.token', %s, true)", [sessions.token_hash(value)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.lengthy
def test_the_database_and_the_log_hold_no_tokens_value(database_url: str, tmp_path: Path) -> None:
    with serving(
        tmp_path / "log", DATABASE_URL=database_url, OIDC_DEV_MOCK="1", LOG_LEVEL="debug"
    ) as process:
        from http.client import HTTPConnection

        from tests.test_openapi import token as log_in

        def ask(method: str, path: str, body: Any = None, **headers: str) -> Any:
            connection = HTTPConnection("127.0.0.1", process.port, timeout=60)
            connection.request(
                method, path, json.dumps(body), {"Content-Type": "application/json", **headers}
            )
            return json.loads(connection.getresponse().read())

        browser = {"Cookie": log_in(process.port), "Origin": f"http://localhost:{process.port}"}
        body = {"name": "x", "scopes": ["things:read", "things:write"]}
        value = ask("POST", "/api/tokens", body, **browser)["value"]
        script = {"Authorization": f"Bearer {value}"}
        assert ask("POST", "/api/things", {"title": "x"}, **script)["title"] == "x"
        assert ask("GET", f"/api/things/{value}", None, **script)["status"] == 422
        new = ask(
            "POST",
            f"/api/tokens/{ask('GET', '/api/tokens', **script)['items'][0]['id']}/rotate",
            {},
            **script,
        )
        told = process.log.read_text()
        assert any(line.get("member") for line in process.lines())
    with psycopg.connect(database_url) as owner:
        kept = str(owner.execute("select * from api_tokens").fetchall())
    for secret in (value, new["value"]):
        assert secret.removeprefix("workbuoy_") not in told
        assert sessions.token_hash(secret) not in told
        assert secret not in kept
    assert sessions.token_hash(new["value"]) in kept
