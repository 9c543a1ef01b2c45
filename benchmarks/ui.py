"""The web interface: what a first visit loads, when it can be used, what a long list holds up, and Lighthouse's marks.

Run it with `app/.venv/bin/python benchmarks/ui.py [--json]` after `make ui`. It starts the service on an embedded
Postgres with a thousand things and looks at it with the system's Chromium. Lighthouse comes by npm, by hash, into
`benchmarks/lighthouse`. Times are this machine's, its processor throttled four times, and mean little where others use
it too. Exit 4 where something is missing.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbuoy_app.api.auth import MOCK_ISSUER
from workbuoy_app.devtools import embedded_postgres, servers
from workbuoy_app.devtools.ports import free_port
from workbuoy_app.migrate import migrate
from workbuoy_app.registry import add_member, add_tenant
from workbuoy_app.settings import load

ROOT = Path(__file__).parents[1]
UI, LIGHTHOUSE = ROOT / "app/ui", ROOT / "benchmarks/lighthouse"
THINGS, TRIES = 1_000, 3
MOST_BYTES, MOST_INTERACTIVE_MS, MOST_TASK_MS, LEAST_MARK = 60_000, 1_000, 100, 98
CHROMIUM = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
MARKS = ("performance", "accessibility", "best-practices", "seo")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if CHROMIUM is None or not (UI / "dist/index.html").is_file() or shutil.which("npm") is None:
        print("needs Chromium, Node 20.19 and the built interface: make ui", file=sys.stderr)
        return 4
    if not (LIGHTHOUSE / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--silent", "--no-fund", "--no-audit"], cwd=LIGHTHOUSE, check=True)
    with serving() as address:
        cookie = logged_in(address)
        speed = json.loads(output("node", "checks/speed.js", address, cookie, folder=UI))
        signed_out = marks(address, {})
        listed = marks(address, {"Cookie": cookie})
    if options.json:
        print(json.dumps({**speed, "signedOut": signed_out, "listed": listed}))
        return 0
    print(
        f"first visit, compressed, headers included   {speed['bytes'] / 1000:7.1f} kB   at most {MOST_BYTES / 1000:.0f}"
    )
    print(f"first thing can be opened, 4x throttled     {speed['interactive']:7d} ms   at most {MOST_INTERACTIVE_MS}")
    print(
        f"longest task, {speed['number']:5d} things scrolled         {speed['longest']:7d} ms   at most {MOST_TASK_MS}"
    )
    for name, found in (("signed out", signed_out), ("the list", listed)):
        marks_text = ", ".join(f"{mark} {found[mark]}" for mark in MARKS)
        print(f"Lighthouse, {name}: {marks_text}   at least {LEAST_MARK}")
    return 0


@contextmanager
def serving() -> Iterator[str]:
    """The service with its things; gives its address."""
    with embedded_postgres.running() as postgres, tempfile.TemporaryDirectory() as folder:
        port = str(free_port())
        settings = {"DATABASE_URL": postgres.url(), "OIDC_DEV_MOCK": "1", "PORT": port, "METRICS_ENABLED": "false"}
        settings |= {"RATE_LIMIT_SESSION": "0", "RATE_LIMIT_TENANT": "0"}
        loaded = load(settings)
        migrate(loaded)
        add_tenant(loaded, "acme")
        add_member(loaded, "acme", MOCK_ISSUER, "ada")
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "workbuoy_app", "serve"], env=os.environ | settings, stdout=log, stderr=log
            )
        try:
            address = f"http://localhost:{port}"
            servers.wait_until_answers(f"{address}/readyz", process)
            fill(address)
            yield address
        finally:
            servers.stop(process)


def fill(address: str) -> None:
    """Make the things."""
    connection, headers = opened(address)
    headers |= {"Cookie": logged_in(address), "Content-Type": "application/json"}
    for number in range(THINGS):
        thing = {"title": f"A thing of the usual size, number {number}", "body": "Words " * 20}
        connection.request("POST", "/api/things", json.dumps(thing), headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status == 429:
            raise SystemExit("the service took fewer requests than are made here")


def opened(address: str) -> tuple[http.client.HTTPConnection, dict[str, str]]:
    return http.client.HTTPConnection(address.partition("//")[2], timeout=10), {"Origin": address}


def logged_in(address: str) -> str:
    """A session's cookie."""
    connection, headers = opened(address)
    connection.request("POST", "/auth/mock", "subject=ada", headers)
    return (connection.getresponse().getheader("set-cookie") or "").partition(";")[0]


def marks(address: str, headers: dict[str, str]) -> dict[str, int]:
    """Lighthouse's four marks of a page, out of 100, as a desktop's. A busy machine makes it miss a page at times."""
    for _ in range(TRIES):
        try:
            return _marks(address, headers)
        except subprocess.CalledProcessError:
            print("Lighthouse did not end; once more", file=sys.stderr)
    raise SystemExit("Lighthouse does not end on this machine")


def _marks(address: str, headers: dict[str, str]) -> dict[str, int]:
    report: dict[str, Any] = json.loads(
        output(
            *("node", "node_modules/lighthouse/cli/index.js", address, "--output=json", "--quiet", "--preset=desktop"),
            *("--no-enable-error-reporting", f"--extra-headers={json.dumps(headers)}"),
            *("--chrome-flags=--headless --no-sandbox --disable-gpu", f"--only-categories={','.join(MARKS)}"),
            folder=LIGHTHOUSE,
        )
    )
    return {mark: round(report["categories"][mark]["score"] * 100) for mark in MARKS}


def output(*command: str, folder: Path) -> str:
    environment = os.environ | {"CHROME_PATH": CHROMIUM or ""}
    return subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
