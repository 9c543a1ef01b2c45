"""Three rotations in the middle of traffic, every connection killed each time: no request is lost."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.test_openapi import token
from tests.test_process import MOCK, serving
from tests.test_rotation import Secret, secret  # noqa: F401 - a fixture
from workbuoy_app import registry
from workbuoy_app.api.auth import MOCK_ISSUER
from workbuoy_app.devtools.embedded_postgres import SUPERUSER, Postgres
from workbuoy_app.migrate import migrate
from workbuoy_app.settings import load

ROTATIONS = 3
LEAST_REQUESTS = 800  # a rotation comes after each quarter of them
CLIENTS = 8


def prepare(postgres: Postgres) -> None:
    """As a deployment does after the first rotation."""
    settings = load({"DATABASE_URL": postgres.url()})
    migrate(settings)
    registry.add_tenant(settings, "acme")
    registry.add_member(settings, "acme", MOCK_ISSUER, "acme-user")


def kill_connections(postgres: Postgres) -> int:
    """End every connection that a rotated login has open."""
    with psycopg.connect(postgres.url(SUPERUSER, "postgres")) as superuser:
        killed = superuser.execute(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename like 'workbuoy_app%'"
        ).fetchone()
    assert killed is not None
    return int(killed[0])


@pytest.mark.slow
def test_rotation_under_load_loses_no_request(
    secret: Secret,  # noqa: F811
    own_postgres: Postgres,
    moto: str,
    tmp_path: Path,
) -> None:
    first = secret.rotate()
    prepare(own_postgres)
    environment = {
        **{"RATE_LIMIT_SESSION": "0", "RATE_LIMIT_TENANT": "0"},  # one session asks for everybody
        "DATABASE_URL": own_postgres.address(),
        "DATABASE_SECRET_ID": secret.id,
        "AWS_ENDPOINT_URL": moto,
        "AWS_ACCESS_KEY_ID": os.environ["AWS_ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"],
        "AWS_REGION": "eu-west-1",
        **MOCK,
    }
    with serving(tmp_path / "log", **environment) as service:
        outcome = asyncio.run(Traffic(service.port, token(service.port)).during(secret, own_postgres))
        refreshed = [line for line in service.lines() if "login refreshed" in line["message"]]
    assert outcome["statuses"].keys() <= {200, 201}, outcome
    assert sum(outcome["statuses"].values()) >= LEAST_REQUESTS
    assert min(outcome["killed"]) >= 1
    assert refreshed, "the password in use was changed, so the service must have noticed"
    with psycopg.connect(own_postgres.url(SUPERUSER, "workbuoy")) as superuser:
        stored = superuser.execute("select count(*), count(distinct title) from things").fetchone()
    made = outcome["statuses"][201]
    assert stored == (made, made), "each accepted thing is stored once"
    assert secret.value() != first


class Traffic:
    """A few clients that list and insert until they are told to stop."""

    def __init__(self, port: int, cookie: str) -> None:
        self._port = port
        self._head = f"Host: x\r\nCookie: {cookie}\r\nOrigin: http://localhost:{port}\r\n"
        self._stopped = asyncio.Event()
        self.statuses: dict[int, int] = {}

    async def during(self, secret: Secret, postgres: Postgres) -> dict[str, Any]:  # noqa: F811
        clients = [asyncio.create_task(self._client(number)) for number in range(CLIENTS)]
        killed = []
        for number in range(ROTATIONS):
            await self._until((number + 1) * LEAST_REQUESTS // (ROTATIONS + 1))
            await asyncio.to_thread(secret.rotate)
            killed.append(await asyncio.to_thread(kill_connections, postgres))
        await self._until(LEAST_REQUESTS)
        self._stopped.set()
        await asyncio.gather(*clients)
        return {"statuses": self.statuses, "killed": killed}

    async def _until(self, requests: int) -> None:
        async with asyncio.timeout(60):
            while sum(self.statuses.values()) < requests:
                await asyncio.sleep(0.02)

    async def _client(self, number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        count = 0
        while not self._stopped.is_set():
            count += 1
            if count % 2:
                body = json.dumps({"title": f"{number}-{count}"}).encode()
                what = f"POST /api/things HTTP/1.1\r\n{self._head}Content-Type: application/json\r\n"
            else:
                body, what = b"", f"GET /api/things?limit=5 HTTP/1.1\r\n{self._head}"
            writer.write(f"{what}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            self.statuses[status] = self.statuses.get(status, 0) + 1
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]))
        writer.close()


@pytest.mark.slow
def test_the_service_waits_for_the_secrets_first_value(
    secret: Secret,  # noqa: F811
    own_postgres: Postgres,
    moto: str,
    tmp_path: Path,
) -> None:
    """It starts with an empty secret and becomes ready when rotation and migrate have run, without a restart."""
    import http.client
    import time

    environment = {
        "DATABASE_URL": own_postgres.address() + "?pool_timeout=1",
        "DATABASE_SECRET_ID": secret.id,
        "AWS_ENDPOINT_URL": moto,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "eu-west-1",
    }

    def ready(port: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/readyz")
        return connection.getresponse().status

    with serving(tmp_path / "log", wait_for="/healthz", **environment) as service:
        assert ready(service.port) == 503
        secret.rotate()
        prepare(own_postgres)
        deadline = time.monotonic() + 60
        while ready(service.port) != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
