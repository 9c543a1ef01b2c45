"""The pages' one script in a browser: a page without a tree of resources works as well."""

import shutil
import subprocess
from pathlib import Path

import pytest

from rehearsal.report.markup import Html, el
from rehearsal.report.page import head, script

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def said(folder: Path, body: Html) -> str:
    """What a browser's console says of the page."""
    file = folder / "page.html"
    file.write_text(f"<!doctype html>\n{el('html', head('page'), el('body', body, script()), lang='en')}\n")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", f"--user-data-dir={folder}/p")
    command = [str(CHROMIUM), *flags, "--dump-dom", f"{file.as_uri()}#told"]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=120)
    assert "<summary>" in done.stdout
    return "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the script was not tried in a browser")
def test_a_page_without_a_tree_has_nothing_to_complain_of(tmp_path: Path) -> None:
    """As `workbuoy evidence` and `rehearse --all` write one."""
    assert said(tmp_path, el("details", el("summary", "closed"), el("p", "here", id="told"))) == ""
