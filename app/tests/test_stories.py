"""Every story of the web interface in Chromium: axe finds nothing, and each looks as it did."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.test_ui import UI, installed

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    installed,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the stories were not looked at"),
]


def node(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["node", *arguments], cwd=UI, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.fixture(scope="module")
def storybook() -> Path:
    """As `make ui-storybook` builds it."""
    done = subprocess.run(
        ["npm", "run", "--silent", "build-storybook"],
        cwd=UI,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return UI / "build/storybook"


@pytest.mark.usefixtures("storybook")
def test_axe_finds_nothing_in_any_story_and_each_looks_as_it_did() -> None:
    done = node("checks/stories.js")
    print(done.stderr)
    assert done.returncode == 0, done.stderr
    assert re.search(r"[5-9]\d stories in 4 views", done.stdout)


@pytest.mark.usefixtures("storybook")
def test_a_story_that_is_hard_to_read_and_looks_otherwise_is_found() -> None:
    done = node("checks/stories.js", "--spoil", "thing--shown")
    assert done.returncode == 1
    assert "thing--shown (nb-light-1280): color-contrast" in done.stderr
    assert "looks otherwise" in done.stderr or "Pictures are not compared" in done.stderr


def test_every_element_stands_in_a_story(storybook: Path) -> None:
    stories = "".join(file.read_text() for file in (UI / "src/stories").glob("*.stories.ts"))
    elements = {file.stem: file.read_text() for file in (UI / "src/elements").glob("*.ts")}
    named = {name for text in elements.values() for name in re.findall(r'@customElement\("([\w-]+)"\)', text)}
    shown = named & set(re.findall(r"<(wb-[\w-]+)", stories))
    while (
        more := {
            inner
            for text in elements.values()
            if shown & set(re.findall(r'@customElement\("([\w-]+)"\)', text))
            for inner in re.findall(r"<(wb-[\w-]+)", text)
        }
        - shown
    ):
        shown |= more
    assert shown == named
    entries = json.loads((storybook / "index.json").read_text())["entries"]
    assert len(entries) == len(re.findall(r"^export const \w+: Story", stories, re.MULTILINE))
