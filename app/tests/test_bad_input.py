"""What strangers send: a clear status, a problem document, nothing written."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.service import Service, make_thing
from workbuoy_app import guard, problems
from workbuoy_app.settings import Settings

pytestmark = pytest.mark.any_postgres


def assert_problem(answer: Any, status: int) -> dict[str, Any]:
    """A whole problem document (RFC 9457) that tells nothing of the inside."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert document["request_id"] == answer.headers["x-request-id"]
    for word in (
        "psycopg",
        "Traceback",
        "select ",
        "workbuoy_app",
        "/work",
        "sqlite",
        "botocore",
        "127.0.0.1",
    ):
        assert word not in answer.text, word
    return document


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"title": "\\ud800"}',
        b"{" * 5000,
        b'{"title": 1e999}',
    ],
)
def test_malformed_bodies_are_refused(shared_service: Service, body: bytes) -> None:
    answer = shared_service.browser().post(
        "/api/things", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}
    assert_problem(answer, answer.status_code)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": 5},
        {"title": None},
        {"title": ["x"]},
        {"title": "x" * 201},
        {"title": "nul\0"},
        {"title": "x", "body": "x" * 20_001},
        {"title": "x", "body": 1},
        {"title": "x", "status": "unknown"},
        {"title": "x", "unknown": 1},
        {"title": "x", "id": str(uuid.uuid4())},
    ],
)
def test_wrong_types_and_unknown_fields_are_refused(shared_service: Service, body: Any) -> None:
    browser = shared_service.browser()
    before = browser.get("/api/things").json()
    document = assert_problem(browser.post("/api/things", json=body), 422)
    assert document["errors"]
    assert browser.get("/api/things").json() == before


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "cursor=x",
        "status=x",
        "search=",
        "search=%00",
        "unknown=1",
        "limit=1&limit=x",
    ],
)
def test_wrong_queries_are_refused(shared_service: Service, query: str) -> None:
    assert_problem(shared_service.browser().get(f"/api/things?{query}"), 422)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cursor=x", "cursor"),
        ("created_from=soon", "created_from"),
        ("search=%00", "search"),
        ("limit=0", "limit"),
    ],
)
def test_a_wrong_query_is_told_once_by_the_name_that_the_caller_wrote(
    shared_service: Service, query: str, field: str
) -> None:
    answer = shared_service.browser().get(f"/api/things?{query}")
    assert [one["where"] for one in assert_problem(answer, 422)["errors"]] == [["query", field]]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"])
def test_json_that_is_not_said_to_be_json_is_told_how_it_is_sent(shared_service: Service, kind: str) -> None:
    answer = shared_service.browser().post(
        "/api/things", content=b'{"title":"x"}', headers={"content-type": kind}
    )
    (told,) = assert_problem(answer, 422)["errors"]
    assert (told["where"], "Content-Type: application/json" in told["why"]) == (["body"], True)


def test_a_wrong_field_that_may_be_left_out_is_told_once(shared_service: Service) -> None:
    browser = shared_service.browser()
    answer = browser.patch(f"/api/things/{make_thing(browser)['id']}", json={"title": 5, "body": 7})
    assert [one["where"] for one in assert_problem(answer, 422)["errors"]] == [
        ["body", "title"],
        ["body", "body"],
    ]


def test_unknown_addresses_and_methods_are_refused(shared_service: Service) -> None:
    browser = shared_service.browser()
    assert_problem(browser.get("/nope"), 404)
    assert_problem(browser.get("/api/things/not-an-id"), 422)
    assert_problem(browser.get(f"/api/things/{uuid.uuid4()}"), 404)
    assert_problem(browser.patch("/api/things"), 405)
    assert_problem(browser.get("/api/things/"), 404)


def test_a_refusal_does_not_send_the_offending_input_back(shared_service: Service) -> None:
    answer = shared_service.browser().post("/api/things", json={"title": ["a password by mistake"]})
    assert "a password by mistake" not in answer.text


def test_a_huge_body_is_refused_before_it_is_read(shared_service: Service) -> None:
    browser = shared_service.browser()
    announced = {"Content-Type": "application/json", "Content-Length": str(10**12)}
    assert_problem(browser.post("/api/things", content=b"{}", headers=announced), 413)
    thing = make_thing(browser)
    assert_problem(
        browser.post(f"/api/things/{thing['id']}/attachments?name=x", content=b"", headers=announced), 413
    )
    assert_problem(browser.post("/api/things", content=b"[" + b"1," * 200_000), 413)
    assert_problem(
        browser.post("/api/things", content=b"{}", headers={**announced, "Content-Length": "-1"}), 400
    )


def test_a_body_without_a_length_is_cut_off_at_the_limit(settings: Settings) -> None:
    with Service(dataclasses.replace(settings, attachment_max_bytes=100_000)) as service:
        browser = service.browser()
        thing = make_thing(browser)

        def pieces() -> Iterator[bytes]:
            for _ in range(50):
                yield b"x" * 10_000

        answer = browser.post(f"/api/things/{thing['id']}/attachments?name=x", content=pieces())
        assert_problem(answer, 413)
        assert browser.get(f"/api/things/{thing['id']}/attachments").json()["items"] == []


def test_a_change_from_another_site_is_refused(service: Service) -> None:
    browser = service.browser()
    thing = make_thing(browser)
    for origin in (
        "https://evil.example",
        "null",
        "",
        "http://localhost:8080.evil.example",
        "http://localhost",
    ):
        for method, path in (
            ("POST", "/api/things"),
            ("PUT", f"/api/things/{thing['id']}"),
            ("DELETE", f"/api/things/{thing['id']}"),
            ("POST", "/auth/logout"),
            ("POST", "/auth/logout-everywhere"),
            ("POST", "/auth/mock"),
        ):
            answer = browser.request(method, path, json={"title": "x"}, headers={"Origin": origin})
            assert answer.status_code == 403, (origin, method, path)
    del browser.headers["Origin"]
    assert_problem(browser.post("/api/things", json={"title": "x"}), 403)
    assert len(browser.get("/api/things").json()["items"]) == 1


@pytest.mark.parametrize("limits", [(0.05, 60), (60, 0.05)], ids=["no piece", "not all of it"])
def test_a_body_that_does_not_come_is_given_up(limits: tuple[float, float]) -> None:
    import asyncio

    async def never() -> Any:
        await asyncio.sleep(60)

    async def ask() -> None:
        body = guard._Body(never, 100, None, *limits)
        with pytest.raises(problems.Refused) as refused:
            await body.receive()
        assert refused.value.status == 408

    asyncio.run(ask())
