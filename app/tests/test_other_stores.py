"""S3 as others make it: S3Proxy, whose jars `.ci/run` puts into build/s3proxy or WORKBUOY_S3PROXY names, and rclone.

rclone is taken from PATH. To build it (`go install github.com/rclone/rclone@v1.68.2`) takes more than a minute of two
whole processors, so `.ci/run` does not.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.service import Service, attach, make_thing
from tests.test_attachments import objects
from tests.test_failures import uploads
from workbuoy_app.devtools import servers
from workbuoy_app.devtools.ports import free_port
from workbuoy_app.settings import MIB, Settings, load

JARS = Path(os.environ.get("WORKBUOY_S3PROXY", Path(__file__).parents[2] / "build" / "s3proxy"))
JAVA, RCLONE = shutil.which("java"), shutil.which("rclone")
OLDEST_RCLONE = (1, 65)  # `serve s3` came with it; Debian 12 has 1.60
pytestmark = pytest.mark.slow


@contextmanager
def s3proxy(folder: Path) -> Iterator[str]:
    """The address of a running one, with its objects in a folder."""
    if JAVA is None or not list(JARS.glob("s3proxy-*.jar")):
        pytest.skip("no Java, or no S3Proxy in build/s3proxy: S3Proxy was not tried")
    port = free_port()
    (folder / "objects").mkdir()
    settings = {
        "s3proxy.endpoint": f"http://127.0.0.1:{port}",
        "s3proxy.authorization": "aws-v2-or-v4",
        "s3proxy.identity": servers.CREDENTIALS["AWS_ACCESS_KEY_ID"],
        "s3proxy.credential": servers.CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        "jclouds.provider": "filesystem",
        "jclouds.filesystem.basedir": str(folder / "objects"),
    }
    (folder / "settings").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    command = [JAVA, "-cp", f"{JARS}/*", "org.gaul.s3proxy.Main", "--properties", str(folder / "settings")]
    with answering(command, folder, settings["s3proxy.endpoint"], unsigned=403) as endpoint:
        yield endpoint


@contextmanager
def rclone(folder: Path) -> Iterator[str]:
    """The same by `rclone serve s3`."""
    if RCLONE is None:
        pytest.skip("no rclone on PATH: it was not tried")
    told = subprocess.run([RCLONE, "version"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"rclone v(\d+)\.(\d+)", told)
    if found is None or tuple(map(int, found.groups())) < OLDEST_RCLONE:
        pytest.skip(f"{told.splitlines()[0]} cannot serve S3, which 1.65 can: it was not tried")
    (folder / "objects").mkdir()
    at = f"127.0.0.1:{free_port()}"
    keys = f"{servers.CREDENTIALS['AWS_ACCESS_KEY_ID']},{servers.CREDENTIALS['AWS_SECRET_ACCESS_KEY']}"
    command = [RCLONE, "--config=", "serve", "s3", "--addr", at, "--auth-key", keys, str(folder / "objects")]
    with answering(command, folder, f"http://{at}", unsigned=400) as endpoint:
        yield endpoint


@contextmanager
def answering(command: list[str], folder: Path, endpoint: str, unsigned: int) -> Iterator[str]:
    """Run a store until the end of the block; a request that nobody signed it answers with `unsigned`."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        servers.wait_until_answers(f"{endpoint}/", process, status=unsigned)
        yield endpoint
    finally:
        servers.stop(process)


@pytest.fixture(scope="module", params=[s3proxy, rclone], ids=["s3proxy", "rclone"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one of them."""
    with request.param(tmp_path_factory.mktemp("store")) as endpoint:
        yield endpoint


@pytest.fixture
def its_settings(store: str, database_url: str) -> Settings:
    """Of a service whose bucket lies there."""
    settings = load(
        {
            "DATABASE_URL": database_url,
            "OIDC_DEV_MOCK": "1",
            "METRICS_ENABLED": "false",
            "S3_ENDPOINT": store,
            "S3_REGION": "us-east-1",  # a store on a disk knows no places
            "S3_BUCKET": f"attachments-{uuid.uuid4().hex[:8]}",
            "S3_FORCE_PATH_STYLE": "true",
            "S3_ACCESS_KEY_ID": servers.CREDENTIALS["AWS_ACCESS_KEY_ID"],
            "S3_SECRET_ACCESS_KEY": servers.CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        }
    )
    assert settings.storage is not None
    servers.create_bucket(settings.storage)
    return settings


def fetched(address: str, **headers: str) -> tuple[bytes, str | None]:
    """What a signed address gives, and as what."""
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=30) as answer:
        return answer.read(), answer.headers["content-disposition"]


@pytest.mark.parametrize("size", [0, 10, 17 * MIB + 1])
def test_files_go_there_come_back_whole_or_in_part_and_go_again(
    request: pytest.FixtureRequest, its_settings: Settings, size: int
) -> None:
    by_rclone = "rclone" in request.node.callspec.id
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    with Service(its_settings) as service:
        browser = service.browser()
        assert browser.get("/readyz").status_code == 200
        things = make_thing(browser)["id"]
        made = attach(browser, things, content, name="blåbær & co.bin", kind="application/octet-stream")
        assert made.status_code == 201, made.text
        file = f"/api/things/{things}/attachments/{made.json()['id']}"
        address = browser.get(f"{file}/content").headers["location"]
        body, disposition = fetched(address)
        assert body == content
        # rclone ignores what a signed address says of the answer's headers; README tells its users so.
        assert "attachment" in (disposition or "") or by_rclone
        if size > 5:
            assert fetched(address, Range="bytes=2-4")[0] == content[2:5]
        assert browser.delete(file).status_code == 204
    assert objects(its_settings) == []
    if not by_rclone:  # which answers 404 where there are none
        assert uploads(its_settings) == []
