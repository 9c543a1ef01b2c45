"""Logs and metrics."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import io
import json
import logging
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as text_families

from tests.service import Service, attach, make_thing
from workbuoy_app import __version__, logs, metrics
from workbuoy_app.devtools.ports import free_port
from workbuoy_app.request_metrics import MOST_TENANTS, RequestMetrics
from workbuoy_app.settings import Settings

pytestmark = pytest.mark.any_postgres


@pytest.fixture
def lines() -> Iterator[Any]:
    """Everything that was logged since the last look, each line read as JSON."""
    buffer = io.StringIO()
    logs.configure("debug")
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(buffer)

    def read() -> list[dict[str, Any]]:
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return [json.loads(line) for line in text.splitlines()]

    yield read
    logging.getLogger("workbuoy").setLevel(logging.WARNING)


def test_a_request_is_one_json_line_with_all_that_finds_it(service: Service, lines: Any) -> None:
    browser = service.browser()
    thing = make_thing(browser)
    lines()
    answer = browser.get(f"/api/things/{thing['id']}", headers={"X-Request-Id": "from-the-balancer-1"})
    (entry,) = lines()
    assert answer.headers["x-request-id"] == "from-the-balancer-1"
    assert set(entry) == {
        *("time", "level", "message", "request_id", "tenant", "method", "route", "status", "duration_ms")
    }
    assert entry["request_id"] == "from-the-balancer-1"
    assert entry["tenant"] == browser.get("/api/me").json()["tenant_id"]
    assert entry["route"] == "/api/things/{thing_id}"
    assert (entry["level"], entry["method"], entry["status"]) == ("info", "GET", 200)
    assert entry["duration_ms"] > 0


@pytest.mark.parametrize("given", ["short", "has spaces in it", 'quotes"and{braces}', "x" * 200])
def test_a_request_id_that_could_spoil_a_log_is_replaced(shared_service: Service, given: str) -> None:
    answer = shared_service.browser(user=None).get("/healthz", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 32


TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
BALANCED = "Root=1-67891233-abcdef012345678912345678"


@pytest.mark.parametrize(
    ("headers", "request_id", "trace_id"),
    [
        ({"traceparent": f"00-{TRACE}-{SPAN}-01"}, TRACE, TRACE),
        ({"traceparent": f"cc-{TRACE}-{SPAN}-00", "X-Amzn-Trace-Id": BALANCED}, TRACE, TRACE),
        ({"X-Amzn-Trace-Id": BALANCED, "X-Request-Id": "the-callers-own"}, "the-callers-own", None),
        (
            {"traceparent": f"00-{TRACE}-{SPAN}-01", "X-Request-Id": "the-callers-own"},
            "the-callers-own",
            TRACE,
        ),
        ({"X-Amzn-Trace-Id": BALANCED, "traceparent": "00-x-y-01"}, BALANCED, None),
    ],
)
def test_a_trace_that_the_caller_began_goes_on_in_the_log(
    shared_service: Service, lines: Any, headers: dict[str, str], request_id: str, trace_id: str | None
) -> None:
    answer = shared_service.browser(user=None).get("/api/me", headers=headers)
    (entry,) = [line for line in lines() if line["message"] == "request"]
    assert (entry["request_id"], entry.get("trace_id")) == (request_id, trace_id)
    assert answer.headers["x-request-id"] == request_id


@pytest.mark.parametrize(
    "broken",
    [
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-and-more",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        "",
    ],
)
def test_a_trace_that_is_none_is_left_out(shared_service: Service, lines: Any, broken: str) -> None:
    shared_service.browser(user=None).get("/api/me", headers={"traceparent": broken})
    (entry,) = [line for line in lines() if line["message"] == "request"]
    assert "trace_id" not in entry
    assert len(entry["request_id"]) == 32
    assert entry["request_id"] != TRACE


def test_logs_never_hold_a_secret_a_cookie_or_a_body(service: Service, lines: Any) -> None:
    browser = service.browser()
    token = browser.cookies["workbuoy_session"]
    thing = make_thing(browser, "title-of-the-customer", body="body-of-the-customer")
    attach(browser, thing["id"], b"content-of-the-customer", "name-of-the-customer")
    browser.get("/api/things", params={"search": "search-of-the-customer"})
    browser.post("/api/things", json={"title": 5, "body": "body-of-the-customer"})
    browser.get("/auth/callback?code=code-of-the-provider&state=x")
    browser.get("/nope/path-of-the-customer")
    password = service.settings.database.password or ""  # type: ignore[union-attr]
    text = json.dumps(lines())
    assert "/api/things" in text
    for forbidden in (token, "-of-the-customer", "-of-the-provider", password, "workbuoy_session"):
        assert forbidden not in text, forbidden


def test_a_change_names_its_member_by_a_hash_and_a_read_nobody(service: Service, lines: Any) -> None:
    browser = service.browser()
    path = f"/api/things/{make_thing(browser)['id']}"
    browser.get(path)
    browser.delete(path)
    told = [
        (line["method"], line.get("member"))
        for line in lines()
        if line.get("route", "").startswith("/api/things")
    ]
    assert [method for method, _ in told] == ["POST", "GET", "DELETE"]
    assert told[0][1] == told[2][1] is not None
    assert len(str(told[0][1])) == 16
    assert told[1][1] is None


def test_a_file_that_is_handed_out_names_its_member_and_itself(service: Service, lines: Any) -> None:
    browser = service.browser()
    thing = make_thing(browser)
    attachment = browser.post(
        f"/api/things/{thing['id']}/attachments", params={"name": "secret-name.txt"}, content=b"x"
    ).json()
    browser.get(f"/api/things/{thing['id']}/attachments/{attachment['id']}/content")
    told = lines()
    (handed_out,) = [line for line in told if line.get("object")]
    assert handed_out["object"] == f"database/{attachment['id']}"
    assert len(handed_out["member"]) == 16
    assert "secret-name" not in json.dumps(told)


def test_a_failure_logs_its_kind_and_place_but_not_its_words(lines: Any) -> None:
    def fail() -> None:
        raise ValueError("row contains (a customer's words)")

    try:
        fail()
    except ValueError:
        logging.getLogger("workbuoy").exception("something failed")
    (entry,) = lines()
    assert entry["level"] == "error"
    assert entry["error"] == "builtins.ValueError"
    assert any("test_observation.py" in place and "fail" in place for place in entry["trace"])
    assert "customer" not in json.dumps(entry)


def test_a_message_of_several_lines_stays_one_line(lines: Any) -> None:
    logging.getLogger("workbuoy").warning("one\ntwo\r\n{}")
    (entry,) = lines()
    assert entry["message"] == "one\ntwo\r\n{}"
    assert entry["level"] == "warn"


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("debug", ["debug", "info", "warn", "error"]),
        ("info", ["info", "warn", "error"]),
        ("warn", ["warn", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_decides_what_is_shown(
    capsys: pytest.CaptureFixture[str], level: str, shown: list[str]
) -> None:
    logs.configure(level)
    for write in (logs.log.debug, logs.log.info, logs.log.warning, logs.log.error):
        write("x")
    assert [json.loads(line)["level"] for line in capsys.readouterr().out.splitlines()] == shown


def test_debug_does_not_make_libraries_talk(lines: Any) -> None:
    """At debug they write credentials, signed addresses and bodies."""
    for name in ("botocore.auth", "httpx2", "psycopg", "urllib3", "asyncio"):
        logging.getLogger(name).debug("a secret")
        logging.getLogger(name).info("a secret")
    assert lines() == []


def scrape(port: int, path: str = "/metrics") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/plain")
        text: str = answer.read().decode()
        return text


@pytest.fixture
def metered(settings: Settings) -> Iterator[Service]:
    """A service with its metrics on a port of their own."""
    measured = dataclasses.replace(settings, metrics_enabled=True, metrics_port=free_port())
    with Service(measured) as running:
        yield running


def test_metrics_tell_requests_by_route_template(metered: Service) -> None:
    browser = metered.browser()
    thing = make_thing(browser)
    browser.get(f"/api/things/{thing['id']}")
    browser.get("/nope/1")
    browser.get("/nope/2")
    browser.request("BREW", "/api/things")
    text = scrape(metered.settings.metrics_port)
    assert 'route="/api/things/{thing_id}",status="200"' in text
    assert 'method="GET",route="unmatched",status="404"' in text
    assert "nope" not in text
    assert "BREW" not in text
    assert thing["id"] not in text


def test_metrics_tell_tenants_apart_by_id(metered: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics.REQUESTS, "_tenants", {})  # other tests' tenants may have taken all places
    browser = metered.browser()
    tenant_id = browser.get("/api/me").json()["tenant_id"]

    def count(outcome: str) -> float:
        line = rf'workbuoy_tenant_requests_total{{outcome="{outcome}",tenant="{tenant_id}"}} (\S+)'
        (found,) = re.findall(line, scrape(metered.settings.metrics_port))
        return float(found)

    answered, refused = count("answered"), count("refused")
    browser.get("/api/things/00000000-0000-7000-8000-000000000000")
    browser.get("/api/me")
    assert (count("answered"), count("refused")) == (answered + 1, refused + 1)
    assert f'workbuoy_tenant_request_seconds_total{{tenant="{tenant_id}"}}' in scrape(
        metered.settings.metrics_port
    )


def test_however_many_tenants_come_their_series_are_bounded() -> None:
    requests = RequestMetrics()
    for number in range(3 * MOST_TENANTS):
        requests.done_for(f"tenant-{number}", 200, 0.5)
    requests.done_for("tenant-0", 500, 0.5)
    text = "\n".join(requests.lines(openmetrics=False))
    labels = set(
        re.findall(r'workbuoy_tenant_requests_total{outcome="answered",tenant="(tenant-\d+|other)"', text)
    )
    assert len(labels) == MOST_TENANTS + 1
    assert 'workbuoy_tenant_requests_total{outcome="failed",tenant="tenant-0"} 1.0' in text
    assert f'workbuoy_tenant_request_seconds_total{{tenant="other"}} {MOST_TENANTS}.0' in text


def families(text: str, openmetrics: bool) -> list[Metric]:
    return list(openmetrics_families(text) if openmetrics else text_families(text))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("openmetrics", [False, True])
def test_requests_are_written_as_prometheus_reads_them(openmetrics: bool) -> None:
    """By the parsers of Prometheus's own client; the second is strict about names, order and exemplars."""
    requests = RequestMetrics()
    for seconds in (0.005, 0.0051, 0.3, 99):
        requests.done("GET", "/api/things", 200, seconds, "a-request-id")
    requests.done('"\\\n', "/api/things", 503, 0.1, "x" * 128)
    requests.done_for("acme", 200, 0.25)
    requests.done_for("acme", 404, 0.25)
    text = "\n".join(requests.lines(openmetrics=openmetrics)) + ("\n# EOF\n" if openmetrics else "\n")
    parse = openmetrics_families if openmetrics else text_families
    samples = {
        (one.name, *sorted(one.labels.items())): one for family in parse(text) for one in family.samples
    }
    got = ("method", "GET"), ("route", "/api/things"), ("status", "200")

    def of(name: str, *labels: tuple[str, str]) -> Any:
        return samples[name, *sorted(labels)]

    name = "workbuoy_http_request_duration_seconds"
    buckets = [
        of(f"{name}_bucket", ("le", bound), *got) for bound in ("0.005", "0.01", "0.25", "0.5", "+Inf")
    ]
    assert [one.value for one in buckets] == [1, 2, 2, 3, 4]
    assert of(f"{name}_count", *got).value == 4
    assert of(f"{name}_sum", *got).value == pytest.approx(99.3101)
    assert of("workbuoy_tenant_requests_total", ("outcome", "refused"), ("tenant", "acme")).value == 1
    assert of("workbuoy_tenant_request_seconds_total", ("tenant", "acme")).value == 0.5
    assert of(f"{name}_count", ("method", '"\\\n'), ("route", "/api/things"), ("status", "503")).value == 1
    examples = [one.exemplar and (one.exemplar.labels, one.exemplar.value) for one in buckets]
    named = {"request_id": "a-request-id"}
    wanted = [(named, 0.005), (named, 0.0051), None, (named, 0.3), (named, 99)]
    assert examples == (wanted if openmetrics else [None] * 5)


def ask_for(port: int, **headers: str) -> tuple[str, bytes]:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=headers)
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return str(answer.headers["content-type"]), answer.read()


def test_a_scraper_gets_the_format_and_the_packing_that_it_asks_for(metered: Service) -> None:
    """Prometheus asks for both; a request's id then leads from a slow bucket to its log line."""
    request_id = metered.browser().get("/api/me").headers["x-request-id"]
    port = metered.settings.metrics_port
    kind, packed = ask_for(
        port,
        Accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
        **{"Accept-Encoding": "gzip"},
    )
    assert kind.startswith("application/openmetrics-text")
    text = gzip.decompress(packed).decode()
    assert f'# {{request_id="{request_id}"}}' in text
    ours, mark, rest = text.partition(
        "# HELP workbuoy_build"
    )  # other tests' services are in this process too
    assert "workbuoy_http_request_duration_seconds" in {one.name for one in families(ours + "# EOF\n", True)}
    assert mark
    assert rest.endswith("# EOF\n")
    kind, plain = ask_for(port)
    assert kind.startswith("text/plain")
    assert b"request_id" not in plain
    assert "workbuoy_http_request_duration_seconds" in {one.name for one in families(plain.decode(), False)}


@pytest.mark.database
def test_metrics_tell_of_pool_storage_migrations_and_logins(metered: Service) -> None:
    browser = metered.browser()
    before = scrape(metered.settings.metrics_port)
    assert (
        'workbuoy_logins_total{outcome="unavailable"}' in before
    )  # without its 0 the first one would be no increase
    browser.post("/auth/mock", data={"subject": "stranger"})
    browser.get("/readyz")
    text = scrape(metered.settings.metrics_port)
    assert "workbuoy_database_pool_size 1.0" in text or "workbuoy_database_pool_size" in text
    assert f'workbuoy_build_info{{version="{__version__}"}} 1.0' in text
    assert "# TYPE workbuoy_database_connection_attempts_total counter" in text
    assert "_created" not in text
    assert 'workbuoy_logins_total{outcome="not a member"}' in text
    assert 'workbuoy_logins_total{outcome="success"}' in text
    assert "workbuoy_schema_at_head 1.0" in text
    assert "# TYPE workbuoy_storage_call_duration_seconds histogram" in text
    assert "process_resident_memory_bytes" in text


def test_metrics_count_storage_calls_and_their_failures(bucket_settings: Settings) -> None:
    measured = dataclasses.replace(bucket_settings, metrics_enabled=True, metrics_port=free_port())
    with Service(measured) as service:
        browser = service.browser()
        attach(browser, make_thing(browser)["id"], b"x")
        text = scrape(measured.metrics_port)
    assert 'workbuoy_storage_call_duration_seconds_count{operation="put",outcome="success"}' in text


def test_metrics_have_a_listener_of_their_own_and_are_not_on_the_services(metered: Service) -> None:
    assert metered.browser().get("/metrics").status_code == 404
    with pytest.raises(urllib.error.HTTPError, match="404"):
        scrape(metered.settings.metrics_port, "/api/things")


@pytest.mark.parametrize("nonsense", [b"", b"\0" * 100, b"GET", b"x" * 100_000])
def test_nonsense_on_the_metrics_port_harms_nothing(metered: Service, nonsense: bytes) -> None:
    with socket.create_connection(("127.0.0.1", metered.settings.metrics_port)) as connection:
        connection.sendall(nonsense)
    assert "workbuoy" in scrape(metered.settings.metrics_port)


def test_a_silent_scraper_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    from workbuoy_app import metrics_listener

    monkeypatch.setattr(metrics_listener, "REQUEST_TIMEOUT_SECONDS", 0.1)

    async def hang() -> bytes:
        port = free_port()
        server = await metrics_listener.listen("127.0.0.1", port)
        async with server:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            rest = await asyncio.wait_for(reader.read(), 3)
            writer.close()
            return rest

    assert asyncio.run(hang()) == b""


def test_health_checks_do_not_fill_the_log(
    shared_service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info")
    browser = shared_service.browser(user=None)
    browser.get("/healthz")
    browser.get("/readyz")
    assert capsys.readouterr().out == ""
