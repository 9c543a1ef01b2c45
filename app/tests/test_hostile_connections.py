"""Connections that nobody should open: unfinished heads, endless ones, bodies that trickle, answers nobody reads.

Against a process of its own. A calm client is served meanwhile, each time on a new connection.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_openapi import token
from tests.test_process import MOCK, Process, serving
from workbuoy_app import connections

pytestmark = pytest.mark.slow  # each starts servers of its own


@pytest.fixture(scope="module")
def served(postgres: object, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One process for all of these."""
    from workbuoy_app.devtools.embedded_postgres import OWNER, SUPERUSER, Postgres

    assert isinstance(postgres, Postgres)
    import psycopg

    with psycopg.connect(postgres.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(f"create database hostile template {migrated} owner {OWNER}")
    log = tmp_path_factory.mktemp("hostile") / "log"
    with serving(log, DATABASE_URL=postgres.url(database="hostile"), **MOCK) as process:
        yield process


def memory_bytes(process: Process) -> int:
    """Resident memory of the service."""
    for line in Path(f"/proc/{process.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError


def assert_served(process: Process, cookie: str, times: int = 60) -> None:
    """A logged-in client gets its list, each time on a new connection; how fast, a loaded machine decides."""
    for _ in range(times):
        connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=60)
        connection.request("GET", "/api/things", headers={"Cookie": cookie})
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
        connection.close()


def connected(process: Process, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", process.port), timeout=60)
    connection.sendall(sent)
    return connection


def open_ones(those: list[socket.socket]) -> int:
    """How many the service has not closed."""
    left = 0
    for each in those:
        each.setblocking(False)
        try:
            left += each.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            left += 1
        except OSError:
            pass
        each.setblocking(True)
    return left


def test_a_head_without_end_is_refused_at_its_limit(served: Process) -> None:
    before = memory_bytes(served)
    connection = connected(served, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Endless: ")
    sent = 0
    with contextlib.suppress(OSError):
        while sent < 64 * 1024 * 1024:
            connection.sendall(b"x" * 65536)
            sent += 65536
    assert sent < 16 * 1024 * 1024, "the kernel's buffers take some"
    assert memory_bytes(served) - before < 8 * 1024 * 1024


def test_a_large_head_is_431_and_a_usual_one_is_served(served: Process) -> None:
    for size, status in ((1_000_000, b"431"), (8_000, b"200")):
        connection = connected(served, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ")
        with contextlib.suppress(OSError):
            for _ in range(size // 1000):
                connection.sendall(b"x" * 1000)
                time.sleep(0.001)
            connection.sendall(b"\r\n\r\n")
        assert connection.recv(100).split()[1] == status
        connection.close()


def test_unfinished_heads_neither_shut_others_out_nor_stay(served: Process) -> None:
    cookie = token(served.port)
    those = [connected(served, b"GET / HTTP/1.1\r\nHo") for _ in range(400)]
    time.sleep(connections.YOUNG_SECONDS + 0.2)  # until then they may be a crowd that has just arrived
    assert_served(served, cookie)
    assert open_ones(those) <= connections.MOST_HALF_OPEN, "the oldest made room"
    time.sleep(connections.HEAD_SECONDS + 1)
    assert open_ones([each for each in those if each.fileno() >= 0]) == len(_told(those)), "408, then closed"
    for each in those:
        each.close()


def _told(those: list[socket.socket]) -> list[socket.socket]:
    """Those that got an answer, which waits to be read before the end."""
    found = []
    for each in those:
        each.setblocking(False)
        with contextlib.suppress(OSError):
            if each.recv(100, socket.MSG_PEEK).startswith(b"HTTP/1.1 408"):
                found.append(each)
    return found


def test_bodies_that_trickle_make_room_for_those_that_come(served: Process) -> None:
    cookie = token(served.port)
    head = (
        f"POST /api/things HTTP/1.1\r\nHost: x\r\nOrigin: http://localhost:{served.port}\r\n"
        "Cookie: workbuoy_session=x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    )
    those = [connected(served, head.encode() + b"{") for _ in range(400)]
    assert_served(served, cookie)
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    headers = {
        "Cookie": cookie,
        "Origin": f"http://localhost:{served.port}",
        "Content-Type": "application/json",
    }
    connection.request("POST", "/api/things", b'{"title": "of a calm client"}', headers)
    assert connection.getresponse().status == 201
    told = sum(each.recv(12) == b"HTTP/1.1 408" for each in those[:100])
    assert told == 100, "the oldest were given up"
    for each in those:
        each.close()


def test_idle_connections_are_bounded(served: Process) -> None:
    those = []
    for _ in range(connections.MOST_IDLE + 50):
        connection = connected(served, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while not answer.endswith(b"}"):
            answer += connection.recv(4096)
        those.append(connection)
    for _ in range(50):
        if open_ones(those) <= connections.MOST_IDLE:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("too many stay")
    assert open_ones(those[-100:]) == 100, "the oldest made room"
    for each in those:
        each.close()


def test_pipelined_requests_are_answered_in_order(served: Process) -> None:
    connection = connected(served, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
    answers = b""
    while answers.count(b"HTTP/1.1 200") < 20:
        piece = connection.recv(65536)
        assert piece
        answers += piece
    connection.close()
