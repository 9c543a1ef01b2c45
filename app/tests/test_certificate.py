"""TLS towards a load balancer: a certificate of the process's own, which leaves no file."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.test_process import APP, clean, command
from workbuoy_app.certificate import self_signed
from workbuoy_app.devtools import servers
from workbuoy_app.devtools.ports import free_port


def unchecked() -> ssl.SSLContext:
    """As a load balancer: it encrypts, and does not ask who answers."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[str | None, bytes]:
    """What two contexts agree on, in this process: the version and the server's certificate."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asked = client.wrap_bio(to_client, to_server)
    asking = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (asked, asking):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return asked.version(), asked.getpeercert(binary_form=True) or b""


def test_each_has_a_key_of_its_own_and_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    open_before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    first, second = (handshake(self_signed(), unchecked()) for _ in range(2))
    assert first[0] == "TLSv1.3"
    assert first[1] != second[1]
    assert list(tmp_path.iterdir()) == []
    if sys.platform == "linux":
        assert len(os.listdir("/proc/self/fd")) == open_before


def test_old_versions_of_tls_are_refused() -> None:
    old = unchecked()
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        handshake(self_signed(), old)


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[int]:
    port = free_port()
    settings = {
        "DATABASE_URL": f"sqlite:///{folder}/x.db",
        "OIDC_DEV_MOCK": "1",
        "METRICS_ENABLED": "false",
        "PORT": str(port),
        **environment,
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*APP, "serve"], env=clean() | settings, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        servers.stop(process)


@pytest.mark.slow
def test_an_idle_client_that_never_says_farewell_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with serving(tmp_path, TLS_ENABLED="true") as port:
        idle = http.client.HTTPSConnection("127.0.0.1", port, context=unchecked(), timeout=60)
        idle.request("GET", "/healthz")
        assert idle.getresponse().read()[:1] == b"{"
    told = (tmp_path / "log").read_text()
    assert '"stopped"' in told
    assert "timeout graceful shutdown exceeded" not in told
    idle.close()


@pytest.mark.slow
def test_the_port_speaks_tls_alone_and_the_containers_own_check_knows_it(tmp_path: Path) -> None:
    with serving(tmp_path, TLS_ENABLED="true") as port:
        secure = http.client.HTTPSConnection("127.0.0.1", port, context=unchecked(), timeout=60)
        for _ in range(2):  # the connection is kept
            secure.request("GET", "/healthz")
            answer = secure.getresponse()
            assert (answer.status, answer.read()[:1]) == (200, b"{")
        secure.close()
        plain = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        plain.request("GET", "/healthz")
        with pytest.raises((http.client.HTTPException, OSError)):
            plain.getresponse()
        assert command("health", PORT=str(port), TLS_ENABLED="true").returncode == 0
        assert command("health", PORT=str(port)).returncode == 1
