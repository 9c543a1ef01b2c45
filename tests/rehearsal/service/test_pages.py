"""A page of the service's origin fetches an attachment in a real browser; a page of another origin does not."""

import html
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from project.files import find_project
from rehearsal.cloud import running
from rehearsal.run import Options, rehearse
from rehearsal.service.run import rehearse_service
from rehearsal.service.steps import ATTACHMENT
from rehearsal.service.surroundings import Surroundings
from rehearsal.service.trial import Trial
from tests.conftest import PROJECT
from tests.rehearsal.service.test_surroundings import installed

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PAGE = "/a-page-of-the-service"
SCRIPT = """<!doctype html><title>asking</title><p id="told"></p><script>
const tell = (words) => {{ document.getElementById("told").textContent = words; }};
fetch({address!r}).then((answer) => answer.arrayBuffer().then((body) => tell("read " + body.byteLength)))
  .catch((error) => tell("refused: " + error.name));
</script>"""


@contextmanager
def front(trial: Trial, address: str) -> Iterator[int]:
    """The service with one page beside it, under whatever name a browser calls it by, as the person's session."""
    ada = trial.member

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == PAGE:
                status, headers, body = 200, {"content-type": "text/html"}, SCRIPT.format(address=address).encode()
            else:
                answer = ada.send("GET", self.path)
                status, headers, body = answer.status, answer.headers, answer.body
            self.send_response(status)
            for name in ("content-type", "location"):
                if name in headers:
                    self.send_header(name, headers[name])
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """The test says what it finds."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


def told(page: str, port: int, profile: Path) -> str:
    """What a page tells, once its script has ended."""
    assert CHROMIUM is not None
    host = urlsplit(page).hostname
    shown = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"),
            f"--host-resolver-rules=MAP {host}:80 127.0.0.1:{port}",
            *("--virtual-time-budget=20000", "--dump-dom", page),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    found = re.search(r'<p id="told">(.*?)</p>', shown.stdout)
    assert found is not None, shown.stdout[:500]
    return html.unescape(found[1])


@installed
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: what a browser makes of the CORS rule was not tried")
def test_a_page_of_the_service_reads_an_attachment_and_a_page_from_elsewhere_does_not(
    surroundings: Surroundings, tmp_path: Path
) -> None:
    said: dict[str, str] = {}

    def show_pages(trial: Trial) -> str:
        own = trial.public_url
        assert own.startswith("http://")  # dev's, without a certificate
        for name, origin, address in (
            ("own", own, trial.content_path),
            ("elsewhere", "http://elsewhere.example", trial.object_address),
        ):
            with front(trial, address) as port:
                said[name] = told(origin + PAGE, port, tmp_path / name)
        return "shown"

    def without_rule(trial: Trial) -> str:
        bucket = trial.declared.service.environment["S3_BUCKET"]
        trial.cloud.client("s3").delete_bucket_cors(Bucket=bucket)
        with front(trial, trial.content_path) as port:
            said["without a rule"] = told(trial.public_url + PAGE, port, tmp_path / "without")
        return "shown"

    with running() as moto:
        rehearsal = rehearse(find_project(PROJECT), "dev", Options(), moto)
        cloud = moto.cloud(rehearsal.account, rehearsal.region)
        steps = [("pages", show_pages), ("pages without the rule", without_rule)]
        found = rehearse_service(rehearsal, cloud, surroundings, further=steps)
    assert [step.detail for step in found.steps if not step.passed] == []
    assert said == {
        "own": f"read {len(ATTACHMENT)}",
        "elsewhere": "refused: TypeError",
        "without a rule": "refused: TypeError",
    }
