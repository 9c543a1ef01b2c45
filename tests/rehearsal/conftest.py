"""Small Pulumi projects on disk, and one rehearsal of every kind that many tests look at."""

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from project.files import Project, find_project
from rehearsal.cloud import Moto, running
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse

EVERY_KIND = Path(__file__).parent / "every_kind"
_HEAD = """
import json
import pulumi
import pulumi_aws as aws
provider = aws.Provider("aws", region="eu-north-1")
top = pulumi.ResourceOptions(provider=provider)
"""

WriteProject = Callable[..., Project]
RehearseText = Callable[..., Rehearsal]


@pytest.fixture
def write_project(tmp_path: Path) -> WriteProject:
    """A project with a program and a stack `test`."""

    def write(text: str, config: str = "config:\n  small:settings:\n    region: eu-north-1\n") -> Project:
        (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
        (tmp_path / "Pulumi.test.yaml").write_text(config)
        (tmp_path / "__main__.py").write_text(_HEAD + dedent(text))
        return find_project(tmp_path)

    return write


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    """One moto for a module's tests. It may not outlive them: a moto inside another one is the same, and not empty."""
    with running() as started:
        yield started


@pytest.fixture
def rehearse_text(write_project: WriteProject, moto: Moto, request: pytest.FixtureRequest) -> RehearseText:
    """Rehearse a program's text in an account of its own in the shared moto."""
    account = f"3{abs(hash(request.node.nodeid)) % 10**11:011d}"

    def run(text: str, options: Options | None = None, *, settings: str = "") -> Rehearsal:
        config = f'config:\n  small:settings:\n    region: eu-north-1\n    account: "{account}"\n{settings}'
        return rehearse(write_project(text, config), "test", options, moto)

    return run


@pytest.fixture(scope="module")
def every_kind(moto: Moto) -> Rehearsal:
    """The rehearsal of the project that declares every kind."""
    return rehearse(find_project(EVERY_KIND), "test", None, moto)


@pytest.fixture(scope="session")
def every_kind_declared() -> Rehearsal:
    """The same, declared only."""
    return rehearse(find_project(EVERY_KIND), "test", Options(declare_only=True))
