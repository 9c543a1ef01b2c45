"""A legal hold is told with every place of the data, and with what ends there all the same."""

import datetime

import pytest

from facts.stores import Form
from infra.tenants.files import read_tenant
from operations.locate.answer import Answer, as_json
from operations.locate.command import answer_of
from operations.locate.processing import processing
from operations.locate.record.english import IN_ENGLISH
from operations.locate.record.norwegian import IN_NORWEGIAN
from operations.locate.record.page import record
from operations.locate.sources import Source, declarations
from operations.locate.text import text
from project.files import Project

pytestmark = pytest.mark.lengthy

HELD = "dates:\n  hold:\n    since: 2026-11-20\n    reason: Case 26-104522, Oslo tingrett\n"


def located(project: Project, name: str) -> tuple[Answer, str, str]:
    file = project.root / f"tenants/{name}.yaml"
    file.write_text(file.read_text().replace("dates:\n", HELD))
    with declarations(project, Source.DECLARED) as declared:
        tenant = read_tenant(project.root, name)
        answer = answer_of(project, declared, tenant, Source.DECLARED, {})
        stated = processing(project.root, declared.estate(tenant))
    day = datetime.date(2026, 11, 26)
    return answer, record(answer, stated, IN_ENGLISH, day), record(answer, stated, IN_NORWEGIAN, day)


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        (
            "initech",
            {("database", Form.AUTOMATED_BACKUPS), ("files", Form.NONCURRENT_VERSIONS), ("exports", Form.OBJECTS)},
        ),
        ("acme", {("database", Form.AUTOMATED_BACKUPS), ("exports", Form.OBJECTS)}),
    ],
)
def test_what_ends_all_the_same_is_named(
    project_with_accounts: Project, name: str, ending: set[tuple[str, Form]]
) -> None:
    answer, page, side = located(project_with_accounts, name)
    found = {
        (next(part for part in ("database", "files", "exports") if part in one.name), one.form)
        for one in answer.not_held
    }
    assert found - {("exports", Form.NONCURRENT_VERSIONS)} == ending
    told = " ".join(text(answer).split())
    assert "Legal hold since 2026-11-20: Case 26-104522" in told
    assert "which the legal hold does not stop" in told
    assert as_json(answer)["hold"] == {"since": "2026-11-20", "reason": "Case 26-104522, Oslo tingrett"}
    assert "| Legal hold | since 2026-11-20: nothing is destroyed or removed. Case 26-104522" in page
    assert "| Bevaringsplikt | siden 2026-11-20" in side
    assert "does not stop what ends by a rule of its own: " in page
