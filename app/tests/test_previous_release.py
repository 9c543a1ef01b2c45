"""Expand, then contract: the release before this one runs on this one's schema, so that a rollback starts.

previous_release.zip is that release's package as it was committed (`make record-release` keeps it); it runs here in a
process of its own, with today's dependencies.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.test_migrations import shape
from tests.test_openapi import token
from tests.test_process import MOCK, clean, serving
from workbuoy_app import __version__, schema
from workbuoy_app.promotion.freeze import freeze, thaw
from workbuoy_app.settings import Settings, load

pytestmark = pytest.mark.slow  # each starts servers of its own

RECORDED = Path(__file__).with_name("previous_release.zip")


@pytest.fixture
def previous(tmp_path: Path) -> Path:
    """The folder that holds the previous release's package."""
    folder = tmp_path / "previous"
    with zipfile.ZipFile(RECORDED) as recorded:
        recorded.extractall(folder)
    return folder


def release_and_revision(folder: Path) -> tuple[str, str]:
    """What the recorded package says of itself."""
    version = re.search(r'__version__ = "(.+)"', (folder / "workbuoy_app" / "__init__.py").read_text())
    revisions = re.search(r"REVISIONS = \((.+)\)", (folder / "workbuoy_app" / "schema.py").read_text())
    assert version is not None
    assert revisions is not None
    return version[1], re.findall(r'"(\d+)"', revisions[1])[-1]


class Client:
    """A logged-in client of a process."""

    def __init__(self, port: int, cookie: str) -> None:
        self._port = port
        self._headers = {
            "Cookie": cookie,
            "Origin": f"http://localhost:{port}",
            "Content-Type": "application/json",
        }

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection.request(method, path, content, self._headers | headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def everything(client: Client, *, bucket: bool) -> None:
    """Each operation once."""
    status, body = client.ask("POST", "/api/things", {"title": "of the previous release"})
    assert status == 201
    thing = f"/api/things/{json.loads(body)['id']}"
    assert client.ask("PUT", thing, {"title": "changed", "status": "done"})[0] == 200
    assert client.ask("GET", "/api/things?search=chang")[0] == 200
    status, body = client.ask(
        "POST", f"{thing}/attachments?name=x", b"content", **{"Content-Type": "text/plain"}
    )
    assert status == 201
    file = f"{thing}/attachments/{json.loads(body)['id']}"
    assert client.ask("GET", f"{thing}/attachments")[0] == 200
    status, body = client.ask("GET", f"{file}/content")
    assert (status, body) == ((307, b"") if bucket else (200, b"content"))
    assert client.ask("DELETE", file)[0] == 204
    assert client.ask("DELETE", thing)[0] == 204


def test_the_recorded_release_is_an_earlier_one(previous: Path) -> None:
    version, revision = release_and_revision(previous)
    assert version != __version__
    assert revision in schema.REVISIONS
    assert revision < schema.HEAD, "nothing would be proved on its own schema"


@pytest.mark.parametrize("bucket", [False, True])
def test_the_previous_release_runs_on_this_ones_schema(
    previous: Path, bucket_settings: Settings, database_url: str, tmp_path: Path, bucket: bool
) -> None:
    environment = {"DATABASE_URL": database_url, **MOCK}
    if bucket:
        storage = bucket_settings.storage
        assert storage is not None
        assert storage.endpoint is not None
        environment |= {
            "S3_BUCKET": storage.bucket,
            "S3_REGION": storage.region,
            "S3_ENDPOINT": storage.endpoint,
        }
        environment |= {"S3_FORCE_PATH_STYLE": "true"}
    before = shape(load({"DATABASE_URL": database_url}))
    migrated = subprocess.run(
        [sys.executable, "-m", "workbuoy_app", "migrate"],
        env=clean() | environment,
        cwd=previous,  # `python -m` looks there first
        check=False,
    )
    assert migrated.returncode == 0, "a revision that it does not know is success"
    assert shape(load({"DATABASE_URL": database_url})) == before
    with serving(tmp_path / "old", package=str(previous), **environment) as old:
        assert (
            json.loads(Client(old.port, "").ask("GET", "/healthz")[1])["version"]
            == release_and_revision(previous)[0]
        )
        cookie = token(old.port)
        everything(Client(old.port, cookie), bucket=bucket)
        if not bucket:  # a freeze holds for it too
            settings = load({"DATABASE_URL": database_url})
            freeze(settings, "acme")
            assert Client(old.port, cookie).ask("POST", "/api/things", {"title": "too late"})[0] == 423
            assert Client(old.port, cookie).ask("GET", "/api/things")[0] == 200
            thaw(settings, "acme")
        with serving(tmp_path / "new", **environment) as new:  # side by side, as during a deployment
            assert json.loads(Client(new.port, "").ask("GET", "/healthz")[1])["version"] == __version__
            everything(Client(new.port, cookie), bucket=bucket)
            assert Client(old.port, token(new.port)).ask("GET", "/api/me")[0] == 200
            _, body = Client(new.port, cookie).ask("POST", "/api/things", {"title": "of this release"})
            assert Client(old.port, cookie).ask("GET", f"/api/things/{json.loads(body)['id']}")[0] == 200
