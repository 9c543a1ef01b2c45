"""The audit trail: everything that changes is in it, with who did it, and nobody takes it out again."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.promotion.scene import rows, tenant_id
from tests.service import ISSUER, Service, attach, make_thing, make_token
from tests.test_bad_input import assert_problem
from tests.test_members import as_role
from tests.test_tenants import login_connection
from workbuoy_app import registry, sessions
from workbuoy_app.promotion.freeze import freeze
from workbuoy_app.rights import Right, Role


def trail(service: Service, **query: Any) -> list[dict[str, Any]]:
    """The newest first, without the admin's own login."""
    admin = as_role(service, Role.ADMIN)
    answer = admin.get("/api/audit", params={"limit": 100, **query})
    assert answer.status_code == 200, answer.text
    own = admin.get("/api/me").json()["member_id"]
    return [each for each in answer.json()["items"] if own not in {each["member_id"], each["subject_id"]}]


def test_everything_that_changes_is_reported_with_who_did_it(service: Service) -> None:
    admin = as_role(service, Role.ADMIN)
    admin_id = admin.get("/api/me").json()["member_id"]
    grace_id = admin.post("/api/members", json={"subject": "grace"}).json()["id"]
    grace = service.browser("grace")
    thing = make_thing(grace, "confidential title")["id"]
    grace.patch(f"/api/things/{thing}", json={"title": "another", "status": "done"})
    file = attach(grace, thing, b"x", name="confidential.txt").json()["id"]
    token = make_token(grace, Right.THINGS_WRITE, Right.THINGS_READ)
    service.script(token["value"]).delete(f"/api/things/{thing}/attachments/{file}")
    grace.post(f"/api/tokens/{token['id']}/rotate", json={})
    grace.delete(f"/api/tokens/{token['id']}")
    grace.delete(f"/api/things/{thing}")
    grace.post("/auth/logout")
    admin.patch(f"/api/members/{grace_id}", json={"role": "reader"})
    admin.delete(f"/api/members/{grace_id}")
    answer = admin.get("/api/audit", params={"limit": 100})
    told = [
        (each["member_id"], each["token_id"], each["action"], each["subject_id"], each["details"])
        for each in answer.json()["items"][::-1]
    ]
    assert told[told.index((admin_id, None, "member.created", grace_id, "editor")) :] == [
        (admin_id, None, "member.created", grace_id, "editor"),
        (grace_id, None, "session.created", None, ""),
        (grace_id, None, "thing.created", thing, ""),
        (grace_id, None, "thing.changed", thing, "title status"),
        (grace_id, None, "attachment.created", file, ""),
        (grace_id, None, "token.created", token["id"], "things:read things:write"),
        (grace_id, token["id"], "attachment.deleted", file, ""),
        (grace_id, None, "token.changed", token["id"], ""),
        (grace_id, None, "token.deleted", token["id"], ""),
        (grace_id, None, "thing.deleted", thing, ""),
        (grace_id, None, "session.deleted", None, ""),
        (admin_id, None, "member.changed", grace_id, "reader"),
        (admin_id, None, "member.deleted", grace_id, ""),
    ]
    assert "confidential" not in answer.text  # it outlives what it tells of
    assert told[0][:3] == (None, None, "member.created")  # by an operator, before


def test_what_was_refused_or_rolled_back_is_not_reported(service: Service) -> None:
    browser = service.browser()
    thing = make_thing(browser)["id"]
    before = trail(service)
    browser.delete(f"/api/things/{thing}", headers={"If-Match": '"other"'})
    browser.post("/api/things", json={"title": ""})
    browser.get(f"/api/things/{thing}")
    assert trail(service) == before


def test_a_token_that_revokes_itself_and_an_admin_who_leaves_are_still_named(service: Service) -> None:
    admin = as_role(service, Role.ADMIN)
    own = admin.get("/api/me").json()["member_id"]
    token = make_token(admin, Right.MEMBERS_MANAGE, Right.THINGS_READ)
    service.script(token["value"]).delete(f"/api/tokens/{token['id']}")
    admin.post("/api/members", json={"subject": "grace", "role": "admin"})
    assert admin.delete(f"/api/members/{own}").status_code == 204
    found = service.browser("grace").get("/api/audit", params={"member_id": own}).json()["items"]
    told = [(each["action"], each["subject_id"], each["token_id"]) for each in found]
    assert ("member.deleted", own, None) in told
    assert ("token.deleted", token["id"], token["id"]) in told


def test_entries_are_found_by_time_member_and_subject_in_pages(service: Service) -> None:
    browser = service.browser()
    things = [make_thing(browser)["id"] for _ in range(5)]
    every = trail(service)
    moment = next(each["happened_at"] for each in every if each["subject_id"] == things[2])
    assert [each["subject_id"] for each in trail(service, happened_before=moment)][:2] == things[1::-1]
    assert [each["subject_id"] for each in trail(service, happened_from=moment)] == things[:1:-1]
    assert [each["action"] for each in trail(service, subject_id=things[0])] == ["thing.created"]
    me = browser.get("/api/me").json()["member_id"]
    assert {each["member_id"] for each in trail(service, member_id=me)} == {me}
    admin = as_role(service, Role.ADMIN)
    first = admin.get("/api/audit", params={"limit": 2, "member_id": me}).json()
    second = admin.get(
        "/api/audit", params={"limit": 4, "member_id": me, "cursor": first["next_cursor"]}
    ).json()
    assert [each["subject_id"] for each in first["items"] + second["items"]] == [*things[::-1], None]
    assert second["next_cursor"] is None


def test_only_who_may_read_it_does(service: Service) -> None:
    for role in (Role.EDITOR, Role.READER):
        assert_problem(as_role(service, role).get("/api/audit"), 403)
    assert_problem(service.browser(None).get("/api/audit"), 401)


@pytest.mark.parametrize(
    "statement",
    [
        "delete from audit_events",
        "update audit_events set details = ''",
        "truncate audit_events",
        "insert into audit_events select session_tenant(), gen_random_uuid(), now(), null, null, 'x', null, ''",
        "alter table things disable trigger all",
        "drop trigger keep_audit_events_of_insert on things",
        "drop function keep_audit_events() cascade",
        "set session_replication_role = 'replica'",
    ],
)
def test_the_services_role_adds_takes_and_changes_nothing(
    service: Service, database_url: str, statement: str
) -> None:
    claim = sessions.claims(as_role(service, Role.ADMIN).cookies["workbuoy_session"])["session"]
    with login_connection(database_url) as connection:
        connection.execute("select set_config('workbuoy.session', %s, true)", [claim])
        assert connection.execute("select count(*) from audit_events").fetchone() != (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_a_smuggled_change_is_reported_too_and_no_setting_hides_it(
    service: Service, database_url: str
) -> None:
    thing = make_thing(browser := service.browser())["id"]
    claim = sessions.claims(browser.cookies["workbuoy_session"])["session"]
    with login_connection(database_url) as connection:
        connection.execute("select set_config('workbuoy.session', %s, true)", [claim])
        connection.execute("select set_config('workbuoy.import', 'on', true)")
        connection.execute("update things set title = 'smuggled'")
    (newest, *_) = trail(service, subject_id=thing)
    assert (newest["action"], newest["details"]) == ("thing.changed", "title")
    assert newest["member_id"] == browser.get("/api/me").json()["member_id"]


def test_a_login_while_the_tenant_moves_leaves_what_was_copied(service: Service) -> None:
    registry.add_member(service.settings, "acme", ISSUER, "grace")
    freeze(service.settings, "acme")
    count = "select count(*) from audit_events where tenant_id = %s"
    before = rows(service.settings, count, [tenant_id(service.settings)])
    service.browser("grace").post("/auth/logout")
    assert rows(service.settings, count, [tenant_id(service.settings)]) == before


def test_sqlite_says_that_it_keeps_none(tmp_path: Any) -> None:
    from workbuoy_app.migrate import migrate
    from workbuoy_app.settings import load

    settings = load(
        {"DATABASE_URL": f"sqlite:///{tmp_path}/x.db", "OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"}
    )
    migrate(settings)
    registry.add_tenant(settings, "acme")
    with Service(settings) as service:
        assert_problem(as_role(service, Role.ADMIN).get("/api/audit"), 501)
