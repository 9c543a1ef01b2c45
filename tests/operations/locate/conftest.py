"""One silo on its base in one moto, looked through as the account that it would be."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from graph import Graph, Resource
from infra.tenants.files import read_tenant
from operations.locate.live.account import Account
from operations.locate.sources import Declarations, Estate, Source
from project.files import Project, find_project
from rehearsal.cloud import Cloud, running
from tests.conftest import PROJECT, ROOT

ELSEWHERE = "us-east-1"
REGIONS = ("eu-west-1", "eu-north-1", ELSEWHERE)


class Looked(Account):
    """The account in moto, with few regions: each costs a dozen clients."""

    def __init__(self, estate: Estate, cloud: Cloud) -> None:
        super().__init__(estate.own.account, estate.own.region, cloud.client)
        self.cloud = cloud

    def regions(self) -> list[str]:
        return list(REGIONS)


@pytest.fixture(scope="module", autouse=True)
def declared_once(locating_declares_once: None) -> None:
    """A stack of the same files is declared once for all these tests, the command's runs included."""


@pytest.fixture(scope="session")
def project_root() -> Project:
    return find_project(PROJECT)


@pytest.fixture
def project_with_accounts(project: Project) -> Project:
    """The copy that may be changed, with the accounts' files: without them an answer has a gap."""
    shutil.copytree(PROJECT / "bootstrap", project.root / "bootstrap")
    named = project.root / "bootstrap/Pulumi.yaml"
    named.write_text(named.read_text().replace("../../../..", str(ROOT)))
    return project


@pytest.fixture(scope="module")
def declarations(project_root: Project) -> Declarations:
    return Declarations(project_root)


@pytest.fixture(scope="module")
def acme(declarations: Declarations) -> Estate:
    """A silo on prod, as declared."""
    return declarations.estate(read_tenant(PROJECT, "acme"))


@pytest.fixture(scope="module")
def initech(declarations: Declarations) -> Estate:
    """A tenant of prod's pool, as declared."""
    return declarations.estate(read_tenant(PROJECT, "initech"))


@pytest.fixture(scope="module")
def account(project_root: Project) -> Iterator[Any]:
    """The account in which acme and prod stand."""
    with running() as moto:
        stood = Declarations(project_root, Source.REHEARSAL, moto).estate(read_tenant(PROJECT, "acme"))
        yield Looked(stood, moto.cloud(stood.own.account, stood.own.region))


def among(graph: Graph, *resources: Resource) -> Graph:
    """The same stack with other resources."""
    place = {"stack": graph.stack, "project": graph.project, "account": graph.account, "region": graph.region}
    return Graph(resources, **place)
