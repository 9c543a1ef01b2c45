"""S3 as others make it: S3Proxy, whose jars `.ci/run` puts into build/s3proxy, or WORKBUOY_S3PROXY names."""

from __future__ import annotations

import os
import shutil
import subprocess
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import Service, attach, make_thing
from tests.test_attachments import objects
from tests.test_failures import uploads
from workbuoy_app.devtools import servers
from workbuoy_app.devtools.embedded_postgres import free_port
from workbuoy_app.settings import MIB, Settings, load

JARS = Path(os.environ.get("WORKBUOY_S3PROXY", Path(__file__).parents[2] / "build" / "s3proxy"))
JAVA = shutil.which("java")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        JAVA is None or not list(JARS.glob("s3proxy-*.jar")),
        reason="no Java, or no S3Proxy in build/s3proxy: another S3 than moto's was not tried",
    ),
]


@pytest.fixture(scope="module")
def s3proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running one, with its objects in a folder."""
    folder, port = tmp_path_factory.mktemp("s3proxy"), free_port()
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
    assert JAVA is not None
    command = [JAVA, "-cp", f"{JARS}/*", "org.gaul.s3proxy.Main", "--properties", str(folder / "settings")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        servers.wait_until_answers(f"{settings['s3proxy.endpoint']}/", process, status=403)
        yield settings["s3proxy.endpoint"]
    finally:
        servers.stop(process)


@pytest.fixture
def its_settings(s3proxy: str, database_url: str) -> Settings:
    """Of a service whose bucket lies there."""
    settings = load(
        {
            "DATABASE_URL": database_url,
            "OIDC_DEV_MOCK": "1",
            "METRICS_ENABLED": "false",
            "S3_ENDPOINT": s3proxy,
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


def fetched(address: str, **headers: str) -> tuple[bytes, str]:
    """What a signed address gives, and as what."""
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=30) as answer:
        return answer.read(), answer.headers["content-disposition"]


@pytest.mark.parametrize("size", [0, 10, 17 * MIB + 1])
def test_files_go_there_come_back_whole_or_in_part_and_go_again(its_settings: Settings, size: int) -> None:
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
        assert "attachment" in disposition
        if size > 5:
            assert fetched(address, Range="bytes=2-4")[0] == content[2:5]
        assert browser.delete(file).status_code == 204
    assert objects(its_settings) == []
    assert uploads(its_settings) == []
