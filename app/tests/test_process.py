"""The commands as a container runs them: serve, migrate, health, tenant, member; signals; start and stop."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

import workbuoy_app
from tests.test_forks import PATIENCE_SECONDS, Server
from workbuoy_app import rotation
from workbuoy_app.devtools import servers
from workbuoy_app.devtools.embedded_postgres import SUPERUSER, Postgres
from workbuoy_app.devtools.ports import free_port

pytestmark = pytest.mark.slow  # each starts servers of its own

APP = [sys.executable, "-m", "workbuoy_app"]
MOCK = {"OIDC_DEV_MOCK": "1"}
Forked = Callable[..., subprocess.CompletedProcess[str]]


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one to its end."""
    return subprocess.run(
        [*APP, *arguments], env=clean() | environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture(scope="module")
def forked() -> Iterator[Forked]:
    """As `command`, by forks of one process, which do what the entry point does (test_forks.py)."""
    server = Server(Path(workbuoy_app.__file__).parents[1])
    yield lambda *arguments, **environment: server.complete(arguments, clean() | environment)
    server.control.close()
    assert server.process.wait(PATIENCE_SECONDS) == 0


def clean() -> dict[str, str]:
    """The environment without settings."""
    ours = ("DATABASE_", "S3_", "OIDC_", "NODE_ENV", "PORT", "METRICS_", "PUBLIC_URL", "LOG_LEVEL", "TLS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


class Process:
    """A service in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, metrics_port: int, log: Path) -> None:
        self.process, self.port, self.metrics_port, self.log = process, port, metrics_port, log

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def serving(
    log: Path, wait_for: str = "/readyz", package: str | None = None, **environment: str
) -> Iterator[Process]:
    """Serve until the block ends; `package` is the folder of another release's package."""
    port, metrics_port = free_port(), free_port()
    settings = {"PORT": str(port), "METRICS_PORT": str(metrics_port), **environment}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*APP, "serve"], env=clean() | settings, cwd=package, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        servers.wait_until_answers(f"http://127.0.0.1:{port}{wait_for}", process)
        yield Process(process, port, metrics_port, log)
    finally:
        if process.poll() is None:
            servers.stop(process)


def test_all_problems_are_reported_at_once_and_the_exit_status_is_one() -> None:
    outcome = command("serve", NODE_ENV="production", OIDC_DEV_MOCK="1", S3_BUCKET="b", LOG_LEVEL="loud")
    assert outcome.returncode == 1
    assert outcome.stdout == ""
    told = outcome.stderr
    for name in ("OIDC_DEV_MOCK", "S3_REGION", "LOG_LEVEL", "DATABASE_URL", "PUBLIC_URL"):
        assert name in told
    assert "Traceback" not in told


def test_usage_is_exit_two_and_help_is_there() -> None:
    assert command("nonsense").returncode == 2
    assert command().returncode == 2
    assert "migrate" in command("--help").stdout


def test_the_commands_of_a_deployment_in_their_order(forked: Forked, empty_url: str, tmp_path: Path) -> None:
    environment = {"DATABASE_URL": empty_url, **MOCK}
    assert forked("tenant", "add", "acme", **environment).returncode == 1
    for _ in range(2):
        assert forked("migrate", **environment).returncode == 0
    tenant = forked("tenant", "add", "acme", **environment).stdout.strip()
    assert forked("tenant", "add", "acme", **environment).stdout.strip() == tenant
    assert uuid.UUID(tenant).version == 7
    identity = ("--issuer", "workbuoy:dev-mock", "--subject", "dev")
    assert forked("member", "add", "--tenant", "nowhere", *identity, **environment).returncode == 1
    assert forked("member", "add", "--tenant", "acme", *identity, **environment).returncode == 0
    with serving(tmp_path / "log", **environment) as service:
        assert forked("health", PORT=str(service.port)).returncode == 0
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(60) == 0
        assert forked("health", PORT=str(service.port)).returncode == 1
    messages = [line["message"] for line in service.lines()]
    assert messages[0] == "started"
    assert messages[-1] == "stopped"
    assert forked("member", "remove", *identity, **environment).returncode == 0
    assert forked("member", "remove", *identity, **environment).returncode == 1


def test_migrate_says_why_it_failed_and_no_password(forked: Forked, empty_url: str) -> None:
    login, _, place = empty_url.removeprefix("postgresql://").rpartition("@")
    user, _, password = login.partition(":")
    nowhere = free_port()
    for url, reason in (
        (f"postgresql://{user}:hush-hush@{place}", f'password authentication failed for user "{user}"'),
        (
            f"postgresql://{user}:hush-hush@127.0.0.1:{nowhere}/db",
            f"port {nowhere} failed: Connection refused",
        ),
        (f"postgresql://{user}:{password}@{place}_missing", "does not exist"),
        (
            f"postgresql://hush.invalid/db?connect_timeout=1&application_name={user}",
            "Set DATABASE_OWNER_USER",
        ),
    ):
        outcome = forked("migrate", DATABASE_URL=url, DATABASE_SECRET_ID="" if "@" in url else "x")
        assert outcome.returncode == 1
        assert reason in outcome.stderr
        assert len(outcome.stderr.splitlines()) == 1
        assert password not in outcome.stderr + outcome.stdout
        assert "hush-hush" not in outcome.stderr + outcome.stdout


def test_migrate_without_rights_names_what_is_missing(
    forked: Forked, postgres: Postgres, empty_url: str
) -> None:
    with psycopg.connect(postgres.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute("create role bystander login password 'bystander'")
    place = empty_url.rpartition("@")[2]
    url = f"postgresql://bystander:bystander@{place}"
    outcome = forked("migrate", DATABASE_URL=url)
    assert outcome.returncode == 1
    assert "permission denied" in outcome.stderr
    assert "SQLSTATE 42501" in outcome.stderr


def test_sqlite_holds_one_tenant(forked: Forked, tmp_path: Path) -> None:
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}
    assert "migrate" in forked("tenant", "add", "acme", **environment).stderr
    assert forked("migrate", **environment).returncode == 0
    assert forked("tenant", "add", "acme", **environment).returncode == 0
    second = forked("tenant", "add", "globex", **environment)
    assert second.returncode == 1
    assert "only one" in second.stderr


def test_the_service_starts_before_its_database_is_there(tmp_path: Path) -> None:
    url = f"postgresql://u:p@127.0.0.1:{free_port()}/db?pool_timeout=1"
    with serving(tmp_path / "log", wait_for="/healthz", DATABASE_URL=url) as service:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
        connection.request("GET", "/readyz")
        assert connection.getresponse().status == 503


def test_a_taken_port_is_exit_one_and_one_clear_line(forked: Forked, database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for names in (
            {"PORT": port, "METRICS_ENABLED": "false"},
            {"METRICS_PORT": port, "PORT": str(free_port())},
        ):
            outcome = forked("serve", DATABASE_URL=database_url, **names)
            assert outcome.returncode == 1
            assert "Traceback" not in outcome.stdout + outcome.stderr
            assert any("port" in json.loads(line) for line in outcome.stdout.splitlines())


def await_refusal(port: int) -> None:
    """Return once nothing takes new connections at the port; how soon, a loaded machine decides."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
        except OSError:
            return
        time.sleep(0.05)
    raise AssertionError(f"port {port} takes connections still")


def test_requests_in_flight_are_finished_on_sigterm(database_url: str, tmp_path: Path) -> None:
    """An upload whose second half comes after the signal is answered all the same."""
    with serving(tmp_path / "log", DATABASE_URL=database_url, **MOCK) as service:
        origin = f"http://localhost:{service.port}"
        first = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
        first.request("POST", "/auth/mock", b"subject=acme-user", {"Origin": origin})
        cookie = (first.getresponse().getheader("set-cookie") or "").partition(";")[0]
        headers = {"Origin": origin, "Cookie": cookie, "Content-Type": "application/json"}
        first.close()
        first.request("POST", "/api/things", b'{"title": "x"}', headers)
        thing = json.loads(first.getresponse().read())["id"]

        upload = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
        upload.putrequest("POST", f"/api/things/{thing}/attachments?name=x")
        for name, value in {**headers, "Content-Type": "text/plain", "Content-Length": "200"}.items():
            upload.putheader(name, value)
        upload.endheaders()
        upload.send(b"a" * 100)
        time.sleep(1)  # it is with the service, and waits for the rest
        service.process.send_signal(signal.SIGTERM)
        await_refusal(service.port)
        upload.send(b"b" * 100)
        answer = upload.getresponse()
        assert answer.status == 201
        assert json.loads(answer.read())["size_bytes"] == 200
        assert service.process.wait(60) == 0


def test_a_body_over_the_limit_is_refused_without_being_taken_in(database_url: str, tmp_path: Path) -> None:
    """A real socket: the answer comes while almost nothing was sent."""
    with serving(tmp_path / "log", DATABASE_URL=database_url, **MOCK) as service:
        with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
            head = [
                "POST /api/things HTTP/1.1",
                "Host: x",
                f"Origin: http://localhost:{service.port}",
                "Cookie: workbuoy_session=x",
                f"Content-Length: {10**11}",
            ]
            connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + b"x" * 10)
            answer = connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 413")
            assert b"connection: close" in answer.lower()


def test_the_container_needs_no_writable_folder(database_url: str, tmp_path: Path) -> None:
    """As in a read-only image: no home, no temporary folder, and uploads and downloads all the same."""
    nowhere = str(tmp_path / "missing")
    environment = {"DATABASE_URL": database_url, "HOME": nowhere, "TMPDIR": nowhere, **MOCK}
    with serving(tmp_path / "log", **environment, PYTHONDONTWRITEBYTECODE="1") as service:
        files = Path(f"/proc/{service.process.pid}/fd")
        if files.is_dir():  # Linux
            opened = [os.readlink(each) for each in files.iterdir()]
            assert [path for path in opened if "tmp" in path and not path.startswith(str(tmp_path))] == []
    assert not Path(nowhere).exists()


def test_the_rotation_handler_is_where_the_function_looks_for_it() -> None:
    assert rotation.handler.__module__ == "workbuoy_app.rotation"
    assert callable(rotation.handler)


def test_rotate_outside_lambda_is_exit_one_and_one_clear_line() -> None:
    outcome = command("rotate")
    assert outcome.returncode == 1
    assert outcome.stderr == "workbuoy-app: rotate runs inside Lambda: AWS_LAMBDA_RUNTIME_API is not set\n"
