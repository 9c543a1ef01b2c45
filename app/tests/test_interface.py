"""The web interface as the service serves it: hashed files kept for ever, the page never, nothing from elsewhere."""

from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path

import pytest

from tests.service import Service, attach, make_thing
from workbuoy_app import interface
from workbuoy_app.settings import OidcSettings, Settings

pytestmark = pytest.mark.any_postgres

PAGE = '<!doctype html><html data-login=""><script src="/assets/index-abc.js"></script></html>'
SCRIPT = b"document.title = 'things'\n" * 50


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a build leaves, made small."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "assets/index-abc.js").write_bytes(SCRIPT)
    (tmp_path / "assets/index-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "assets/index-abc.js.br").write_bytes(b"as brotli makes it")
    (tmp_path / "assets/buoy-abc.svg").write_bytes(b"<svg/>")
    monkeypatch.setattr(interface.routes, "__defaults__", ((tmp_path,),))
    return tmp_path


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "path", ["/", "/things/0198c3a2-0000-7000-8000-000000000000", "/members", "/tokens", "/audit"]
)
def test_every_page_is_one_document_that_is_never_kept(settings: Settings, path: str) -> None:
    with Service(settings) as service:
        answer = service.browser(None).get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert "/assets/index-abc.js" in answer.text


@pytest.mark.usefixtures("built")
def test_the_policy_lets_in_this_origin_alone_and_nothing_written_into_the_page(settings: Settings) -> None:
    with Service(settings) as service:
        rules = service.browser(None).get("/").headers["content-security-policy"].split("; ")
    assert rules[0] == "default-src 'none'"
    assert "script-src 'self'" in rules
    assert "connect-src 'self'" in rules
    assert "require-trusted-types-for 'script'" in rules
    assert not [rule for rule in rules if "unsafe" in rule or "data:" in rule or "*" in rule]


@pytest.mark.usefixtures("built")
def test_the_policy_names_the_very_origin_that_attachments_come_from(bucket_service: Service) -> None:
    browser = bucket_service.browser()
    thing = make_thing(browser)
    stored = attach(browser, thing["id"], b"content").json()
    address = browser.get(f"/api/things/{thing['id']}/attachments/{stored['id']}/content").headers["location"]
    origin = "/".join(address.split("/")[:3])
    assert f"connect-src 'self' {origin};" in browser.get("/").headers["content-security-policy"]


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("accepted", "encoding", "content"),
    [
        ("gzip, deflate, br", "br", b"as brotli makes it"),
        ("gzip", "gzip", SCRIPT),
        ("br;q=0, gzip;q=0.5", "gzip", SCRIPT),
        ("", None, SCRIPT),
    ],
)
def test_a_file_comes_as_small_as_the_browser_takes_it_and_is_kept_for_ever(
    settings: Settings, accepted: str, encoding: str | None, content: bytes
) -> None:
    with Service(settings) as service:
        with service.browser(None).stream(
            "GET", "/assets/index-abc.js", headers={"Accept-Encoding": accepted}
        ) as answer:
            raw = b"".join(answer.iter_raw())
    assert answer.headers.get("content-encoding") == encoding
    assert (gzip.decompress(raw) if encoding == "gzip" else raw) == content
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "path",
    [
        "/assets/index-old.js",
        "/assets/../index.html",
        "/assets/%2e%2e/index.html",
        "/assets/index-abc.js.br",
        "/nope",
    ],
)
def test_what_is_no_file_of_the_build_is_not_there(settings: Settings, path: str) -> None:
    with Service(settings) as service:
        answer = service.browser(None).get(path)
        assert answer.status_code == 404
        assert answer.json()["status"] == 404


@pytest.mark.usefixtures("built")
def test_the_page_names_the_provider_and_marks_the_mock(settings: Settings) -> None:
    oidc = OidcSettings(issuer="https://id.example/tenant", client_id="workbuoy", client_secret="s")
    cases = {
        "mock": settings,
        "id.example": dataclasses.replace(settings, oidc=oidc, oidc_dev_mock=False),
        "": dataclasses.replace(settings, oidc_dev_mock=False),
    }
    for name, changed in cases.items():
        with Service(changed) as service:
            assert f'data-login="{name}"' in service.browser(None).get("/").text


@pytest.mark.usefixtures("built")
def test_the_page_says_who_brings_no_session_so_that_it_need_not_ask(settings: Settings) -> None:
    with Service(settings) as service:
        assert "<html data-visitor " in service.browser(None).get("/").text
        assert "data-visitor" not in service.browser().get("/").text


def test_without_a_build_the_start_page_says_how_to_make_one_and_the_api_works(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interface.routes, "__defaults__", ((tmp_path,),))
    with Service(settings) as service:
        browser = service.browser()
        assert "<code>make ui</code>" in browser.get("/").text
        assert browser.get("/assets/index-abc.js").status_code == 404
        assert browser.get("/api/things").status_code == 200


def test_a_page_without_a_place_for_the_login_is_no_build_of_ours(built: Path, settings: Settings) -> None:
    (built / "index.html").write_text("<!doctype html><html></html>")
    with pytest.raises(ValueError, match="make ui"):
        interface.routes(settings)


def test_the_api_is_matched_before_any_page(settings: Settings) -> None:
    with Service(settings) as service:
        last = service.app.router.routes[-len(interface.PAGES) - 1 :]
    assert [getattr(route, "path", "") for route in last] == [*interface.PAGES, "/assets/{name}"]
