"""`tests/run`, by which the whole suite is run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.lengthy

FAILING = "def test_it() -> None:\n    assert False\n"
FLAKY = """
from pathlib import Path

def test_it() -> None:
    tried = Path(__file__).with_name("tried")
    before = tried.exists()
    tried.touch()
    assert before
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """With temporary folders of its own: another session's are not its to sweep. Most plugins cost more than it all."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    pytest_alone = [sys.executable, "-m", "pytest", "-q", "-p", "xdist", f"--basetemp={folder / 'base'}"]
    command = [str(ROOT / "tests/run"), *pytest_alone]
    return subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("text", "status", "reported"), [(FAILING, 1, False), (FLAKY, 0, True)], ids=["failing", "flaky"]
)
@pytest.mark.slow
def test_what_fails_is_tried_once_more_alone_and_named_where_it_then_passes(
    tmp_path: Path, text: str, status: int, reported: bool
) -> None:
    (tmp_path / "test_one.py").write_text(text)
    done = run(tmp_path, "-n", "2", "--dist", "loadfile")
    assert (done.returncode, "FLAKY" in done.stderr) == (status, reported)
    assert done.stdout.count("FAILED test_one.py::test_it") == (1 if reported else 2)


def test_a_run_without_any_test_is_not_tried_again(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (5, "")
