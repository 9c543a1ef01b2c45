"""The service beside the same endpoints written as the FastAPI full-stack template writes them.

Same Postgres, same tables, same machine, one run, one worker each; the two take turns, and the medians count.
Run it with `make -C app bench`, or `app/.venv/bin/python benchmarks/service.py [--seconds 4] [--rounds 3] [--json]`.
Exit 3 where a bound does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from workbuoy_app.devtools.embedded_postgres import DATABASE, SUPERUSER, Postgres, running
from workbuoy_app.identifiers import new_id
from workbuoy_app.migrate import migrate
from workbuoy_app.registry import add_member, add_tenant
from workbuoy_app.settings import load

LEAST_SPEED, MOST_MEMORY, MOST_START_SECONDS = 1.8, 0.8, 1.5
PEER = Path(__file__).parents[1] / "app" / "benchmarks"
CONNECTIONS = 16
THINGS = 2_000
TOKEN = "benchmark-token-0123456789abcdefghijklmnop"
THING = {"title": "A thing of the usual size", "body": "Words " * 20, "status": "open"}


class Server:
    """A process under measurement."""

    def __init__(self, command: list[str], environment: dict[str, str], port: int) -> None:
        self.port = port
        self.log = tempfile.NamedTemporaryFile()  # noqa: SIM115 - closed in `stop`
        began = time.perf_counter()
        self.process = subprocess.Popen(
            command, env=os.environ | environment, stdout=self.log, stderr=subprocess.STDOUT
        )
        while not self._ready():
            if self.process.poll() is not None or time.perf_counter() - began > 20:
                raise SystemExit(f"did not start: {Path(self.log.name).read_text()[-2000:]}")
            time.sleep(0.005)
        self.start_seconds = time.perf_counter() - began

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def memory_mb(self) -> float:
        """Memory of this process alone, shared pages counted in part."""
        for line in Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


async def load_on(port: int, request: bytes, seconds: float) -> tuple[float, float]:
    """Ask again and again on a few connections; gives requests a second and the 99th percentile in ms."""
    times: list[float] = []
    until = time.perf_counter() + seconds

    async def ask() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := time.perf_counter()) < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
                raise SystemExit(f"refused: {head!r}")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
            await reader.readexactly(length)
            times.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    elapsed = time.perf_counter() - began
    return len(times) / elapsed, statistics.quantiles(times, n=100)[98] * 1000


def request(method: str, port: int, body: bytes = b"") -> bytes:
    head = [f"{method} /api/things HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Cookie: workbuoy_session={TOKEN}"]
    if body:
        head += [f"Origin: http://localhost:{port}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def measure(server: Server, seconds: float) -> dict[str, float]:
    """One round on one server: list, then insert."""
    numbers: dict[str, float] = {}
    for name, what in (
        ("list", request("GET", server.port)),
        ("insert", request("POST", server.port, json.dumps(THING).encode())),
    ):
        asyncio.run(load_on(server.port, what, 0.5))
        before = server.cpu_seconds()
        rate, slow = asyncio.run(load_on(server.port, what, seconds))
        numbers[f"{name} requests/s"] = rate
        numbers[f"{name} p99 ms"] = slow
        numbers[f"{name} CPU us"] = (server.cpu_seconds() - before) / (rate * seconds) * 1e6
    return numbers


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(which: str, postgres: Postgres) -> Server:
    port = free_port()
    if which == "peer":
        command = [sys.executable, "-m", "uvicorn", "template_peer:app", "--port", str(port)]
        environment = {"PEER_DATABASE_URL": postgres.url(SUPERUSER), "PYTHONPATH": str(PEER)}
        return Server(command, environment, port)
    environment = {"DATABASE_URL": postgres.url(), "PORT": str(port), "METRICS_PORT": str(free_port())}
    return Server([sys.executable, "-m", "workbuoy_app", "serve"], environment, port)


def fill(postgres: Postgres) -> None:
    """One tenant with things and a session, one more tenant with as many."""
    settings = load({"DATABASE_URL": postgres.url()})
    migrate(settings)
    tenants = [add_tenant(settings, name) for name in ("one", "other")]
    member = add_member(settings, "one", "benchmark", "someone")
    now = datetime.now(UTC)
    with psycopg.connect(postgres.url(SUPERUSER, DATABASE)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into sessions values (%s, %s, %s, %s, %s, %s)",
            [hashlib.sha256(TOKEN.encode()).hexdigest(), tenants[0], member, now, now, now + timedelta(days=1)],
        )
        cursor.executemany(
            "insert into things values (%s, %s, %s, %s, %s, %s, %s)",
            [(tenant, new_id(), *THING.values(), now, now) for tenant in tenants for _ in range(THINGS)],
        )
        cursor.execute("analyze things")


@contextlib.contextmanager
def without_row_level_security(postgres: Postgres) -> Iterator[None]:
    def switch(how: str) -> None:
        with psycopg.connect(postgres.url(SUPERUSER, DATABASE)) as connection:
            for table in ("things", "sessions"):
                connection.execute(f"alter table {table} {how} row level security")

    switch("disable")
    try:
        yield
    finally:
        switch("enable")


def compare(seconds: float, rounds: int) -> dict[str, dict[str, float]]:
    """Medians of all rounds, by server."""
    with running() as postgres:
        fill(postgres)
        found: dict[str, list[dict[str, float]]] = {"service": [], "peer": [], "service without RLS": []}
        for which in ("service", "peer"):
            start(which, postgres).stop()  # byte code and the page cache are warm from here on
        for _ in range(rounds):
            for name in found:
                bare = without_row_level_security(postgres) if "without" in name else contextlib.nullcontext()
                with bare:
                    server = start("peer" if name == "peer" else "service", postgres)
                    try:
                        numbers = {"start to ready s": server.start_seconds, **measure(server, seconds)}
                        numbers["memory after load MB"] = server.memory_mb()
                    finally:
                        server.stop()
                found[name].append(numbers)
    return {
        name: {key: statistics.median(each[key] for each in runs) for key in runs[0]} for name, runs in found.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load for each number")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = compare(options.seconds, options.rounds)
    ours, peers = found["service"], found["peer"]
    bounds = {
        "list, times the peer's": (ours["list requests/s"] / peers["list requests/s"], ">=", LEAST_SPEED),
        "insert, times the peer's": (ours["insert requests/s"] / peers["insert requests/s"], ">=", LEAST_SPEED),
        "memory, of the peer's": (ours["memory after load MB"] / peers["memory after load MB"], "<=", MOST_MEMORY),
        "start to ready, s": (ours["start to ready s"], "<=", MOST_START_SECONDS),
    }
    kept = {name: value >= bound if sign == ">=" else value <= bound for name, (value, sign, bound) in bounds.items()}
    if options.json:
        print(json.dumps({"measured": found, "bounds": bounds, "kept": kept}, indent=2))
    else:
        print(f"{'':24}" + "".join(f"{name:>22}" for name in found))
        for key in ours:
            print(f"{key:24}" + "".join(f"{numbers[key]:22.2f}" for numbers in found.values()))
        for name, (value, sign, bound) in bounds.items():
            print(f"{name:26} {value:6.2f}  {sign} {bound}  {'kept' if kept[name] else 'BROKEN'}")
    return 0 if all(kept.values()) else 3


if __name__ == "__main__":
    sys.exit(main())
