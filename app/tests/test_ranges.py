"""Parts of a file that the database keeps, and content types as programs send them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.service import Service, attach, make_thing
from tests.test_bad_input import assert_problem
from workbuoy_app import attachments
from workbuoy_app.api.ranges import UNSATISFIABLE, byte_range
from workbuoy_app.settings import Settings

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def stored(either_service: Service, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, str]:
    """A browser, and the address of a file of several pieces."""
    from workbuoy_app.api import attachments as endpoints

    for module in (attachments, endpoints):
        monkeypatch.setattr(module, "CHUNK_BYTES", 1000)
    browser = either_service.browser()
    thing = make_thing(browser)
    file = attach(browser, thing["id"], CONTENT).json()
    return browser, f"/api/things/{thing['id']}/attachments/{file['id']}/content"


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=999-1000", 999, 1001),
        ("bytes=1000-1999", 1000, 2000),
        ("bytes=5000-", 5000, len(CONTENT)),
        ("bytes=-7", len(CONTENT) - 7, len(CONTENT)),
        ("bytes=10000-99999", 10000, len(CONTENT)),
    ],
)
def test_a_range_is_given_alone(stored: tuple[Any, str], asked: str, first: int, end: int) -> None:
    browser, address = stored
    answer = browser.get(address, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, CONTENT[first:end])
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{len(CONTENT)}"


def test_all_of_it_comes_without_a_range_or_with_one_of_another_state(stored: tuple[Any, str]) -> None:
    browser, address = stored
    whole = browser.get(address)
    assert (whole.status_code, whole.content, whole.headers["accept-ranges"]) == (200, CONTENT, "bytes")
    tag = whole.headers["etag"]
    for headers in (
        {"Range": "bytes=0-1,5-6"},
        {"Range": "lines=1"},
        {"Range": "bytes=0-1", "If-Range": '"x"'},
    ):
        assert browser.get(address, headers=headers).content == CONTENT
    assert browser.get(address, headers={"Range": "bytes=0-1", "If-Range": tag}).content == CONTENT[:2]
    assert browser.get(address, headers={"If-None-Match": tag}).status_code == 304
    beyond = browser.get(address, headers={"Range": "bytes=99999-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")


@given(st.text("bytes=-0123456789, ", max_size=20), st.integers(0, 10_000))
def test_every_range_lies_within_the_file(header: str, size: int) -> None:
    found = byte_range(header, size)
    assert found is None or found == UNSATISFIABLE or 0 <= found[0] < found[1] <= size


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain;charset=utf-8",
        'video/mp4; codecs="avc1.42E01E, mp4a.40.2"',
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "text/html; charset=utf-8 ; profile=a,b",
    ],
)
def test_content_types_as_programs_send_them_are_kept(shared_service: Service, kind: str) -> None:
    browser = shared_service.browser()
    answer = attach(browser, make_thing(browser)["id"], b"x", kind=kind)
    assert (answer.status_code, answer.json()["content_type"]) == (201, kind)


@pytest.mark.parametrize("query", [{"name": "a"}, {}])
def test_a_form_is_415_and_says_how_to_send_a_file(shared_service: Service, query: dict[str, str]) -> None:
    browser = shared_service.browser()
    path = f"/api/things/{make_thing(browser)['id']}/attachments"
    answer = browser.post(path, params=query, files={"file": ("a.txt", b"x")})
    assert "curl --data-binary @FILE" in assert_problem(answer, 415)["detail"]
    assert browser.get(path).json()["items"] == []


def test_browsers_are_sent_to_the_stores_public_address(bucket_settings: Settings) -> None:
    assert bucket_settings.storage is not None
    storage = dataclasses.replace(bucket_settings.storage, public_endpoint="https://files.workbuoy.example")
    with Service(dataclasses.replace(bucket_settings, storage=storage)) as service:
        browser = service.browser()
        thing = make_thing(browser)
        file = attach(browser, thing["id"], b"x").json()
        answer = browser.get(f"/api/things/{thing['id']}/attachments/{file['id']}/content")
        assert answer.headers["location"].startswith(
            f"https://files.workbuoy.example/{storage.bucket}/tenants/"
        )
