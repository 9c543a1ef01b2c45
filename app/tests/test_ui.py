"""app/ui: its types are the service's, its packages come by hash from any registry, and it builds as it is served."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from workbuoy_app import interface
from workbuoy_app.devtools.openapi_document import document
from workbuoy_app.settings import load

pytestmark = pytest.mark.lengthy

UI = Path(__file__).parents[1] / "ui"
installed = pytest.mark.skipif(
    shutil.which("node") is None or not (UI / "node_modules/.installed").is_file(),
    reason="the web interface's packages are not here: Node 20.19 or newer, then `make ui`",
)


def run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [str(UI / "node_modules/.bin" / program), *arguments],
        cwd=UI,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_is_pinned_by_a_hash_and_by_no_address() -> None:
    text = (UI / "package-lock.json").read_text()
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}
    assert len(packages) > 50
    assert [
        name for name, one in packages.items() if not one.get("integrity", "").startswith("sha512-")
    ] == []
    assert '"resolved"' not in text
    assert not re.search(r"registry|\.tgz", text)


def test_every_package_that_is_asked_for_is_asked_for_in_one_version() -> None:
    asked = json.loads((UI / "package.json").read_text())
    versions = {**asked["dependencies"], **asked["devDependencies"]}
    assert {name: one for name, one in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", one)} == {}


@installed
def test_the_types_are_those_of_the_services_document(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(document())
    run("openapi-typescript", str(tmp_path / "openapi.json"), "--output", str(tmp_path / "schema.ts"))
    assert (tmp_path / "schema.ts").read_text() == (UI / "src/api/schema.ts").read_text(), (
        "run: make -C app ui-types"
    )


@installed
def test_it_builds_into_what_the_service_serves(tmp_path: Path) -> None:
    run("tsc")
    run("vite", "build", "--outDir", str(tmp_path), "--logLevel", "error")
    settings = load({"DATABASE_URL": "sqlite:///unused", "OIDC_DEV_MOCK": "1"})
    assert len(interface.routes(settings, (tmp_path,))) == len(interface.PAGES) + 1
    page = (tmp_path / "index.html").read_text()
    names = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert all(name.startswith("/assets/") and (tmp_path / name[1:]).is_file() for name in names)
    assert not re.search(r"<script>|<style|\son\w+=|style=", page)
    for name in names:
        assert (tmp_path / f"{name[1:]}.br").stat().st_size < (tmp_path / name[1:]).stat().st_size
