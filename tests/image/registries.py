"""Real registries on loopback, in memory, ended with the test that asked for them."""

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rehearsal.service.ports import free_port

# bcrypt of what moto hands out as a token's password, for the user AWS.
HTPASSWD = "AWS:$2b$04$.jmR2ZWqv0bSqZZfUDvxm.y5i9Gqy1xZBsXiNX0.5c7KpLuHxcOmO\n"
PATIENCE_SECONDS = 10


def need_tools() -> None:
    """Skip, naming what is missing."""
    missing = [name for name in ("skopeo", "docker-registry") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no image can be moved: {', '.join(missing)} missing; .ci/run installs them as root")


@contextmanager
def registry(folder: Path, *, closed: bool = False) -> Iterator[str]:
    """A registry's host and port; a closed one asks for a password."""
    need_tools()
    folder.mkdir()
    host = f"127.0.0.1:{free_port()}"
    lines = ["version: 0.1", "storage: {inmemory: {}}", f"http: {{addr: '{host}'}}", "log: {level: error}"]
    if closed:
        (folder / "htpasswd").write_text(HTPASSWD)
        lines.append(f"auth: {{htpasswd: {{realm: test, path: '{folder / 'htpasswd'}'}}}}")
    (folder / "config.yml").write_text("\n".join(lines))
    with (folder / "log").open("w") as log:
        served = subprocess.Popen(
            ["docker-registry", "serve", str(folder / "config.yml")],
            stdout=log,
            stderr=log,
            env={"PATH": os.environ["PATH"]},
        )
    try:
        _wait(host)
        yield host
    finally:
        served.kill()
        served.wait()


def _wait(host: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"http://{host}/v2/", timeout=1).close()
        except urllib.error.HTTPError:
            return  # it answers: 401 from a closed one
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(host)
