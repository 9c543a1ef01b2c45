"""The service beside the same endpoints as the FastAPI full-stack template writes them, and by an async driver.

Same Postgres (which waits for the disk: fsync is on), same tables, triggers included, same machine, one run, one worker
each; they take turns at every number of connections, and the medians count.
Run it with `make -C app bench`, or `app/.venv/bin/python benchmarks/service.py [--seconds 4] [--rounds 3] [--json]`.
Exit 3 where a bound does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
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
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from workbuoy_app.devtools.embedded_postgres import DATABASE, SUPERUSER, Postgres, running
from workbuoy_app.identifiers import new_id
from workbuoy_app.migrate import migrate
from workbuoy_app.registry import add_member, add_tenant
from workbuoy_app.settings import load

# Of the stronger peer's requests from 8 connections on, and at 1; p99 at 64 of p50; memory of the template's; seconds.
LEAST_SPEED, LEAST_SPEED_ALONE, MOST_SPREAD, MOST_MEMORY, MOST_START_SECONDS = 2.0, 1.0, 4.0, 0.9, 1.5
PEER = Path(__file__).parents[1] / "app" / "benchmarks"
LADDER = (1, 8, 16, 64, 256)
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "max_connections=100")
PEERS = {"peer": "template_peer:app", "async peer": "async_peer:app"}
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


async def load_on(port: int, request: bytes, seconds: float, connections: int) -> tuple[float, float, float]:
    """Ask again and again on so many connections; gives requests a second, the median and the 99th percentile in ms.

    Only what is answered by 200 or 201 counts.
    """
    times: list[float] = []
    until = time.perf_counter() + seconds

    async def ask() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := time.perf_counter()) < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            refused = not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201"))
            if refused and not head.startswith(b"HTTP/1.1 50"):
                raise SystemExit(f"refused: {head!r}")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
            await reader.readexactly(length)
            if not refused:
                times.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(connections)))
    elapsed = time.perf_counter() - began
    return len(times) / elapsed, statistics.median(times) * 1000, statistics.quantiles(times, n=100)[98] * 1000


def request(method: str, port: int, body: bytes = b"") -> bytes:
    head = [f"{method} /api/things HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Cookie: workbuoy_session={TOKEN}"]
    if body:
        head += [f"Origin: http://localhost:{port}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def measure(server: Server, seconds: float) -> dict[str, float]:
    """One round on one server: list, then insert, each at every number of connections."""
    numbers: dict[str, float] = {}
    for name, what in (
        ("list", request("GET", server.port)),
        ("insert", request("POST", server.port, json.dumps(THING).encode())),
    ):
        asyncio.run(load_on(server.port, what, 0.5, 16))
        for connections in LADDER:
            before = server.cpu_seconds()
            rate, usual, slow = asyncio.run(load_on(server.port, what, seconds, connections))
            at = f"{name} at {connections}"
            numbers[f"{at}: requests/s"] = rate
            numbers[f"{at}: p50 ms"], numbers[f"{at}: p99 ms"] = usual, slow
            numbers[f"{at}: CPU us"] = (server.cpu_seconds() - before) / (rate * seconds) * 1e6
    return numbers


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(which: str, postgres: Postgres) -> Server:
    port = free_port()
    if which in PEERS:
        command = [sys.executable, "-m", "uvicorn", PEERS[which], "--port", str(port)]
        environment = {"PEER_DATABASE_URL": postgres.url(SUPERUSER), "PYTHONPATH": str(PEER)}
        return Server(command, environment, port)
    environment = {"DATABASE_URL": postgres.url(), "PORT": str(port), "METRICS_PORT": str(free_port())}
    environment |= {"RATE_LIMIT_SESSION": "0", "RATE_LIMIT_TENANT": "0"}  # one session asks for everybody
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


def compare(seconds: float, rounds: int) -> dict[str, dict[str, float]]:
    """Medians of all rounds, by server."""
    with running(settings=DURABLE) as postgres:
        fill(postgres)
        found: dict[str, list[dict[str, float]]] = {"service": [], **{name: [] for name in PEERS}}
        for which in found:
            start(which, postgres).stop()  # byte code and the page cache are warm from here on
        for _ in range(rounds):
            for name in found:
                server = start(name, postgres)
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
    ours = found["service"]
    bounds: dict[str, tuple[float, str, float]] = {}
    for name in ("list", "insert"):
        for connections in LADDER:
            key = f"{name} at {connections}: requests/s"
            least = LEAST_SPEED if connections >= 8 else LEAST_SPEED_ALONE
            bounds[f"{name} at {connections}, times"] = (ours[key] / max(found[p][key] for p in PEERS), ">=", least)
        spread = ours[f"{name} at 64: p99 ms"] / ours[f"{name} at 64: p50 ms"]
        bounds[f"{name} at 64, p99 of p50"] = (spread, "<=", MOST_SPREAD)
    memory = ours["memory after load MB"] / found["peer"]["memory after load MB"]
    bounds["memory, of the peer's"] = (memory, "<=", MOST_MEMORY)
    bounds["start to ready, s"] = (ours["start to ready s"], "<=", MOST_START_SECONDS)
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
