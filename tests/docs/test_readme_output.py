"""The README shows what a rehearsal of prod prints, up to its figures."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.rehearsal.service.test_surroundings import installed


def without_figures(text: str) -> list[str]:
    """Words alone: figures change from run to run, and with them where a line is broken."""
    return re.sub(r"\d+(\.\d+)?", "N", text).split()


@installed
@pytest.mark.slow
def test_the_readme_shows_what_a_rehearsal_of_prod_prints() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("provider.\n\n```\n", 1)[1].split("\n```", 1)[0]
    command = [str(Path(sys.executable).parent / "workbuoy"), "rehearse", "prod"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout
    assert without_figures(printed) == without_figures(shown)
