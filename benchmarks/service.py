"""The service beside the same endpoints as the FastAPI full-stack template writes them, and by an async driver.

The two by an async driver are one program: the `secured peer` declares its session to the database as the service does
and acts in its group, so that row-level security judges both alike; the others ask as a superuser, whom no policy
concerns. Bounds are held against the strongest of the three.

Same Postgres (which waits for the disk: fsync is on), same tables, triggers included, same machine, one run, one worker
each; they take turns at every number of connections, and the medians count. Then what each holds in memory after many
requests, and how much slower one tenant's list gets while others are hostile, beside calm turns in between.
Run it with `make -C app bench`, or `app/.venv/bin/python benchmarks/service.py [--seconds 4] [--rounds 3]
[--memory-requests 200000] [--connections 1,8,16,64,256] [--json]`. Exit 3 where a bound does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import itertools
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
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from workbuoy_app import metrics
from workbuoy_app.devtools.embedded_postgres import DATABASE, SUPERUSER, Postgres, running
from workbuoy_app.identifiers import new_id
from workbuoy_app.migrate import migrate
from workbuoy_app.registry import add_member, add_tenant
from workbuoy_app.settings import load

# Of the stronger peer's requests from 8 connections on, and at 1; p99 at 64 of p50; memory of the template's; seconds.
# Memory after many requests of before; p99 of a list beside another tenant's twelve searches.
MOST_GROWTH, MOST_BESIDE_MS = 1.1, 250
LEAST_SPEED, LEAST_SPEED_ALONE, MOST_SPREAD, MOST_MEMORY, MOST_START_SECONDS = 2.0, 1.0, 4.0, 0.9, 1.5
MOST_FOR_METRICS = {"metrics, us a request": 5.0, "scrape of 100 tenants, ms": 10.0, "scrape of 100 tenants, kB": 60.0}
PEER = Path(__file__).parents[1] / "app" / "benchmarks"
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "max_connections=120")
PEERS = {
    "peer": ("template_peer:app", {}),
    "async peer": ("async_peer:app", {}),
    "secured peer": ("async_peer:app", {"PEER_SECURED": "1"}),
}
THINGS = 2_000
TOKEN, OTHER = "benchmark-token-0123456789abcdefghijklmnop", "benchmark-token-of-another-tenant-0123456789"
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
            if refused and not head.startswith((b"HTTP/1.1 50", b"HTTP/1.1 429")):
                raise SystemExit(f"refused: {head!r}")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
            await reader.readexactly(length)
            if not refused:
                times.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(connections)))
    elapsed = time.perf_counter() - began
    if len(times) < 2:
        return len(times) / elapsed, seconds * 1000, seconds * 1000
    return len(times) / elapsed, statistics.median(times) * 1000, statistics.quantiles(times, n=100)[98] * 1000


def request(method: str, port: int, body: bytes = b"", path: str = "/api/things", token: str = TOKEN) -> bytes:
    head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Cookie: workbuoy_session={token}"]
    if body:
        head += [f"Origin: http://localhost:{port}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


REQUESTS = {
    "list": lambda port: request("GET", port),
    "insert": lambda port: request("POST", port, json.dumps(THING).encode()),
}


_turns = itertools.count()


def measure(servers: dict[str, Server], ladder: list[int], seconds: float) -> dict[str, dict[str, float]]:
    """One round: list, then insert, each at every number of connections, each server in turn."""
    numbers: dict[str, dict[str, float]] = {name: {} for name in servers}
    for what in ("list", "insert"):
        for connections in ladder:
            order = list(servers.items())
            turn = next(_turns) % len(order)
            for name, server in order[turn:] + order[:turn]:  # nobody always comes after the same one
                asked = REQUESTS[what](server.port)
                asyncio.run(load_on(server.port, asked, seconds / 8, connections))
                before, at = server.cpu_seconds(), f"{what} at {connections}"
                rate, usual, slow = asyncio.run(load_on(server.port, asked, seconds, connections))
                numbers[name] |= {f"{at}: requests/s": rate, f"{at}: p50 ms": usual, f"{at}: p99 ms": slow}
                spent = server.cpu_seconds() - before
                numbers[name][f"{at}: CPU us"] = spent / max(rate * seconds, 1) * 1e6
    return numbers


def memory_after(server: Server, requests: int) -> dict[str, float]:
    """Memory before and after so many lists, at 16 connections."""
    before, done = server.memory_mb(), 0.0
    while done < requests:
        rate, *_ = asyncio.run(load_on(server.port, REQUESTS["list"](server.port), 5, 16))
        done += rate * 5
    return {"memory before MB": before, f"memory after {requests} requests MB": server.memory_mb()}


async def beside(server: Server, hostile: Callable[[], Awaitable[object]], seconds: float) -> dict[str, float]:
    """p50 and p99 of one calm client, of hostile times as so many of the calm ones: turns of both, one by one."""
    times: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(6):
        raging = bool(turn % 2)
        task = asyncio.ensure_future(hostile()) if raging else None
        await asyncio.sleep(0.5)
        _, usual, slow = await load_on(server.port, REQUESTS["list"](server.port), seconds / 3, 1)
        times[raging].append(usual)
        times[raging].append(slow)
        if task:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    calm, raged = ((statistics.median(each[::2]), statistics.median(each[1::2])) for each in times.values())
    return {"p50, of calm": raged[0] / calm[0], "p99, of calm": raged[1] / calm[1], "p99 ms": raged[1]}


def hostile(server: Server, seconds: float) -> dict[str, float]:
    """Another tenant that searches on twelve connections, and 300 heads that nobody finishes."""
    search = request("GET", server.port, path="/api/things?search=usual%20wor%20siz", token=OTHER)

    async def searches() -> None:
        await load_on(server.port, search, 3600, 12)

    async def heads() -> None:
        opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(300)]
        try:
            for _, writer in opened:
                writer.write(b"GET / HTTP/1.1\r\nHo")
            await asyncio.sleep(3600)
        finally:
            for _, writer in opened:
                writer.close()

    found = {}
    for name, what in (("twelve searches of another tenant", searches), ("300 unfinished heads", heads)):
        numbers = asyncio.run(beside(server, what, seconds))
        found |= {f"beside {name}: {key}": value for key, value in numbers.items()}
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(which: str, postgres: Postgres) -> Server:
    port = free_port()
    if which in PEERS:
        module, environment = PEERS[which]
        command = [sys.executable, "-m", "uvicorn", module, "--port", str(port)]
        environment = environment | {"PEER_DATABASE_URL": postgres.url(SUPERUSER), "PYTHONPATH": str(PEER)}
        return Server(command, environment, port)
    environment = {"DATABASE_URL": postgres.url(), "PORT": str(port), "METRICS_PORT": str(free_port())}
    environment |= {"RATE_LIMIT_SESSION": "0", "RATE_LIMIT_TENANT": "0"}  # one session asks for everybody
    return Server([sys.executable, "-m", "workbuoy_app", "serve"], environment, port)


def fill(postgres: Postgres) -> None:
    """One tenant with things and a session, one more tenant with as many."""
    settings = load({"DATABASE_URL": postgres.url()})
    migrate(settings)
    tenants = [add_tenant(settings, name) for name in ("one", "other")]
    members = [add_member(settings, name, "benchmark", f"of {name}") for name in ("one", "other")]
    now = datetime.now(UTC)
    with psycopg.connect(postgres.url(SUPERUSER, DATABASE)) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into sessions values (%s, %s, %s, %s, %s, %s)",
            [
                (hashlib.sha256(token.encode()).hexdigest(), tenant, member, now, now, now + timedelta(days=1))
                for token, tenant, member in zip((TOKEN, OTHER), tenants, members, strict=True)
            ],
        )
        cursor.executemany(
            "insert into things values (%s, %s, %s, %s, %s, %s, %s)",
            [(tenant, new_id(), *THING.values(), now, now) for tenant in tenants for _ in range(THINGS)],
        )
        cursor.execute("analyze things")


def compare(seconds: float, rounds: int, ladder: list[int], requests: int) -> dict[str, dict[str, float]]:
    """Medians of all rounds, by server."""
    with running(settings=DURABLE) as postgres:
        fill(postgres)
        found: dict[str, list[dict[str, float]]] = {"service": [], **{name: [] for name in PEERS}}
        for which in found:
            start(which, postgres).stop()  # byte code and the page cache are warm from here on
        once: dict[str, dict[str, float]] = {}
        for number in range(rounds):
            servers = {name: start(name, postgres) for name in found}
            try:
                numbers = measure(servers, ladder, seconds)
                for name, server in servers.items():
                    found[name].append({"start to ready s": server.start_seconds, **numbers[name]})
                    if number == rounds - 1:
                        once[name] = memory_after(server, requests)
                if number == rounds - 1:
                    once["service"] |= hostile(servers["service"], seconds)
            finally:
                for server in servers.values():
                    server.stop()
    return {
        name: {key: statistics.median(each[key] for each in runs) for key in runs[0]} | once[name]
        for name, runs in found.items()
    }


def cost_of_metrics(requests: int = 200_000, tenants: int = 100) -> dict[str, float]:
    """What counting a request costs, and a scrape once many tenants have come by ten routes with four statuses each."""
    ids, counted = [f"0198c1e2-1111-7abc-8def-{number:012d}" for number in range(tenants)], metrics.REQUESTS
    for status in (200, 404, 429, 503):
        for route in range(10):
            counted.done("GET", f"/api/things/{{thing_id}}/{route}", status, 0.01, ids[0])
    began = time.perf_counter()
    for number in range(requests):
        metrics.IN_PROGRESS.inc()
        counted.done("GET", "/api/things", 200, 0.01, ids[0])
        counted.done_for(ids[number % tenants], 200, 0.01)
        metrics.IN_PROGRESS.dec()
    each = (time.perf_counter() - began) / requests
    times = []
    for _ in range(20):
        began = time.perf_counter()
        body = gzip.compress(metrics.exposition(openmetrics=True), compresslevel=1)
        times.append(time.perf_counter() - began)
    return {
        "metrics, us a request": each * 1e6,
        "scrape of 100 tenants, ms": statistics.median(times) * 1e3,
        "scrape of 100 tenants, kB": len(body) / 1e3,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load for each number")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory-requests", type=int, default=200_000)
    parser.add_argument("--connections", default="1,8,16,64,256", help="how many at once, one after the other")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    ladder = [int(each) for each in options.connections.split(",")]
    found = compare(options.seconds, options.rounds, ladder, options.memory_requests)
    ours = found["service"]
    bounds: dict[str, tuple[float, str, float]] = {}
    for name in ("list", "insert"):
        for connections in ladder:
            key = f"{name} at {connections}: requests/s"
            least = LEAST_SPEED if connections >= 8 else LEAST_SPEED_ALONE
            bounds[f"{name} at {connections}, times"] = (ours[key] / max(found[p][key] for p in PEERS), ">=", least)
        if 64 in ladder:
            spread = ours[f"{name} at 64: p99 ms"] / ours[f"{name} at 64: p50 ms"]
            bounds[f"{name} at 64, p99 of p50"] = (spread, "<=", MOST_SPREAD)
    after = f"memory after {options.memory_requests} requests MB"
    memory = ours[after] / found["peer"][after]
    bounds["memory after all, of before"] = (ours[after] / ours["memory before MB"], "<=", MOST_GROWTH)
    raging = ours["beside twelve searches of another tenant: p99 ms"]
    bounds["p99 beside searches, ms"] = (raging, "<=", MOST_BESIDE_MS)
    bounds["memory, of the peer's"] = (memory, "<=", MOST_MEMORY)
    counting = cost_of_metrics()
    bounds |= {name: (counting[name], "<=", most) for name, most in MOST_FOR_METRICS.items()}
    bounds["start to ready, s"] = (ours["start to ready s"], "<=", MOST_START_SECONDS)
    kept = {name: value >= bound if sign == ">=" else value <= bound for name, (value, sign, bound) in bounds.items()}
    if options.json:
        print(json.dumps({"measured": found, "bounds": bounds, "kept": kept}, indent=2))
    else:
        print(f"{'':56}" + "".join(f"{name:>22}" for name in found))
        for key in ours:
            print(f"{key:56}" + "".join(f"{numbers.get(key, float('nan')):22.2f}" for numbers in found.values()))
        for name, (value, sign, bound) in bounds.items():
            print(f"{name:26} {value:6.2f}  {sign} {bound}  {'kept' if kept[name] else 'BROKEN'}")
    return 0 if all(kept.values()) else 3


if __name__ == "__main__":
    sys.exit(main())
