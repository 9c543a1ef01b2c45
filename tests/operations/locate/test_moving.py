"""While a customer moves, every store of both places is reported and held to residency."""

from datetime import UTC, date, datetime, timedelta

import pytest
import yaml

from infra.tenants.files import read_tenant
from infra.tenants.listing import MOVED_FOLDER
from operations.locate.answer import Answer, as_json
from operations.locate.command import answer_of
from operations.locate.processing import processing
from operations.locate.record.english import IN_ENGLISH
from operations.locate.record.norwegian import IN_NORWEGIAN
from operations.locate.record.page import record
from operations.locate.sources import Source, declarations
from operations.locate.stores import Group, Holds
from operations.locate.text import line_of, text
from operations.tenant.remains import BY_A_PERSON, RECORD, Remaining
from project.files import Project
from tests.conftest import schema_of

pytestmark = pytest.mark.lengthy

MOVE = "move:\n  direction: to\n  base: prod-eu-north-1\n  region: eu-north-1\ndates:\n"


def test_both_places_of_a_customer_who_moves_are_reported(project_with_accounts: Project) -> None:
    project = project_with_accounts
    file = project.root / "tenants/initech.yaml"
    file.write_text(file.read_text().replace("dates:\n", MOVE))
    with declarations(project, Source.DECLARED) as declared:
        answer = answer_of(project, declared, read_tenant(project.root, "initech"), Source.DECLARED, {})
    assert answer.passed
    assert as_json(answer)["otherStack"] == "prod-eu-north-1"
    for group in (Group.DATABASE, Group.FILES, Group.EXPORTS):
        holding = {
            (one.stack, one.region) for one in answer.stores if (one.group, one.holds) == (group, Holds.CUSTOMER)
        }
        assert holding == {("prod", "eu-west-1"), ("prod-eu-north-1", "eu-north-1")}
    assert "both places" in " ".join(text(answer).split())


def test_the_pool_that_a_promoted_customer_comes_from_is_reported_until_it_is_empty(
    project_with_accounts: Project,
) -> None:
    project = project_with_accounts
    file = project.root / "tenants/acme.yaml"
    file.write_text(file.read_text().replace("dates:\n", "promotion: open\ndates:\n"))
    with declarations(project, Source.DECLARED) as declared:
        answer = answer_of(project, declared, read_tenant(project.root, "acme"), Source.DECLARED, {})
    assert as_json(answer)["otherStack"] == "prod"
    for group in (Group.DATABASE, Group.FILES):
        assert {one.stack for one in answer.stores if one.group is group} == {"prod-acme", "prod"}
    named = [(one.urn, one.form, one.name) for one in answer.stores]
    assert len(named) == len(set(named))
    assert "in the pool of prod too" in " ".join(text(answer).split())


def left(project: Project, region: str, *copies: Remaining, name: str = "initech-prod-eu-north-1-2026-11-01") -> None:
    """The record of a place that initech left."""
    file = project.root / MOVED_FOLDER / f"{name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    remaining = [one.document() for one in copies]
    told = {"name": "initech", "base": "prod-eu-north-1", "stack": "prod-eu-north-1", "region": region}
    file.write_text(yaml.safe_dump({**told, "remaining": remaining}))


def copy(what: str, ends: date | None, *, form: str = "log", where: str = "there", how: str = "30 days") -> Remaining:
    return Remaining(what=what, where=where, form=form, ends=ends, how=how)


def located(project: Project) -> Answer:
    with declarations(project, Source.DECLARED) as declared:
        return answer_of(project, declared, read_tenant(project.root, "initech"), Source.DECLARED, {})


def test_what_remains_where_a_customer_was_before_is_reported_with_its_region_until_its_day(
    project_with_accounts: Project,
) -> None:
    today = datetime.now(UTC).date()
    left(
        project_with_accounts,
        "eu-north-1",
        copy("Ended", today - timedelta(days=1)),
        copy("Backups", today),
        copy("Key", None, how=BY_A_PERSON),
        copy("Snapshot", today - timedelta(days=9), how=f"{BY_A_PERSON} after that"),
        copy("Ledger", None, form=RECORD),
        copy("Copies", today, where="arn:aws:backup:eu-west-1:210000000004:backup-vault:v"),
    )
    with declarations(project_with_accounts, Source.DECLARED) as declared:
        tenant = read_tenant(project_with_accounts.root, "initech")
        answer = answer_of(project_with_accounts, declared, tenant, Source.DECLARED, {})
        estate = declared.estate(tenant)
    assert answer.passed
    document = as_json(answer)
    schema_of("locate").validate({"schema": 1, **document})
    told = [(one["what"], one["region"], one["insideResidency"]) for one in document["remainsElsewhere"]]
    assert told == [
        ("Backups", "eu-north-1", True),
        ("Key", "eu-north-1", True),
        ("Snapshot", "eu-north-1", True),
        ("Copies", "eu-west-1", True),
    ]
    shown = " ".join(text(answer).split())
    assert f"Backups (there) in Stockholm, Sweden (eu-north-1), until {today}" in shown
    assert "workbuoy tenant remains initech --live" in shown
    for words in (IN_ENGLISH, IN_NORWEGIAN):
        page = record(answer, processing(project_with_accounts.root, estate), words, today)
        assert today.isoformat() in page.partition(words.texts["backups"])[2].partition(words.texts["readers"])[0]


def test_copy_that_remains_outside_residency_fails_until_its_day(project_with_accounts: Project) -> None:
    today = datetime.now(UTC).date()
    left(project_with_accounts, "us-east-1", copy("Backups", today))
    answer = located(project_with_accounts)
    assert (answer.passed, as_json(answer)["insideResidency"]) == (False, False)
    assert "OUTSIDE: Backups (there) in Northern Virginia" in line_of(answer)
    assert "1 OUTSIDE residency" in text(answer)
    left(project_with_accounts, "us-east-1", copy("Backups", today - timedelta(days=1)))
    assert located(project_with_accounts).passed


@pytest.mark.parametrize(
    "written", ["name: initech\nbase: prod-eu-north-1\n", "name: [\n", "remaining: 1\nname: initech"]
)
def test_record_that_cannot_be_read_does_not_pass(project_with_accounts: Project, written: str) -> None:
    left(project_with_accounts, "eu-north-1")
    (file,) = (project_with_accounts.root / MOVED_FOLDER).glob("*.yaml")
    file.write_text(written)
    answer = located(project_with_accounts)
    assert not answer.passed
    assert any("what remains" in gap for gap in answer.gaps)
