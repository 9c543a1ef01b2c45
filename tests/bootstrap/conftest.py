"""One account in moto: bootstrapped, with its environment's stack stood up within the boundary, and its calls."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bootstrap.names import deploy_role
from components.context import BOUNDARY
from project.files import Project, find_project
from rehearsal.cloud import Cloud, Moto, running
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse
from rehearsal.whole import ServiceOptions, rehearse_whole
from tests.bootstrap.calls import Call
from tests.bootstrap.proof import Proof, recorded
from tests.conftest import PROJECT, ROOT, Change, Graph

ACCOUNTS = ("dev", "staging", "prod")
BOOTSTRAP = PROJECT / "bootstrap"
FURTHER = {"prod": ("prod-eu-north-1", "prod-acme")}  # a regional base, and a customer's own stack


@dataclass(frozen=True, kw_only=True)
class Account:
    """A bootstrapped account with its environment's stack in it."""

    cloud: Cloud
    bootstrap: Rehearsal
    stack: Rehearsal
    calls: list[Call]
    proofs: dict[str, Proof] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.cloud.account

    def proof(self, role: str) -> Proof:
        """The proof of one role, named without the account's ARN. It is read once: nobody changes what stands."""
        if role not in self.proofs:
            self.proofs[role] = Proof(cloud=self.cloud, role_arn=f"arn:aws:iam::{self.id}:role/{role}")
        return self.proofs[role]

    def arn(self, service: str, resource: str, region: str = "eu-west-1") -> str:
        return f"arn:aws:{service}:{region}:{self.id}:{resource}"


@pytest.fixture(scope="package")
def whole() -> Rehearsal:
    """What `workbuoy rehearse prod` shows inside `bootstrap/`."""
    return rehearse_whole(find_project(BOOTSTRAP), "prod", Options(), ServiceOptions())


@pytest.fixture(scope="package")
def moto(whole: Rehearsal) -> Iterator[Moto]:
    """One moto for all accounts of this folder's tests, and for no others: a moto inside another one is the same.

    So what starts one of its own, `whole`, comes before it.
    """
    assert whole.passed
    with running() as started:
        yield started


@pytest.fixture(scope="package")
def accounts(moto: Moto, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Account]:
    """An environment's account, stood up once."""

    @cache
    def stand_up(environment: str) -> Account:
        bootstrapped = rehearse(find_project(BOOTSTRAP), environment, None, moto)
        project = _within_boundary(tmp_path_factory.mktemp(environment), environment)
        with recorded(moto) as calls:
            stack = rehearse(project, environment, None, moto)
            for further in FURTHER.get(environment, ()):
                options = Options(references={environment: stack.exports})
                assert rehearse(project, further, options, moto).passed, further
        cloud = moto.cloud(bootstrapped.account, bootstrapped.region)
        return Account(cloud=cloud, bootstrap=bootstrapped, stack=stack, calls=list(calls))

    return stand_up


def _within_boundary(folder: Path, environment: str) -> Project:
    """The project's stacks, with the boundary that this account's deploys must set, and whatever is off by default."""
    for file in PROJECT.glob("Pulumi*.yaml"):
        shutil.copy(file, folder)
    shutil.copytree(PROJECT / "tenants", folder / "tenants")
    for file in folder.glob(f"Pulumi.{environment}*.yaml"):
        content = yaml.safe_load(file.read_text())
        settings = content["config"].get("workbuoy:settings")
        if settings:  # a customer's own stack has its base's
            settings["permissionsBoundaryArn"] = f"arn:aws:iam::{settings['account']}:policy/{BOUNDARY}"
            settings["service"]["waf"] = {}
            settings["backupCopy"] = {"account": "444455556666"}
            file.write_text(yaml.safe_dump(content, sort_keys=False))
    return Project(find_project(PROJECT).name, folder, ROOT / "infra")


@pytest.fixture(scope="package")
def prod(accounts: Callable[[str], Account]) -> Account:
    """The account of prod."""
    return accounts("prod")


@pytest.fixture
def deploy(prod: Account) -> Proof:
    """What prod's deploy role may do."""
    return prod.proof(deploy_role("prod"))


@pytest.fixture
def account_files(tmp_path: Path) -> Project:
    """A copy of the account files over the same program, free to be changed."""
    for file in BOOTSTRAP.glob("Pulumi*.yaml"):
        shutil.copy(file, tmp_path)
    return Project("workbuoy-bootstrap", tmp_path, ROOT / "bootstrap")


@pytest.fixture
def declare_with(account_files: Project) -> Callable[[str, Change], Graph]:
    """The graph of an account with changed settings."""

    def declare(stack: str, change_settings: Change) -> Graph:
        file = account_files.stack_file(stack)
        content: dict[str, Any] = yaml.safe_load(file.read_text())
        change_settings(content["config"]["workbuoy-bootstrap:settings"])
        file.write_text(yaml.safe_dump(content, sort_keys=False))
        return Graph(rehearse(account_files, stack, Options(declare_only=True)))

    return declare
