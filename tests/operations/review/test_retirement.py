"""A retiring customer's record accepts that protections are lifted, and nothing else."""

import datetime
from pathlib import Path

import pytest

from operations.review.effects import Danger, EffectKind
from operations.review.retirement import accepted_in
from policies.retiring import RETIRING, with_retirement
from policies.settings import configured
from tests.conftest import copy_of_project

TODAY = datetime.date(2026, 12, 31)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The project with acme retiring."""
    copy_of_project(tmp_path)
    record = tmp_path / "tenants/acme.yaml"
    record.write_text(record.read_text() + "  retiring: 2026-12-31\n")
    return tmp_path


def accepted(root: Path, stack: str, *dangers: Danger) -> set[str]:
    """The kinds that the record accepts of these dangers."""
    return {one.waiver.effect for one in accepted_in(root, stack, dangers, TODAY)}


def danger(kind: EffectKind, what: str, stack: str = "prod-acme") -> Danger:
    return Danger(kind, f"urn:pulumi:{stack}::workbuoy::a::database-instance", what)


LIFTED = (
    danger("protect-off", "`protect` is lifted, so that"),
    danger("deletion-protection-off", "deletionProtection true → false (deletion protection)"),
    danger("safeguard-off", "forceDestroy false → true (a full bucket may be destroyed)"),
)


def test_lifting_what_refuses_a_deletion_is_accepted_for_a_retiring_silo(root: Path) -> None:
    assert accepted(root, "prod-acme", *LIFTED) == {one.kind for one in LIFTED}


@pytest.mark.parametrize("stack", ["prod", "prod-eu-north-1-globex", "staging"])
def test_for_nobody_else(root: Path, stack: str) -> None:
    assert not accepted(root, stack, *LIFTED)


@pytest.mark.parametrize(
    "kept",
    [
        danger("protect-off", "`retainOnDelete` is lifted, so that `destroy` takes it along"),
        danger("safeguard-off", "skipFinalSnapshot false → true (final snapshot skipped)"),
        danger("safeguard-off", "deleteAutomatedBackups false → true (backups go with the database)"),
        danger("replace", "is replaced"),
        danger("delete", "is deleted"),
    ],
)
def test_what_keeps_data_after_a_deletion_still_stops(root: Path, kept: Danger) -> None:
    assert not accepted(root, "prod-acme", kept)


def test_the_policies_that_demand_protection_become_advice_for_it_alone() -> None:
    levels = configured("prod", with_retirement(None, retiring=True))
    assert {levels[name].level for name in RETIRING} == {"advisory"}
    usual = configured("prod", with_retirement(None, retiring=False))
    assert {usual[name].level for name in RETIRING} == {"mandatory"}
    others = set(levels) - set(RETIRING)
    assert all(levels[name].level == usual[name].level for name in others)


def test_a_persons_own_setting_of_such_a_policy_wins() -> None:
    name = next(iter(RETIRING))
    assert with_retirement({name: "mandatory"}, retiring=True)[name] == "mandatory"
