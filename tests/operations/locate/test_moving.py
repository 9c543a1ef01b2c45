"""While a customer moves, every store of both places is reported and held to residency."""

from infra.tenants.files import read_tenant
from operations.locate.answer import as_json
from operations.locate.command import answer_of
from operations.locate.sources import Source, declarations
from operations.locate.stores import Group, Holds
from operations.locate.text import text
from project.files import Project

MOVE = "move:\n  direction: to\n  base: prod-eu-north-1\n  region: eu-north-1\ndates:\n"


def test_both_places_of_a_customer_who_moves_are_told(project_with_accounts: Project) -> None:
    project = project_with_accounts
    record = project.root / "tenants/initech.yaml"
    record.write_text(record.read_text().replace("dates:\n", MOVE))
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
