"""Where copies of a base stack's backups go was accepted once: its customers' own stacks need no waiver for it."""

import datetime
from pathlib import Path

import pytest
import yaml

from facts import tokens as t
from graph.plan import Plan
from operations.review.base import accepted_by_base
from operations.review.effects import Danger
from operations.review.waivers import Filed, Waiver
from tests.conftest import copy_of_project

TODAY = datetime.date(2026, 12, 31)
BASE, SILO = "prod-eu-north-1", "prod-eu-north-1-newco"  # newco has no file: where the base branch judges it is unknown
NAMED, OTHER = "210000000004", "999999999999"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The project, of which BASE copies its backups to NAMED."""
    copy_of_project(tmp_path)
    copies_to(tmp_path, NAMED)
    return tmp_path


def copies_to(root: Path, account: str | None) -> None:
    file = root / f"Pulumi.{BASE}.yaml"
    content = yaml.safe_load(file.read_text())
    settings = content["config"]["workbuoy:settings"]
    settings["backupCopy"] = None if account is None else {**settings["backupCopy"], "account": account}
    file.write_text(yaml.safe_dump(content))


def danger(what: str, stack: str = SILO, kind: str = t.BACKUP_PLAN) -> Danger:
    return Danger("residency", f"urn:pulumi:{stack}::workbuoy::workbuoy:aws:BackupCopy${kind}::backup-plan", what)


def goes_to(account: str, stack: str = SILO, kind: str = t.BACKUP_PLAN) -> Danger:
    return danger(f"names something of another account, {account}", stack, kind)


def accepted(root: Path, found: Danger, *waivers: Filed, stack: str = SILO) -> bool:
    filed = accepted_by_base(root, Plan(stack=stack, steps=()), (found,), waivers, TODAY)
    assert all(one.accepts(found) for one in filed)
    return bool(filed)


def waiver_for(found: Danger) -> Filed:
    fields = {"urn": found.urn, "effect": found.kind, "change": found.what, "owner": "Kari", "lastDay": TODAY}
    return Filed(Waiver.model_validate({**fields, "reason": "The group keeps its copies there"}), "waivers/x.yaml")


def test_the_account_in_the_base_stacks_file_needs_no_waiver(root: Path) -> None:
    assert accepted(root, goes_to(NAMED))


@pytest.mark.parametrize(
    "found",
    [
        goes_to(OTHER),
        goes_to(NAMED, kind="aws:s3/bucketReplicationConfig:BucketReplicationConfig"),
        danger("in us-east-1"),
        Danger("role-widened", goes_to(NAMED).urn, goes_to(NAMED).what),
    ],
)
def test_nothing_else_is_accepted(found: Danger, root: Path) -> None:
    assert not accepted(root, found)


def test_the_base_stack_itself_is_judged_as_ever(root: Path) -> None:
    assert not accepted(root, goes_to(NAMED, BASE), stack=BASE)


def test_a_base_stack_whose_name_begins_like_another_is_none_of_its_customers(root: Path) -> None:
    settings = yaml.safe_load((root / f"Pulumi.{BASE}.yaml").read_text())
    (root / "Pulumi.prod.yaml").write_text(yaml.safe_dump(settings))
    copies_to(root, None)
    assert not accepted(root, goes_to(NAMED, BASE), stack=BASE)


def test_a_customer_of_another_base_stack_is_too(root: Path) -> None:
    assert not accepted(root, goes_to(NAMED, "prod-newco"), stack="prod-newco")


def test_a_base_stack_that_keeps_no_copies_accepts_none(root: Path) -> None:
    copies_to(root, None)
    assert not accepted(root, goes_to(NAMED))


def test_a_waiver_of_the_base_stack_counts_while_its_file_is_not_merged(root: Path) -> None:
    copies_to(root, None)
    assert accepted(root, goes_to(NAMED), waiver_for(goes_to(NAMED, BASE)))
    assert not accepted(root, goes_to(OTHER), waiver_for(goes_to(NAMED, BASE)))
    assert not accepted(root, goes_to(NAMED), waiver_for(goes_to(NAMED, "prod")))


def test_where_there_is_no_project_nothing_is_accepted(tmp_path: Path) -> None:
    assert not accepted(tmp_path, goes_to(NAMED))
