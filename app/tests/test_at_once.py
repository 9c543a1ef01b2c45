"""One message to Postgres does what one statement can do, and is judged like everything else."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.service import Service, make_thing
from tests.test_login import superuser_url
from tests.test_members import as_role
from workbuoy_app.rights import Role


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that is sent to the server from here on."""
    sent: list[str] = []
    real = psycopg.AsyncConnection.execute

    async def execute(self: Any, query: Any, *arguments: Any, **named: Any) -> Any:
        sent.append(query)
        return await real(self, query, *arguments, **named)

    monkeypatch.setattr(psycopg.AsyncConnection, "execute", execute)
    return sent


def test_what_one_statement_does_is_one_message(service: Service, messages: list[str]) -> None:
    browser = service.browser()
    thing = make_thing(browser)
    for method, path, body in (
        ("GET", "/api/things", None),
        ("GET", f"/api/things/{thing['id']}", None),
        ("POST", "/api/things", {"title": "another"}),
    ):
        messages.clear()
        assert browser.request(method, path, json=body).status_code in {200, 201}
        assert len(messages) == 1, messages


def test_a_session_that_was_seen_and_ended_elsewhere_does_nothing_more(service: Service) -> None:
    browser = service.browser()
    make_thing(browser)
    with psycopg.connect(superuser_url(service.settings)) as superuser:
        superuser.execute("delete from sessions")
    assert browser.get("/api/things").status_code == 401
    assert browser.post("/api/things", json={"title": "too late"}).status_code == 401
    assert [each["title"] for each in service.browser().get("/api/things").json()["items"]] != ["too late"]


def test_a_member_who_became_a_reader_reads_on_and_writes_no_more(service: Service) -> None:
    editor = as_role(service, Role.EDITOR)
    make_thing(editor)
    with psycopg.connect(superuser_url(service.settings)) as superuser:
        superuser.execute("update members set role = 'reader'")
    assert editor.post("/api/things", json={"title": "refused"}).status_code == 403
    assert [each["title"] for each in editor.get("/api/things").json()["items"]] == ["A thing"]


def test_what_people_write_stays_text_in_the_message(service: Service) -> None:
    browser = service.browser()
    for title in ("'; drop table things; --", "\\'; select 1; --", "%(tenant_id)s %s %%", "$1 $$ E'\\x'"):
        made = make_thing(browser, title=title, body=title * 20)
        assert browser.get(f"/api/things/{made['id']}").json()["title"] == title
        assert browser.get("/api/things", params={"search": title}).status_code == 200
    assert len(browser.get("/api/things").json()["items"]) == 4


def test_a_session_in_use_is_renewed_by_it(service: Service) -> None:
    browser = service.browser()
    browser.get("/api/things")
    with psycopg.connect(superuser_url(service.settings), autocommit=True) as superuser:
        superuser.execute("update sessions set renewed_at = now() - interval '11 minutes'")
        assert browser.get("/api/things").status_code == 200
        late = superuser.execute(
            "select count(*) from sessions where renewed_at < now() - interval '1 minute'"
        )
        assert late.fetchone() == (0,)
