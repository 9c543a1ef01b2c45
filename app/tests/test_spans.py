"""Spans that the real SDK sent to a receiver of OTLP on loopback, decoded: what they are, and what is not in them."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased

from tests.conftest import copy
from tests.test_process import Process, serving
from tests.test_tracing import Heard, recorder, storage
from workbuoy_app import tracing
from workbuoy_app.database import Statement
from workbuoy_app.devtools import servers
from workbuoy_app.devtools.embedded_postgres import Postgres
from workbuoy_app.devtools.ports import free_port
from workbuoy_app.observer import Observer
from workbuoy_app.settings import SettingsError, StorageSettings, load
from workbuoy_app.spans import SpanExport, TracedDatabase

__all__ = ["recorder"]
pytestmark = pytest.mark.any_postgres

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALLER = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
BUCKET, FILE, TITLE, SOUGHT = "bucket-of-spans", "contract-of-ada.pdf", "Salary of Ada Lovelace", "lovelace"
OF_SPANS = {
    "db.query.summary",
    "error.type",
    "http.request.method",
    "http.response.status_code",
    "http.route",
}
OF_SERVICE = {"service.name", "service.version", "service.instance.id", "deployment.environment.name"}
OF_SDK = {"telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version"}


class Receiver:
    """Takes what is sent to /v1/traces; while `held`, it answers nothing."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.asked = threading.Event()
        self.answering = threading.Event()
        self.answering.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
                outer.asked.set()
                outer.answering.wait()
                outer.bodies.append(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.answering.set()
        self._server.shutdown()
        self._server.server_close()

    def resources(self) -> list[Any]:
        return [
            each for body in self.bodies for each in ExportTraceServiceRequest.FromString(body).resource_spans
        ]

    def spans(self) -> list[Any]:
        return [span for each in self.resources() for scope in each.scope_spans for span in scope.spans]


class Client:
    """A browser on a socket, logged in as a member of acme."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Origin": f"http://localhost:{port}"}
        cookie = self.send("POST", "/auth/mock", b"subject=acme-user", "application/x-www-form-urlencoded")[1]
        self.token = re.findall(r"workbuoy_session=([^;]+)", cookie["set-cookie"])[0]
        self._headers["Cookie"] = f"workbuoy_session={self.token}"

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        self._connection.request(
            method, path, body or None, {**self._headers, "Content-Type": kind, **(headers or {})}
        )
        answer = self._connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@contextmanager
def exporting(log: Path, url: str, address: str, **more: str) -> Iterator[Process]:
    environment = {
        "OIDC_DEV_MOCK": "1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": address,
        "OTEL_SERVICE_NAME": "workbuoy",
        **{
            "RATE_LIMIT_SESSION": "0",
            "RATE_LIMIT_TENANT": "0",
        },  # a fast machine asks more often than one may
    }
    with serving(log, DATABASE_URL=url, **environment, **more) as service:
        yield service


class Seen:
    """A service that exported until it was told to end, and what it was asked."""

    def __init__(self, folder: Path, url: str, moto: str, receiver: Receiver) -> None:
        storage = {
            "S3_ENDPOINT": moto,
            "S3_REGION": "eu-west-1",
            "S3_BUCKET": BUCKET,
            "S3_FORCE_PATH_STYLE": "true",
        }
        place = StorageSettings(bucket=BUCKET, region="eu-west-1", endpoint=moto, force_path_style=True)
        servers.create_bucket(place)
        # Nothing is sent by itself: what comes came because the service ended.
        sdk = {
            "OTEL_BSP_SCHEDULE_DELAY": "600000",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=dev",
        }
        with exporting(folder / "log", url, receiver.address, **storage, **sdk) as service:
            client = Client(service.port)
            self.called = client.send("GET", "/api/things", headers=CALLER)
            self.alone = client.send("GET", f"/api/things?search={SOUGHT}")
            self.named = client.send("GET", "/api/things", headers={"X-Request-Id": "acme-of-the-caller"})
            unsampled = {"traceparent": f"00-{'a' * 32}-{SPAN}-00"}
            self.unsampled = client.send("GET", "/api/things", headers=unsampled)
            stored = client.send("POST", "/api/things", json.dumps({"title": TITLE}).encode())
            self.thing = json.loads(stored[2])["id"]
            path = f"/api/things/{self.thing}/attachments?name={FILE}"
            self.upload = client.send("POST", path, b"secret content", "application/pdf")
            client.send("GET", f"/api/things/{TRACE}?x={SOUGHT}")
            assert receiver.bodies == []
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(30) == 0
        self.statuses = [each[0] for each in (self.called, self.alone, self.named, stored, self.upload)]
        self.lines, self.token, self.receiver = service.lines(), client.token, receiver
        self.spans = receiver.spans()

    def one(self, name: str, **trace: str) -> Any:
        (found,) = [
            span
            for span in self.spans
            if span.name == name and span.trace_id.hex() == trace.get("trace", TRACE)
        ]
        return found


@pytest.fixture(scope="module")
def seen(
    postgres: Postgres, migrated: str, moto: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    with Receiver() as receiver:
        yield Seen(tmp_path_factory.mktemp("spans"), copy(postgres, migrated), moto, receiver)


@pytest.mark.lengthy
def test_a_service_that_ends_sends_the_spans_of_its_requests_first(seen: Seen) -> None:
    assert seen.statuses == [200, 200, 200, 201, 201]
    names = {span.name for span in seen.spans}
    assert {"GET /api/things", "POST /api/things", "POST /api/things/{thing_id}/attachments"} <= names
    assert {"select things", "insert things", "transaction", "s3 put"} <= names
    assert not any("healthz" in name or "readyz" in name for name in names)


def test_a_request_is_below_its_caller_s_span_and_its_statements_are_below_the_request(seen: Seen) -> None:
    request, statement = seen.one("GET /api/things"), seen.one("select things")
    assert request.parent_span_id.hex() == SPAN
    transaction = seen.one("transaction")
    assert (transaction.parent_span_id, statement.parent_span_id) == (request.span_id, transaction.span_id)
    assert (statement.start_time_unix_nano, request.end_time_unix_nano) > (request.start_time_unix_nano, 0)
    ids = {span.span_id for span in seen.spans}
    assert all(span.parent_span_id in ids | {b"", bytes.fromhex(SPAN)} for span in seen.spans)


def test_a_trace_that_begins_here_has_the_request_s_id(seen: Seen) -> None:
    request_id = seen.alone[1]["x-request-id"]
    assert seen.one("GET /api/things", trace=request_id).parent_span_id == b""


def test_the_log_line_of_a_request_names_its_trace_whatever_the_request_is_called(seen: Seen) -> None:
    (line,) = [one for one in seen.lines if one.get("request_id") == "acme-of-the-caller"]
    assert seen.one("GET /api/things", trace=line["trace_id"]).parent_span_id == b""


def test_a_caller_who_does_not_sample_is_not_recorded(seen: Seen) -> None:
    assert seen.unsampled[0] == 200
    assert "a" * 32 not in {span.trace_id.hex() for span in seen.spans}


def test_no_customer_secret_or_content_is_in_what_was_sent(seen: Seen, postgres: Postgres) -> None:
    lines = [line for line in seen.lines if line.get("tenant")]
    told = {line["tenant"] for line in lines} | {line["member"] for line in lines if line.get("member")}
    words = {
        "acme",
        "globex",
        TITLE,
        SOUGHT,
        FILE,
        "secret content",
        seen.token,
        seen.thing,
        BUCKET,
        "workbuoy_session",
    }
    passwords = set(re.findall(r"://[^:]+:([^@]+)@", postgres.url()))
    assert told
    assert passwords
    sent = b"".join(seen.receiver.bodies).lower()
    assert [word for word in words | told | passwords if word.lower().encode() in sent] == []


def test_attributes_are_those_that_are_known_to_be_harmless(seen: Seen) -> None:
    assert {each.key for span in seen.spans for each in span.attributes} <= OF_SPANS
    assert not any(span.events or span.links for span in seen.spans)
    found = {
        each.key: each.value.string_value
        for one in seen.receiver.resources()
        for each in one.resource.attributes
    }
    assert set(found) <= OF_SERVICE | OF_SDK
    assert (found["service.name"], found["deployment.environment.name"]) == ("workbuoy", "dev")


def use(client: Client, times: int) -> set[int]:
    return {client.send("GET", "/api/things")[0] for _ in range(times)}


SMALL_QUEUE = {"OTEL_BSP_MAX_QUEUE_SIZE": "20", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "10"}


@pytest.mark.slow
def test_a_receiver_that_does_not_answer_holds_up_neither_requests_nor_the_end(
    database_url: str, tmp_path: Path
) -> None:
    with Receiver() as receiver:
        receiver.answering.clear()
        with exporting(tmp_path / "log", database_url, receiver.address, **SMALL_QUEUE) as service:
            client = Client(service.port)
            assert use(client, 50) == {200}
            assert receiver.asked.wait(30)
            assert use(client, 100) == {200}
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(30) == 0
        assert receiver.bodies == []
    messages = [line["message"] for line in service.lines()]
    assert "the last spans were not exported in time" in messages
    assert messages[-1] == "stopped"


@pytest.mark.slow
def test_a_receiver_that_is_not_there_is_said_once_and_no_request_fails(
    database_url: str, tmp_path: Path
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    patience = {"OTEL_EXPORTER_OTLP_TIMEOUT": "1", "OTEL_BSP_SCHEDULE_DELAY": "50"}
    with exporting(tmp_path / "log", database_url, nowhere, **SMALL_QUEUE, **patience) as service:
        client = Client(service.port)
        for _ in range(1000):
            assert use(client, 10) == {200}
            if told := [line for line in service.lines() if "spans are not exported" in line["message"]]:
                break
        assert use(client, 50) == {200}
    assert [line["level"] for line in told] == ["warn"]
    assert sum("spans are not exported" in line["message"] for line in service.lines()) == 1
    assert all(line["level"] != "error" and line.get("logger") is None for line in service.lines())


@contextmanager
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Spans of this process, all sent when the block ends."""
    with Receiver() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address)
        export = SpanExport()
        monkeypatch.setattr(tracing, "recorder", export)
        yield receiver
        asyncio.run(export.close())


def test_a_call_to_the_bucket_bears_the_id_of_its_own_span(
    monkeypatch: pytest.MonkeyPatch, recorder: tuple[str, Heard]
) -> None:
    address, heard = recorder

    async def ask() -> None:
        span = tracing.begin(tracing.given_trace(CALLER["traceparent"].encode()), TRACE)
        await storage(address).check()
        assert span is not None
        span.end("GET", "/x", 200)

    with recording(monkeypatch) as receiver:
        asyncio.run(ask())
    by_name = {span.name: span for span in receiver.spans()}
    assert by_name["s3 check"].parent_span_id == by_name["GET /x"].span_id
    assert [one["traceparent"] for one in heard] == [f"00-{TRACE}-{by_name['s3 check'].span_id.hex()}-01"]


def test_a_trace_that_is_not_sampled_goes_on_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> str:
        tracing.begin(tracing.Trace(TRACE, SPAN, "00"), TRACE)
        return tracing.headers()["traceparent"]

    with recording(monkeypatch) as receiver:
        sent = asyncio.run(ask())
    assert re.fullmatch(rf"00-{TRACE}-(?!{SPAN})[0-9a-f]{{16}}-00", sent)
    assert receiver.spans() == []


def test_a_request_that_is_not_recorded_is_not_below_the_one_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ask() -> str:
        first = tracing.begin(tracing.Trace(TRACE, SPAN, "01"), TRACE)
        assert first is not None
        first.end("GET", "/x", 200)
        tracing.begin(None, "0123456789abcdef0123456789abcdef", recorded=False)
        with tracing.step("select things", {}):
            return tracing.headers()["traceparent"]

    with recording(monkeypatch) as receiver:
        assert asyncio.run(ask()).startswith("00-0123456789abcdef")
    assert [span.name for span in receiver.spans()] == ["GET /x"]


def test_a_failure_is_recorded_by_its_kind_and_never_by_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        single_tenant = True

        async def at_once(self, *_: object) -> None:
            raise LookupError("Key (title)=(Salary of Ada)")

    async def broken(scope: Any, *_: Any) -> None:
        failing: Any = Failing()
        statement = Statement("delete\nfrom  things where a=%(a)s", {"a": TITLE})
        await TracedDatabase(failing).at_once(statement, {})

    async def ask() -> None:
        async def send(_: Any) -> None:
            """Nobody reads it."""

        receive: Any = None

        scope = {
            "type": "http",
            "method": "BREW",
            "path": f"/{SOUGHT}",
            "headers": [],
            "query_string": b"x=1",
        }
        await Observer(broken)(scope, receive, send)

    with recording(monkeypatch) as receiver:
        asyncio.run(ask())
    by_name = {span.name: span for span in receiver.spans()}
    assert set(by_name) == {"delete things", "other unmatched"}
    kinds = [
        each.value.string_value
        for one in by_name.values()
        for each in one.attributes
        if each.key == "error.type"
    ]
    assert sorted(kinds) == ["500", "LookupError"]
    assert all((one.status.code, one.status.message) == (2, "") for one in by_name.values())
    assert b"ada" not in b"".join(receiver.bodies).lower()


def test_half_of_the_ids_that_requests_get_here_are_sampled_at_a_ratio_of_a_half() -> None:
    """The sampler reads the lower 64 bits, of which a UUID's are fixed in part: of those it would take none."""
    sampler = TraceIdRatioBased(0.5)
    taken = sum(
        sampler.should_sample(None, int(tracing.new_id(), 16), "x").decision is Decision.RECORD_AND_SAMPLE
        for _ in range(400)
    )
    assert 100 < taken < 300


@pytest.mark.lengthy
def test_nothing_of_the_sdk_is_loaded_without_the_setting(database_url: str) -> None:
    asked = (
        "import sys; from workbuoy_app.settings import load; from workbuoy_app.application import create_app\n"
        "create_app(load({'DATABASE_URL': sys.argv[1]}))\n"
        "print(sorted({'opentelemetry.sdk', 'google.protobuf', 'requests'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", asked, database_url]
    assert (
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip() == "[]"
    )


MINIMAL = {"DATABASE_URL": "sqlite:///x", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example:4318"}


@pytest.mark.parametrize(
    ("changes", "on"),
    [({}, True), ({"OTEL_SDK_DISABLED": "true"}, False), ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False)],
)
def test_spans_are_exported_where_an_endpoint_is_named(changes: dict[str, str], on: bool) -> None:
    assert load({**MINIMAL, **changes}).traces_enabled is on


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL must be one of http/protobuf"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://me:hush@collector.example"},
            "OTEL_EXPORTER_OTLP_ENDPOINT must not carry a login, a query or a fragment",
        ),
    ],
)
def test_what_the_service_does_not_speak_is_refused_by_name(changes: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as error:
        load({**MINIMAL, **changes})
    assert error.value.problems == [told]


def test_an_image_without_the_extra_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbuoy_app.settings.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"workbuoy-app\[traces\]"):
        load(MINIMAL)
