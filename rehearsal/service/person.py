"""A person's day in a real Chromium, by the keyboard alone, in the service as the stack declares it.

What the person does is the web interface's own: `app/ui/checks/journey.js`, by playwright-core in the system's
Chromium. The browser finds the declared name on loopback; where it is https, a front speaks TLS before the service.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rehearsal.service.logins import logged_in
from rehearsal.service.result import Picture
from rehearsal.service.steps import rotate
from rehearsal.service.tls import tls_front
from rehearsal.service.trial import StepError, Trial, expect

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT_SECONDS = 180


def missing(app: Path, *, in_image: bool) -> str:
    """What a browser's part cannot be tried without, in one line that says what to do; empty where all is there."""
    ui = app / "ui"
    if shutil.which("node") is None or not any(map(shutil.which, CHROMIUM)):
        return "--browser needs Node 20.19 or newer and Chromium: apt-get install chromium nodejs"
    if not (ui / "node_modules/playwright-core").is_dir() or not (in_image or (ui / "dist/index.html").is_file()):
        return "--browser needs the web interface built: make ui"
    return ""


def spend_a_day(trial: Trial) -> str:
    """Log in, work, be refused another tenant's thing, live through two rotations and a cut of all connections."""
    tenant, subject = trial.members[1]
    grace = logged_in(trial, subject)
    foreign = expect(grace.send_json("POST", "/api/things", {"title": f"Of {tenant}"}), 201).json()["id"]
    order = {
        "address": trial.public_url.rstrip("/"),
        "at": _listening(trial),
        "subject": trial.members[0][1],
        "foreign": f"/things/{foreign}",
        "pictures": str(trial.folder / "pictures"),
    }

    def meanwhile() -> None:
        rotate(trial)
        rotate(trial)
        if trial.front:
            trial.front.drop_connections()

    steps = _run(trial.surroundings.app / "ui", order, meanwhile)
    for step in steps:
        picture = (trial.folder / "pictures" / step["picture"]).read_bytes()
        trial.pictures.append(Picture(step["step"], picture))
    checked = next(step["detail"] for step in steps if step["step"] == "check them")
    return f"{len(steps)} steps by keyboard, 5 MB {checked}, through 2 rotations"


def _listening(trial: Trial) -> str:
    port = trial.ports[0]
    address = urlsplit(trial.public_url)
    if address.scheme == "https":
        folder = trial.folder / "web"
        folder.mkdir()
        front = tls_front(folder, str(address.hostname), ("127.0.0.1", port), asked_for=False)
        port = trial.stack.enter_context(front).port
    return f"127.0.0.1:{port}"


def _run(ui: Path, order: dict[str, str], meanwhile: Callable[[], None]) -> list[dict[str, Any]]:
    """The person's steps. Raises StepError for the first that failed, naming it."""
    process = subprocess.Popen(
        ["node", "checks/journey.js"],
        cwd=ui,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TZ": "Europe/Oslo"},
        start_new_session=True,
    )
    assert process.stdin is not None  # noqa: S101  it is a pipe
    assert process.stdout is not None  # noqa: S101
    steps: list[dict[str, Any]] = []
    try:
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            step = json.loads(line)
            if "failed" in step:
                raise StepError(f"after {steps[-1]['step'] if steps else 'nothing'}: {step['failed']}")
            steps.append(step)
            if step["waiting"]:
                meanwhile()
                process.stdin.write("\n")
                process.stdin.flush()
        _, complaints = process.communicate(timeout=TIMEOUT_SECONDS)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise StepError(f"the browser's part broke off: {error}") from None
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(TIMEOUT_SECONDS)
    if process.returncode or not steps:
        last = (complaints.strip().splitlines() or ["it said nothing"])[-1]
        raise StepError(f"the browser's part ended with {process.returncode}: {last}")
    return steps
