"""The workflows as the field's linters see them: actionlint for what GitHub refuses, zizmor for what is unsafe."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.workflows.reading import FOLDER

GOOD = """\
name: good
on: push
permissions: {}
jobs:
  one:
    name: one
    runs-on: ubuntu-24.04
    steps:
      - run: make test
"""
UNSAFE = GOOD.replace("on: push", "on: issues").replace("make test", 'make "${{ github.event.issue.title }}"')
REFUSED = GOOD.replace("    runs-on: ubuntu-24.04\n", "    runs-on: ubuntu-24.04\n    if: needs.two.result\n")


def actionlint(*files: Path) -> "subprocess.CompletedProcess[str]":
    places = [ROOT / "build/bin/actionlint", Path.home() / "go/bin/actionlint"]
    program = shutil.which("actionlint") or next((str(one) for one in places if one.is_file()), None)
    if program is None:
        pytest.skip(
            "actionlint missing: go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12, as .ci/run does"
        )
    # Each step is one command, which another test holds; what a shell's linter adds depends on the machine.
    return subprocess.run(
        [program, "-no-color", "-shellcheck=", "-pyflakes=", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def zizmor(*paths: Path) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).with_name("zizmor")
    assert program.is_file(), "zizmor is a development requirement: make .venv/installed"
    return subprocess.run(
        [str(program), "--offline", "--quiet", "--color=never", "--persona=auditor", *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def test_actionlint_passes() -> None:
    done = actionlint(*sorted(FOLDER.glob("*.yml")))
    assert (done.returncode, done.stdout) == (0, ""), done.stdout


def test_actionlint_notices_what_github_would_refuse(tmp_path: Path) -> None:
    (tmp_path / "refused.yml").write_text(REFUSED)
    done = actionlint(tmp_path / "refused.yml")
    assert done.returncode == 1
    assert '"two"' in done.stdout


def test_zizmor_passes_as_its_strictest_persona() -> None:
    done = zizmor(ROOT / ".github")
    assert done.returncode == 0, done.stdout


def test_zizmor_notices_what_is_unsafe(tmp_path: Path) -> None:
    (tmp_path / "unsafe.yml").write_text(UNSAFE)
    done = zizmor(tmp_path / "unsafe.yml")
    assert done.returncode != 0
    assert "template-injection" in done.stdout


def test_each_finding_that_is_accepted_has_a_reason_beside_it() -> None:
    """What is accepted follows a comment; the list of a rule's files may stand between the two."""
    text = (ROOT / ".github/zizmor.yml").read_text(encoding="utf-8")
    rules = re.split(r"^  (?=[a-z])", text.partition("rules:\n")[2], flags=re.MULTILINE)[1:]
    assert rules
    assert [rule for rule in rules if not re.search(r"^ +# [A-Z]", rule, re.MULTILINE)] == []
