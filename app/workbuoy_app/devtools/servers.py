"""Stand-ins for AWS on loopback, in a process of their own: S3 and Secrets Manager by moto."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from workbuoy_app.aws import storage_client
from workbuoy_app.devtools.ports import free_port
from workbuoy_app.settings import StorageSettings

START_TIMEOUT_SECONDS = 30
# Any will do: moto asks for a signature, not for a right one.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "eu-west-1"}


class NotStarted(Exception):
    """A server did not come up."""


@contextmanager
def moto() -> Iterator[str]:
    """Run moto; gives its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "workbuoy_app.devtools.moto_server", "-H", "127.0.0.1", "-p", str(port)],
        env=os.environ | CREDENTIALS,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_answers(f"{address}/moto-api/", process)
        yield address
    finally:
        stop(process)


def create_bucket(settings: StorageSettings) -> None:
    """Make the bucket that the settings name."""
    where = {} if settings.region == "us-east-1" else {"LocationConstraint": settings.region}
    options = {"CreateBucketConfiguration": where} if where else {}
    storage_client(settings).create_bucket(Bucket=settings.bucket, **options)


def wait_until_answers(address: str, process: subprocess.Popen[bytes], status: int = 200) -> None:
    """Ask until `status` comes. Raises NotStarted when the process ends or time is over."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - http to loopback
                if answer.status == status:
                    return
        except urllib.error.HTTPError as refused:
            if refused.code == status:
                return
        except OSError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotStarted(address)
        time.sleep(0.02)


def stop(process: subprocess.Popen[bytes], timeout_seconds: float = 30) -> int:
    """End a process that was started here: asked first, then made to."""
    process.terminate()
    try:
        return process.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
