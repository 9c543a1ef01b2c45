"""The pages' one script in a browser: a page without a tree of resources works as well."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.report.markup import Html, el
from rehearsal.report.page import head, script

pytestmark = pytest.mark.lengthy

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@dataclass(frozen=True)
class Shown:
    """The document as a browser has it, and what its console says."""

    document: str
    console: str


def in_browser(folder: Path, body: Html) -> Shown:
    """A page with this body and the script."""
    file = folder / "page.html"
    file.write_text(f"<!doctype html>\n{el('html', head('page'), el('body', body, script()), lang='en')}\n")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", f"--user-data-dir={folder}/p")
    command = [str(CHROMIUM), *flags, "--dump-dom", f"{file.as_uri()}#told"]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=120)
    assert "<summary>" in done.stdout
    return Shown(done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line))


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the script was not tried in a browser")
def test_a_page_without_a_tree_has_nothing_to_complain_of(tmp_path: Path) -> None:
    """As `workbuoy evidence` and `rehearse --all` write one."""
    assert in_browser(tmp_path, el("details", el("summary", "closed"), el("p", "here", id="told"))).console == ""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the script was not tried in a browser")
def test_a_page_with_a_tree_gets_its_controls(tmp_path: Path) -> None:
    resource = el(
        "details", el("summary", "bucket"), el("p", "here", id="told"), class_="resource", data_state="passed"
    )
    buttons = [el("button", name, id=name, type="button") for name in ("open", "close")]
    controls = el("form", el("input", id="find"), el("output", "", id="hits"), buttons, id="controls", hidden=True)
    found = in_browser(tmp_path, el("div", controls, el("div", el("div", resource), id="tree")))
    assert found.console == ""
    assert '<form id="controls">' in found.document
