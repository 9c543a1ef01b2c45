"""/docs in a real browser: all of it from this origin, under a policy that lets nothing else in."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.service import Service
from tests.test_process import MOCK, serving
from workbuoy_app.api import docs
from workbuoy_app.settings import load

pytestmark = pytest.mark.any_postgres

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.lengthy
def test_the_page_and_its_files_come_from_this_origin(shared_service: Service) -> None:
    browser = shared_service.browser(None)
    page = browser.get("/docs")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) == 4
    for address in addresses:
        assert address == "data:," or browser.get(address).status_code == 200
    assert "<script>" not in page.text
    assert browser.get("/docs/begin.js").headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("package", [True, False])
def test_production_has_none_and_nobody_needs_the_package(
    database_url: str, monkeypatch: pytest.MonkeyPatch, package: bool
) -> None:
    settings = {"DATABASE_URL": database_url, "METRICS_ENABLED": "false"}
    if package:
        address = f"{database_url}?sslmode=verify-full"
        settings |= {"NODE_ENV": "production", "PUBLIC_URL": "https://x.example", "DATABASE_URL": address}
    else:
        monkeypatch.setattr(docs, "folder", lambda: None)
    with Service(load(settings)) as service:
        assert service.browser(None).get("/docs").status_code == 404


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: what a browser makes of /docs was not tried")
def test_a_browser_shows_every_operation_and_refuses_nothing(database_url: str, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    with serving(tmp_path / "log", DATABASE_URL=database_url, **MOCK) as process:
        shown = subprocess.run(
            [
                *(
                    CHROMIUM,
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    f"--user-data-dir={tmp_path}/profile",
                ),
                *("--enable-logging=stderr", "--virtual-time-budget=20000", "--dump-dom"),
                f"http://localhost:{process.port}/docs",
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert shown.returncode == 0, shown.stderr[-2_000:]
    for words in ("create_thing", "list_audit_events", "log_in", "Authorize"):
        assert words in shown.stdout, shown.stderr[-2_000:]
    console = [line for line in shown.stderr.splitlines() if "CONSOLE" in line]
    assert [line for line in console if "Content Security Policy" in line or "Refused" in line] == []
