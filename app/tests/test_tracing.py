"""The caller's trace goes on with every call that the service makes, under a span of each call's own."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from workbuoy_app import tracing
from workbuoy_app.oidc import Provider
from workbuoy_app.settings import OidcSettings, StorageSettings
from workbuoy_app.storage import ObjectStorage

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
OWN_ID = "0123456789abcdef0123456789abcdef"
Heard = list[dict[str, str]]


class Recorder(BaseHTTPRequestHandler):
    """Answers whatever it is asked, and keeps the headers."""

    heard: Heard

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.heard.append({name.lower(): value for name, value in self.headers.items()})
        address = f"http://{self.headers['Host']}"
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        body = json.dumps({"issuer": address, **{name: f"{address}/{name}" for name in names}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def recorder() -> Iterator[tuple[str, Heard]]:
    heard: Heard = []
    handler = type("Own", (Recorder,), {"heard": heard})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", heard
        server.shutdown()


def storage(address: str) -> ObjectStorage:
    return ObjectStorage(
        StorageSettings(
            bucket="files",
            region="eu-west-1",
            endpoint=address,
            force_path_style=True,
            access_key_id="x",
            secret_access_key="x",
        )
    )


def test_calls_to_the_bucket_bear_the_caller_s_trace_and_a_span_each(recorder: tuple[str, Heard]) -> None:
    address, heard = recorder

    async def ask() -> None:
        tracing.begin(tracing.given_trace(f"00-{TRACE}-{SPAN}-01".encode()), TRACE)
        bucket = storage(address)
        await bucket.check()
        await bucket.check()

    asyncio.run(ask())
    spans = [re.fullmatch(rf"00-{TRACE}-([0-9a-f]{{16}})-01", one["traceparent"]) for one in heard]
    assert len({one[1] for one in spans if one} | {SPAN}) == 3
    assert all("traceparent" not in one["authorization"] for one in heard), "a proxy may change it"


def test_calls_to_the_login_provider_bear_it_too(recorder: tuple[str, Heard]) -> None:
    address, heard = recorder

    async def ask() -> None:
        tracing.begin(None, OWN_ID)
        settings = OidcSettings(issuer=address, client_id="workbuoy", client_secret="x")
        await Provider(settings, "http://localhost/callback", None)._discover()

    asyncio.run(ask())
    assert heard
    assert all(re.fullmatch(rf"00-{OWN_ID}-[0-9a-f]{{16}}-00", one["traceparent"]) for one in heard)


def test_what_no_request_asked_for_bears_no_trace(recorder: tuple[str, Heard]) -> None:
    address, heard = recorder
    asyncio.run(storage(address).check())
    assert [one.get("traceparent") for one in heard] == [None]


@pytest.mark.parametrize("named", ["the-callers-own", "0" * 32, "Root=1-67891233-abcdef012345678912345678"])
def test_a_name_that_is_no_trace_s_is_not_sent_as_one(named: str) -> None:
    async def ask() -> None:
        tracing.begin(None, named)
        assert tracing.headers() == {}

    asyncio.run(ask())


def test_requests_side_by_side_keep_their_traces_apart() -> None:
    async def one(trace: str) -> str:
        tracing.begin(None, trace)
        await asyncio.sleep(0)
        return tracing.headers()["traceparent"].split("-")[1]

    async def both() -> list[str]:
        return await asyncio.gather(*(asyncio.create_task(one(f"{number:032x}")) for number in (1, 2, 3)))

    assert asyncio.run(both()) == [f"{number:032x}" for number in (1, 2, 3)]
