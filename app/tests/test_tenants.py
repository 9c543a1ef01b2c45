"""Nobody crosses from one tenant to another: by endpoint, by SQL on the service's own connection, by object key."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from tests.conftest import copy, copy_as
from tests.service import ISSUER, Service, attach, make_thing, make_token
from tests.test_login import superuser_url
from workbuoy_app import registry, sessions
from workbuoy_app.database import Transaction
from workbuoy_app.databases import connect
from workbuoy_app.devtools.embedded_postgres import Postgres
from workbuoy_app.rights import Right, Role
from workbuoy_app.roles import GROUP
from workbuoy_app.settings import Settings, load

TABLES = (
    *("tenants", "members", "sessions", "things", "attachments", "attachment_chunks", "object_removals"),
    *("api_tokens", "audit_events"),
)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Acme has a thing with an attachment; globex looks for it."""

    acme: TestClient
    globex: TestClient
    tokens: list[dict[str, Any]]
    member: str
    thing: str
    attachment: str
    own_thing: str

    def within(self, service: Service) -> Scene:
        """The same in a service on a copy of its database: whoever was logged in still is."""
        acme, globex = service.browser(None), service.browser(None)
        acme.cookies, globex.cookies = self.acme.cookies, self.globex.cookies
        return replace(self, acme=acme, globex=globex)


def make_scene(service: Service) -> Scene:
    for tenant in ("acme", "globex"):  # whoever may see most
        registry.add_member(service.settings, tenant, ISSUER, f"{tenant}-user", Role.ADMIN)
    acme, globex = service.browser("acme-user"), service.browser("globex-user")
    thing = make_thing(acme, "acme's secret")["id"]
    return Scene(
        acme=acme,
        globex=globex,
        tokens=[make_token(browser, *Right) for browser in (acme, globex)],
        member=acme.get("/api/me").json()["member_id"],
        thing=thing,
        attachment=attach(acme, thing, b"acme's content").json()["id"],
        own_thing=make_thing(globex, "globex's own")["id"],
    )


MADE = "scene_of_two_tenants"


@pytest.fixture(scope="module")
def made(postgres: Postgres, migrated: str) -> Scene:
    """Made once, in a database that each test has a copy of."""
    environment = {"OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"}
    with Service(load({**environment, "DATABASE_URL": copy_as(postgres, MADE, migrated)})) as service:
        return make_scene(service)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, postgres: Postgres, migrated: str) -> str:
    """The scene's, for a test that has one."""
    if "scene" not in request.fixturenames:
        return copy(postgres, migrated)
    request.getfixturevalue("made")
    return copy(postgres, MADE)


@pytest.fixture
def scene(made: Scene, service: Service) -> Scene:
    return made.within(service)


def test_no_endpoint_shows_or_changes_another_tenants_data(scene: Scene, service: Service) -> None:
    thing, attachment = (
        f"/api/things/{scene.thing}",
        f"/api/things/{scene.thing}/attachments/{scene.attachment}",
    )
    stranger = scene.globex
    attempts = [
        stranger.get(thing),
        stranger.put(thing, json={"title": "taken over"}),
        stranger.delete(thing),
        stranger.get(f"{thing}/attachments"),
        attach(stranger, scene.thing, b"smuggled in"),
        stranger.get(attachment),
        stranger.get(f"{attachment}/content"),
        stranger.delete(attachment),
        # Through a thing of one's own.
        stranger.get(attachment.replace(scene.thing, scene.own_thing)),
        stranger.get(attachment.replace(scene.thing, scene.own_thing) + "/content"),
        stranger.delete(attachment.replace(scene.thing, scene.own_thing)),
        stranger.patch(f"/api/members/{scene.member}", json={"role": "reader"}),
        stranger.delete(f"/api/members/{scene.member}"),
        stranger.post(f"/api/tokens/{scene.tokens[0]['id']}/rotate", json={}),
        stranger.delete(f"/api/tokens/{scene.tokens[0]['id']}"),
    ]
    assert [answer.status_code for answer in attempts] == [404] * len(attempts)
    # The very same words as for what never was: not even its being there is told.
    never = stranger.get(f"/api/things/{uuid.uuid4()}").json()
    assert {**attempts[0].json(), "request_id": ""} == {**never, "request_id": ""}
    assert scene.acme.get(thing).json()["title"] == "acme's secret"
    assert scene.acme.get(f"{attachment}/content").content == b"acme's content"


def test_every_endpoint_of_the_api_is_tried_above(shared_service: Service) -> None:
    paths = {path for path in shared_service.app.openapi()["paths"] if "{" in path}
    thing = "/api/things/{thing_id}"
    file = f"{thing}/attachments/{{attachment_id}}"
    others = {"/api/members/{member_id}", "/api/tokens/{token_id}", "/api/tokens/{token_id}/rotate"}
    assert paths == {thing, f"{thing}/attachments", file, f"{file}/content", *others}


def test_lists_of_members_tokens_and_the_trail_show_ones_own_only(scene: Scene) -> None:
    tenant = scene.globex.get("/api/me").json()
    assert [m["id"] for m in scene.globex.get("/api/members").json()["items"]] == [tenant["member_id"]]
    tokens = scene.globex.get("/api/tokens", params={"everyones": True}).json()["items"]
    assert [token["id"] for token in tokens] == [scene.tokens[1]["id"]]
    events = scene.globex.get("/api/audit").json()["items"]
    assert {event["member_id"] for event in events} == {tenant["member_id"], None}
    assert scene.thing not in {event["subject_id"] for event in events}


def test_lists_and_search_show_ones_own_only(scene: Scene) -> None:
    for query in (
        {},
        {"search": "secret"},
        {"cursor": "ffffffff-ffff-7fff-bfff-ffffffffffff"},
        {"limit": "100"},
    ):
        titles = [t["title"] for t in scene.globex.get("/api/things", params=query).json()["items"]]
        assert "acme's secret" not in titles


def test_no_header_parameter_or_body_names_a_tenant(scene: Scene) -> None:
    tenant = scene.acme.get("/api/me").json()["tenant_id"]
    for headers in ({"X-Tenant": tenant}, {"X-Tenant-Id": tenant}):
        assert scene.globex.get(f"/api/things/{scene.thing}", headers=headers).status_code == 404
    assert scene.globex.get("/api/things", params={"tenant_id": tenant}).status_code == 422
    assert scene.globex.post("/api/things", json={"title": "x", "tenant_id": tenant}).status_code == 422


def on_own_connection(
    settings: Settings, token: str | None, work: Callable[[Transaction], Awaitable[Any]]
) -> Any:
    """What a statement smuggled into the service could do: `work` on a connection that the service made."""

    async def run() -> Any:
        database = connect(settings)
        await database.open()
        try:
            return await database.run(work, sessions.claims(token) if token else {})
        finally:
            await database.close()

    return asyncio.run(run())


@pytest.mark.parametrize("table", TABLES)
def test_raw_sql_without_a_session_sees_no_row_of_any_table(
    scene: Scene, settings: Settings, table: str
) -> None:
    assert on_own_connection(settings, None, lambda tx: tx.all(f"select * from {table}", {})) == []


@pytest.mark.parametrize("table", TABLES)
def test_raw_sql_in_a_session_sees_its_own_tenant_only(scene: Scene, settings: Settings, table: str) -> None:
    token = scene.globex.cookies["workbuoy_session"]
    tenant = scene.globex.get("/api/me").json()["tenant_id"]
    attach(scene.globex, scene.own_thing, b"own")
    with psycopg.connect(superuser_url(settings)) as superuser:
        superuser.execute(
            "insert into object_removals select id, 'tenants/' || id || '/x', now() from tenants"
        )
    rows = on_own_connection(settings, token, lambda tx: tx.all(f"select * from {table}", {}))
    assert rows
    assert {str(row["id" if table == "tenants" else "tenant_id"]) for row in rows} == {tenant}


CROSSINGS = [
    "update things set title = 'taken over' where true",
    "delete from things where title like 'acme%%'",
    "delete from attachments where true",
    "update sessions set expires_at = now() + interval '1 year' where token_hash <> %(own)s",
    "delete from sessions where token_hash <> %(own)s",
    "update members set role = 'reader' where true",
    "delete from members where subject = 'acme-user'",
    "update api_tokens set expires_at = now() where true",
    "delete from api_tokens where true",
]


@pytest.mark.parametrize("statement", CROSSINGS)
def test_raw_sql_changes_no_row_of_another_tenant(scene: Scene, settings: Settings, statement: str) -> None:
    token = scene.globex.cookies["workbuoy_session"]
    own = sessions.claims(token)["session"]
    with psycopg.connect(superuser_url(settings)) as superuser:

        def acmes() -> list[Any]:
            tenant = scene.acme.get("/api/me").json()["tenant_id"]
            tables = ("things", "attachments", "sessions", "members", "api_tokens")
            return [
                superuser.execute(f"select * from {table} where tenant_id = %s", [tenant]).fetchall()
                for table in tables
            ]

        before = acmes()
        on_own_connection(settings, token, lambda tx: tx.execute(statement, {"own": own}))
        superuser.rollback()
        assert acmes() == before
        assert all(before)


@pytest.mark.parametrize(
    "statement",
    [
        # Rows for, or moved to, another tenant.
        "insert into things select %(other)s, gen_random_uuid(), 'x', '', 'open', now(), now()",
        "update things set tenant_id = %(other)s",
        "insert into sessions select 'f00', %(other)s, gen_random_uuid(), now(), now(), now() + interval '1 day'",
        # More rights.
        "alter table things disable row level security",
        "alter table things no force row level security",
        "drop policy own on things",
        "create policy mine on things using (true)",
        "create table smuggled (x int)",
        "insert into object_removals select %(other)s::uuid, 'tenants/' || %(other)s::uuid || '/x', now()",
        "insert into members select gen_random_uuid(), %(other)s, 'x', 'y', now()",
        "insert into api_tokens select %(other)s, gen_random_uuid(), gen_random_uuid(), 'x', 'things:read', 'x'",
        # Past what an admin may do.
        "insert into members select gen_random_uuid(), session_tenant(), 'workbuoy:operator', 'y', now()",
        "update members set subject = 'somebody else'",
        "update api_tokens set scopes = 'things:read'",
        "insert into audit_events select session_tenant(), gen_random_uuid(), now(), null, null, 'x', null, ''",
        "update audit_events set details = ''",
        "delete from audit_events",
        "update tenants set name = 'x'",
        "delete from alembic_version",
        "truncate things",
        "set role workbuoy_owner",
        "alter role workbuoy_app bypassrls",
        "create role smuggled",
        "copy things to program 'cat'",
        "select pg_read_file('/etc/passwd')",
    ],
)
def test_raw_sql_gains_no_rights_and_writes_nothing_for_another_tenant(
    scene: Scene, database_url: str, statement: str
) -> None:
    tenant = scene.acme.get("/api/me").json()["tenant_id"]
    claim = sessions.claims(scene.globex.cookies["workbuoy_session"])["session"]
    with login_connection(database_url) as connection:
        connection.execute("select set_config('workbuoy.session', %s, true)", [claim])
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue)):
            connection.execute(statement, {"other": tenant} if "%(other)s" in statement else None)


def login_connection(database_url: str) -> psycopg.Connection[Any]:
    """As in production: a login role that rotation made, which acts as the group."""
    with psycopg.connect(database_url) as owner:
        owner.execute("alter role workbuoy_app_1 password 'for-this-test'")
    user = database_url.replace("workbuoy_owner:", "workbuoy_app_1:")
    scheme, _, rest = user.partition("workbuoy_app_1:")
    address = f"{scheme}workbuoy_app_1:for-this-test@{rest.partition('@')[2]}"
    return psycopg.connect(address, options=f"-c role={GROUP}")


def test_naming_another_tenant_in_the_sessions_settings_opens_nothing(
    scene: Scene, settings: Settings
) -> None:
    """The database asks for a live token's hash, not for a tenant's id, so a smuggled set_config is no key."""
    token = scene.globex.cookies["workbuoy_session"]
    tenant = scene.acme.get("/api/me").json()["tenant_id"]

    async def work(tx: Transaction) -> list[Any]:
        for name in ("tenant", "tenant_id", "member"):
            await tx.one(f"select set_config('workbuoy.{name}', %(tenant)s, true)", {"tenant": tenant})
        return await tx.all(
            "select * from things where tenant_id = %(tenant)s", {"tenant": uuid.UUID(tenant)}
        )

    assert on_own_connection(settings, token, work) == []


def test_the_service_acts_in_a_role_that_owns_nothing_and_every_table_forces_its_policies(
    service: Service, settings: Settings
) -> None:
    who = on_own_connection(settings, None, lambda tx: tx.one("select current_user as name", {}))
    assert who == {"name": GROUP}
    with psycopg.connect(superuser_url(settings)) as superuser:
        tables = superuser.execute(
            "select relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) from pg_class"
            " where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'alembic_version'"
        ).fetchall()
        role = superuser.execute(
            "select rolsuper, rolbypassrls, rolcanlogin, rolcreaterole from pg_roles where rolname = %s",
            [GROUP],
        ).fetchone()
    assert {name for name, *_ in tables} >= set(TABLES)
    for name, enabled, forced, owner in tables:
        assert (enabled, forced, owner) == (True, True, "workbuoy_owner"), name
    assert role == (False, False, False, False)


def test_a_connection_keeps_nothing_of_the_session_before(scene: Scene, settings: Settings) -> None:
    """One pooled connection, two callers one after the other."""

    async def run() -> list[int]:
        database = connect(settings)
        await database.open()
        counts = []
        try:
            for browser in (scene.acme, None, scene.globex, None):
                claims = sessions.claims(browser.cookies["workbuoy_session"]) if browser else {}
                row = await database.run(lambda tx: tx.one("select count(*) as n from things", {}), claims)
                counts.append(row["n"] if row else -1)
        finally:
            await database.close()
        return counts

    assert asyncio.run(run()) == [1, 0, 1, 0]


def test_a_members_row_is_seen_only_by_who_knows_its_identity(scene: Scene, settings: Settings) -> None:
    async def look(claims: dict[str, str]) -> list[Any]:
        database = connect(settings)
        await database.open()
        try:
            return await database.run(lambda tx: tx.all("select subject from members", {}), claims)
        finally:
            await database.close()

    assert asyncio.run(look({"issuer": "workbuoy:dev-mock", "subject": "%"})) == []
    known = {"issuer": "workbuoy:dev-mock", "subject": "acme-user"}
    assert asyncio.run(look(known)) == [{"subject": "acme-user"}]


def test_objects_of_another_tenant_cannot_be_reached_by_key(bucket_service: Service) -> None:
    scene = make_scene(bucket_service)
    tenant = scene.acme.get("/api/me").json()["tenant_id"]
    key = f"tenants/{tenant}/{scene.attachment}"
    own = attach(scene.globex, scene.own_thing, b"own").json()["id"]
    answers = [
        scene.globex.get(f"/api/things/{scene.own_thing}/attachments/{scene.attachment}/content"),
        scene.globex.get(f"/api/things/{scene.own_thing}/attachments/{key}/content"),
        scene.globex.get(f"/api/things/{scene.own_thing}/attachments/..%2F..%2F{key}/content"),
        scene.globex.get(f"/api/things/{scene.own_thing}/attachments/{own}/content?key={key}"),
    ]
    assert [answer.status_code for answer in answers[:3]] == [404, 404, 404]
    assert str(tenant) not in answers[3].headers["location"]


def test_a_row_cannot_be_made_to_point_at_another_tenants_object(
    bucket_service: Service, bucket_settings: Settings
) -> None:
    """Signed addresses are made from the row's key, so no statement may put a foreign key there."""
    scene = make_scene(bucket_service)
    tenant = scene.acme.get("/api/me").json()["tenant_id"]
    token = scene.globex.cookies["workbuoy_session"]
    with pytest.raises(psycopg.errors.CheckViolation):
        on_own_connection(
            bucket_settings,
            token,
            lambda tx: tx.execute(
                "insert into attachments select tenant_id, gen_random_uuid(), id, 'x', 'a/b', 1, 'x', %(key)s, now()"
                " from things",
                {"key": f"tenants/{tenant}/{scene.attachment}"},
            ),
        )
