"""Which state of the project a run deployed."""

import subprocess
from pathlib import Path

import pytest

from operations.tenant.deployment.journal import UNKNOWN, version_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a program and a silo's stack file, committed; the project lies in a folder of it."""
    root = tmp_path / "a project"
    root.mkdir()
    (root / "program.py").write_text("1\n")
    (root / "Pulumi.prod-acme.yaml").write_text("config: {}\n")
    (root / ".gitignore").write_text(".workbuoy/\n")
    commit = ("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "--message", "all")
    for arguments in (("init", "--quiet"), ("add", "."), commit):
        subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True)
    return root


def version(root: Path) -> str:
    return version_of(root, ["Pulumi.prod-acme.yaml"])


def test_a_clean_tree_is_its_commit_whatever_runs_left_behind(root: Path) -> None:
    head = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    (root / ".workbuoy").mkdir()
    (root / ".workbuoy/journal").write_text("x")
    assert version(root) == head.stdout.strip()


def test_the_lines_that_a_first_deployment_writes_do_not_count(root: Path) -> None:
    before = version(root)
    (root / "Pulumi.prod-acme.yaml").write_text("config: {}\nencryptionsalt: v1:x\n")
    assert version(root) == before


def test_every_other_change_counts_committed_or_not_known_to_git_or_not(root: Path) -> None:
    seen = [version(root)]
    for name, text in (("program.py", "2\n"), ("new.py", "1\n"), ("new.py", "2\n")):
        (root / name).write_text(text)
        seen.append(version(root))
    assert len(set(seen)) == len(seen)


def test_without_a_commit_nobody_knows(tmp_path: Path) -> None:
    assert version_of(tmp_path) == UNKNOWN
