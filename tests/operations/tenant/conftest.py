"""A project of base stacks and customers, with account ids and an image that look real."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from infra.placeholders import PLACEHOLDER_DIGEST
from operations.engine import account
from operations.tenant.command import tenant
from project.files import Project, find_project
from tests.conftest import PROJECT
from tests.operations.conftest import SALT

ACCOUNT = "210000000003"
REAL = {"000000000003": ACCOUNT, "000000000004": "210000000004"}
DIGEST = "sha256:" + "5eed" * 16

Run = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy with prod, prod-eu-north-1 and the three example customers; the current folder is in it."""
    root = tmp_path / "project"
    root.mkdir()
    for file in PROJECT.glob("Pulumi*.yaml"):
        text = file.read_text()
        real = _with_accounts(text).replace(PLACEHOLDER_DIGEST, DIGEST)
        (root / file.name).write_text(real if file.name == "Pulumi.yaml" else real + SALT)
    (root / "tenants").mkdir()
    for file in (PROJECT / "tenants").glob("*.yaml"):
        (root / "tenants" / file.name).write_text(_with_accounts(file.read_text()))
    for name in ("infra", "policies"):
        (root / name).symlink_to(PROJECT / name)
    monkeypatch.chdir(root)
    return find_project(root)


def _with_accounts(text: str) -> str:
    for placeholder, real in REAL.items():
        text = text.replace(placeholder, real)
    return text


class NothingBeside:
    """RDS of an account that has no snapshot, and no database beside those that serve."""

    def get_paginator(self, _: str) -> Any:
        return SimpleNamespace(paginate=lambda **_: [])

    def describe_db_instances(self, **_: str) -> Any:
        raise ClientError({"Error": {"Code": "DBInstanceNotFound"}}, "DescribeDBInstances")


@pytest.fixture
def run(project: Project) -> Run:
    """`workbuoy tenant ...` in the project."""
    assert project

    def invoke(*arguments: str, **options: str) -> Result:
        return CliRunner().invoke(tenant, list(arguments), **options)  # type: ignore[arg-type]

    return invoke


@pytest.fixture
def prod_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS knows the caller, in prod's account."""

    def me(_stack: str, _region: str, _environment: object) -> dict[str, str]:
        return {"Account": ACCOUNT, "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/ola"}

    monkeypatch.setattr(account, "who_am_i", me)
    from operations.tenant import silo_stack

    monkeypatch.setattr(silo_stack, "who_am_i", me)


def snapshot(root: Path) -> dict[str, bytes]:
    """Every file of the project's own, to see that nothing changed."""
    return {str(file): file.read_bytes() for file in (*root.glob("*.yaml"), *root.glob("tenants/**/*.yaml"))}


@pytest.fixture
def unchanged(project: Project) -> Callable[[], bool]:
    """Whether every file of the project is as it was when the test began."""
    before = snapshot(project.root)
    return lambda: snapshot(project.root) == before
