"""Metrics of a running service, looked at again and again."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from rehearsal.service.ports import free_port
from rehearsal.service.watching import EVERY_SECONDS, Watcher, read

pytestmark = pytest.mark.lengthy

NAME = "workbuoy_http_request_duration_seconds"
TEXT = f"""\
# TYPE {NAME} histogram
{NAME}_bucket{{le="0.1",method="GET",route="/api/things",status="200"}} 3.0
{NAME}_bucket{{le="+Inf",method="GET",route="/api/things",status="200"}} 4.0
{NAME}_count{{method="GET",route="/api/things",status="200"}} 4.0
{NAME}_bucket{{le="0.1",method="GET",route="/api/me",status="503"}} 0.0
{NAME}_bucket{{le="+Inf",method="GET",route="/api/me",status="503"}} 2.0
{NAME}_count{{method="GET",route="/api/me",status="503"}} 2.0
{NAME}_count{{method="GET",route="/healthz",status="200"}} 50.0
workbuoy_database_pool_size 3.0
workbuoy_database_connections_lost_total 1.0
process_resident_memory_bytes 5e+07
"""


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(TEXT.encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(port: int) -> Iterator[None]:
    server = HTTPServer(("127.0.0.1", port), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_exposition_is_read_and_health_checks_are_left_out() -> None:
    found = read(TEXT, 1.5)
    assert (found.at, found.requests, found.failed) == (1.5, 6, 2)
    assert found.buckets == {0.1: 3, float("inf"): 6}
    assert found.pool == {"pool_size": 3, "connections_lost_total": 1}


def test_a_service_is_watched_from_start_to_stop_and_a_look_that_fails_is_left_out() -> None:
    port = free_port()
    watcher = Watcher(port)
    with serving(port):
        watcher.start()
        watcher.mark("something begins")
        while len(watcher.seen().scrapes) < 3:
            time.sleep(0.01)
    time.sleep(1.2 * EVERY_SECONDS)  # at least one look finds nobody
    watcher.stop()
    watcher.stop()
    seen = watcher.seen()
    assert [one.at for one in seen.scrapes] == sorted(one.at for one in seen.scrapes)
    assert [what for _, what in seen.marks] == ["something begins"]
    time.sleep(1.2 * EVERY_SECONDS)
    assert watcher.seen() == seen


def test_each_mark_and_the_end_are_looked_at_however_seldom_the_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rehearsal.service.watching.EVERY_SECONDS", 600.0)
    port = free_port()
    watcher = Watcher(port)

    def seen(number: int) -> bool:
        deadline = time.monotonic() + 300
        while len(watcher.seen().scrapes) < number and time.monotonic() < deadline:
            time.sleep(0.01)
        return len(watcher.seen().scrapes) == number

    with serving(port):
        watcher.start()
        assert seen(1)
        watcher.mark("something begins")
        assert seen(2)
        watcher.stop()
    assert seen(3)
