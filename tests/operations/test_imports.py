"""Commands that ask no cloud import none of its libraries, which take most of a second."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT, ROOT

pytestmark = pytest.mark.lengthy

CLOUD = ("boto3", "botocore", "moto")
RECORDING = ROOT / "tests/recordings/previews/delbucket.events.jsonl"
ENGINE = ("pulumi", "pulumi_aws", "pulumi_policy", "grpc")

# Whoever imports one of them fails there, so that the traceback names the line.
_WITHOUT = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise AssertionError(f"{name} is imported")
refused = sys.argv.pop(1).split(",")
sys.meta_path.insert(0, Refuse())
from operations.main import main
main(prog_name="workbuoy")
"""


def without(refused: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the example project, where none of these packages can be imported."""
    command = [sys.executable, "-c", _WITHOUT, ",".join(refused), *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "arguments", [("--help",), ("review", "--help"), ("tenant", "list"), ("tenant", "check")], ids=" ".join
)
def test_help_and_customers_need_neither_aws_nor_pulumi(arguments: tuple[str, ...]) -> None:
    done = without((*CLOUD, *ENGINE), *arguments)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("backups", "prod", "--live"),
        ("drills", "prod"),
        ("restore", "end", "prod", "--expired"),
        ("drift", "prod", "--account"),
    ],
    ids=" ".join,
)
def test_what_asks_the_engine_says_that_it_is_missing_before_it_imports_pulumi(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    done = without(ENGINE, *arguments)
    assert done.returncode == 4, done.stderr


@pytest.mark.slow
def test_a_cost_is_computed_without_aws() -> None:
    done = without(CLOUD, "cost", "dev")
    assert done.returncode == 0, done.stderr


def test_a_recorded_preview_is_judged_without_aws() -> None:
    done = without(CLOUD, "review", "--events", str(RECORDING))
    assert done.returncode == 3, done.stderr
    assert "error: prod: stopped by delete" in done.stderr


def test_an_import_that_should_not_be_is_named() -> None:
    done = without(ENGINE, "cost", "dev")
    assert done.returncode != 0
    assert "pulumi is imported" in done.stderr
