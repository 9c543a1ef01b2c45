"""Servers under measurement, and the load on them: shared by `service.py` and `watching.py`."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
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
from workbuoy_app.devtools.embedded_postgres import DATABASE, SUPERUSER, Postgres
from workbuoy_app.devtools.ports import free_port
from workbuoy_app.identifiers import new_id
from workbuoy_app.migrate import migrate
from workbuoy_app.registry import add_member, add_tenant
from workbuoy_app.settings import load

DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "max_connections=120")
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


def serve(postgres: Postgres) -> Server:
    """The service, without limits: one session asks for everybody."""
    port = free_port()
    own = {"DATABASE_URL": postgres.url(), "PORT": str(port), "METRICS_PORT": str(free_port())}
    own |= {"RATE_LIMIT_SESSION": "0", "RATE_LIMIT_TENANT": "0"}
    return Server([sys.executable, "-m", "workbuoy_app", "serve"], own, port)
