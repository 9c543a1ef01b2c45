"""moto in server mode, patched as for a rehearsal, in its own process: `python -m operations.local.server PORT`."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from operations.engine.errors import EngineError
from operations.local.gaps import fill_gaps

START_SECONDS = 60
STOP_SECONDS = 10


@contextmanager
def serving(port: int, account: str) -> Iterator[str]:
    """A moto server on loopback, empty at first; its address. Raises EngineError where it does not come up."""
    environment = {
        **os.environ,
        "MOTO_ACCOUNT_ID": account,
        "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
        "MOTO_ECS_SERVICE_RUNNING": "1",
    }
    with tempfile.TemporaryFile() as log:  # it logs each request: a pipe that nobody reads would fill and stop it
        process = subprocess.Popen(
            [sys.executable, "-m", "operations.local.server", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
        try:
            _wait(process, log, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: "subprocess.Popen[bytes]", log: IO[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            log.seek(0)
            last = log.read().decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise EngineError(f"moto's server ended at once: {last[0]}", "is the port taken by another program?")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/seed?a=1", timeout=1):
                return
        except urllib.error.HTTPError:
            return  # it answers
        except OSError:
            time.sleep(0.1)
    raise EngineError(f"moto's server does not answer after {START_SECONDS} s")


def main(port: int) -> None:
    """Serve until stopped. The port is taken first: to load moto and AWS's own policies takes seconds."""
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(("127.0.0.1", port))
    except OSError as error:
        sys.exit(f"port {port}: {error.strerror}")
    from moto.core.config import default_user_config  # in its own process only
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    from rehearsal.patches import patch

    default_user_config["lambda"]["use_docker"] = False
    for service in ("kms", "s3", "rds"):
        patch(service)
    fill_gaps()
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", port, application, threaded=True, fd=taken.fileno())
    taken.listen()
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
