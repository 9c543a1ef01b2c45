"""A legal hold in a customer's record: what a silo's settings become, and what a pool cannot hold."""

from pathlib import Path

import pytest

from facts import tokens as t
from facts.stores import Form, stores
from infra.tenants.files import read_tenant
from infra.tenants.hold import HELD_BACKUPS_DAYS, HELD_VERSIONS_DAYS
from project.files import Project
from project.silos import retiring_on
from tests.conftest import PROJECT, ROOT
from tests.declared import graph_with_base
from tests.infra.tenants.conftest import Edit, problems_of, problems_when
from tests.infra.tenants.test_silo import load

HELD = "dates:\n  hold:\n    since: 2026-11-20\n    reason: Case 26-104522, Oslo tingrett"


def test_hold_needs_a_day_and_a_reason(edit: Edit) -> None:
    root = edit("acme", "dates:", "dates:\n  hold: {since: 2026-11-20, reason: short}")
    (told,) = problems_of(root)
    assert "tenants/acme.yaml:" in told
    assert "dates.hold.reason" in told


def test_held_silo_keeps_versions_for_a_century_and_backups_as_long_as_rds_can(edit: Edit) -> None:
    before = load(PROJECT, "prod-acme", "acme").settings
    held = load(edit("acme", "dates:", HELD), "prod-acme", "acme").settings
    assert held.files.expire_noncurrent_after_days == HELD_VERSIONS_DAYS
    assert held.database.backup_retention_days == HELD_BACKUPS_DAYS
    changed = {"files", "database"}
    assert before.model_dump(exclude=changed) == held.model_dump(exclude=changed)


def test_held_silo_deletes_no_files_whatever_its_base_does(edit: Edit, root: Path) -> None:
    base = root / "Pulumi.prod.yaml"
    base.write_text(
        base.read_text().replace(
            "expireNoncurrentAfterDays", "deleteAfterDays: 400\n      expireNoncurrentAfterDays", 1
        )
    )
    assert load(root, "prod-acme", "acme").settings.files.delete_after_days == 400
    assert load(edit("acme", "dates:", HELD), "prod-acme", "acme").settings.files.delete_after_days is None


@pytest.mark.lengthy
def test_hold_wins_over_retiring(edit: Edit) -> None:
    edit("acme", "dates:", HELD)
    root = edit("acme", "signed: 2026-10-01", "signed: 2026-10-01\n  retiring: 2026-10-02")
    project = Project("workbuoy", root, ROOT / "infra")
    graph = graph_with_base(project, "prod-acme")
    (database,) = graph.of(t.DATABASE)
    assert database.inputs["deletionProtection"] is True
    assert retiring_on(project, "prod-acme") is None
    (versions,) = [
        one for one in stores(graph) if one.form is Form.NONCURRENT_VERSIONS and one.holder.name == "files-bucket"
    ]
    assert versions.kept.days == HELD_VERSIONS_DAYS


def test_released_the_day_of_leaving_counts_again(edit: Edit) -> None:
    edit("acme", "signed: 2026-10-01", "signed: 2026-10-01\n  retiring: 2026-10-02")
    root = edit("acme", "dates:", HELD)
    assert read_tenant(root, "acme").dates.leaves_on is None
    root = edit("acme", HELD, "dates:")
    assert str(read_tenant(root, "acme").dates.leaves_on) == "2026-10-02"


@pytest.mark.parametrize(("name", "stopped"), [("initech", True), ("acme", False)])
def test_pool_that_deletes_everybodys_files_of_an_age_cannot_hold_one(
    edit: Edit, root: Path, name: str, stopped: bool
) -> None:
    base = root / "Pulumi.prod.yaml"
    base.write_text(
        base.read_text().replace(
            "expireNoncurrentAfterDays", "deleteAfterDays: 400\n      expireNoncurrentAfterDays", 1
        )
    )
    edit(name, "dates:", HELD)
    told = problems_of(root)
    assert any(f"tenants/{name}.yaml" in one and "cannot hold: prod deletes files" in one for one in told) is stopped
    assert not problems_when(lambda: read_tenant(root, name)), "the record itself is right"
