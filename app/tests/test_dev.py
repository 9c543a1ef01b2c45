"""`make dev` says what is in its way before it makes or shows anything."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.lengthy


@pytest.mark.parametrize("port", ["taken", "no number", "70000"])
def test_a_port_that_cannot_be_had_is_named_before_an_address_is_shown(port: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1]) if port == "taken" else port
        done = subprocess.run(
            [sys.executable, "-m", "workbuoy_app.devtools.dev"],
            env={"PATH": os.environ["PATH"], "PORT": port},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert f"port {port} cannot be listened on" in done.stderr
    assert "PORT=8081 make dev" in done.stderr
    assert "http://" not in done.stderr
    assert "Traceback" not in done.stderr
