"""What tests of commands share."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.engine import account
from operations.locate import sources
from operations.rehearse import perform
from operations.rehearse.perform import RehearseOptions
from project.files import Project, find_project
from rehearsal.result import Rehearsal
from rehearsal.tenants import account as tenants_account
from tests.conftest import copy_of_project
from tests.declared import KEPT, declared_once
from tests.forked_command import Forking
from tests.operations.engine.fake_cli import FakeCli

SALT = "encryptionsalt: v1:made:for:tests\n"


@pytest.fixture(scope="module")
def locating_declares_once() -> Iterator[None]:
    """`workbuoy locate` declares stacks and accounts once for all its tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "rehearse", declared_once)
        patch.setattr(tenants_account, "rehearse", declared_once)
        yield


@pytest.fixture
def rehearsing_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command rehearses of the example project is rehearsed once, in whichever form it is printed."""
    rehearsed = perform.rehearsed

    def once(asked: RehearseOptions) -> Rehearsal:
        name = hashlib.sha256(repr(asked).encode()).hexdigest()
        return rehearsed(asked) if asked.since else KEPT.result(name, lambda: rehearsed(asked))

    monkeypatch.setattr(perform, "rehearsed", once)


@pytest.fixture
def declaring_in_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each side of a comparison declares itself in a fork of this process, by its own code."""
    monkeypatch.setattr(subprocess, "Popen", Forking)


@pytest.fixture
def fake_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCli:
    """A scripted `pulumi`, first on PATH."""
    cli = FakeCli(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{cli.folder}{os.pathsep}{os.environ['PATH']}")
    return cli


@pytest.fixture
def no_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the Pulumi CLI."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def made_project(tmp_path: Path) -> Project:
    """A copy of the project whose stacks have been made: their files name a secrets provider."""
    root = copy_of_project(tmp_path / "project")
    for file in root.glob("Pulumi.*.yaml"):
        file.write_text(file.read_text() + SALT)
    return find_project(root)


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS knows the caller, in whichever account the stack asks for dev."""

    def me(_stack: str, _region: str, _environment: object) -> dict[str, str]:
        return {"Account": "000000000001", "Arn": "arn:aws:sts::000000000001:assumed-role/deploy/ola"}

    monkeypatch.setattr(account, "who_am_i", me)
