"""A program's text changed into another's, in moto."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from graph.rehearsed import SCHEMA
from operations.outputs.rehearsed import as_json
from project.files import Project, find_project
from rehearsal.change.run import Stood
from rehearsal.cloud import Moto
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse
from tests.rehearsal.conftest import EVERY_KIND, WriteProject

RehearseChange = Callable[..., Rehearsal]


class Recorded:
    """What an older revision declared, as its process would print it."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body

    def body(self) -> Mapping[str, Any]:
        return self._body


def stood(project: Project, stack: str = "test") -> Stood:
    """What a project declares now, as if it stood."""
    body = {"schema": SCHEMA, **as_json(rehearse(project, stack, Options(declare_only=True)))}
    origin = f"before ({'0' * 9}) to the working tree"
    return Stood("before", origin, folder=project.root, declared=Recorded(body), base=None)


def account_of(request: pytest.FixtureRequest) -> str:
    return f"4{abs(hash(request.node.nodeid)) % 10**11:011d}"


@pytest.fixture
def rehearse_change(write_project: WriteProject, moto: Moto, request: pytest.FixtureRequest) -> RehearseChange:
    """Stand up one program, and change it into another, in an account of its own."""

    def run(before: str, after: str) -> Rehearsal:
        config = f'config:\n  small:settings:\n    region: eu-north-1\n    account: "{account_of(request)}"\n'
        was = stood(write_project(before, config))
        return rehearse(write_project(after, config), "test", Options(stood=was), moto)

    return run


@pytest.fixture
def change_every_kind(tmp_path: Path, moto: Moto, request: pytest.FixtureRequest) -> Callable[[str], Rehearsal]:
    """Stand up the program that declares every kind, and change it into what a function makes of its text."""

    def run(text: str) -> Rehearsal:
        shutil.copytree(EVERY_KIND, tmp_path, dirs_exist_ok=True)
        project = find_project(tmp_path)
        account = account_of(request)
        stack = f"test{account}"  # the names of buckets follow from the stack's, and are taken in all of S3
        config = (tmp_path / "Pulumi.test.yaml").read_text().replace("000000000321", account)
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(config)
        was = stood(project, stack)
        (project.main / "__main__.py").write_text(text)
        return rehearse(project, stack, Options(stood=was), moto)

    return run
