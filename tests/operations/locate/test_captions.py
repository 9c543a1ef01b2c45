"""A caption is for a reader: renaming every one of them changes no answer but its words."""

import datetime
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest

from facts.captions import ENGLISH, Language
from operations.locate.answer import Answer, as_json
from operations.locate.differences import differences
from operations.locate.processing import processing
from operations.locate.record.english import IN_ENGLISH
from operations.locate.record.language import Words
from operations.locate.record.page import record as written
from operations.locate.sources import Estate, Source, with_states
from operations.locate.stores import stores_of
from operations.locate.text import line_of
from tests.conftest import PROJECT
from tests.operations.locate.test_command import as_state

DAY = datetime.date(2026, 11, 26)


def renamed() -> Language:
    """Other words for everything, which share no beginning, end or part with those of today."""
    changes: dict[str, Any] = {}
    for number, one in enumerate(fields(ENGLISH)):
        value = getattr(ENGLISH, one.name)
        if one.name in ("conjunction", "day", "spared", "rotations", "limits", "storage_classes"):
            continue
        if isinstance(value, Mapping):
            changes[one.name] = {key: f"q{number}-{index}" for index, key in enumerate(value)}
        else:
            changes[one.name] = f"q{number}" if isinstance(value, str) else tuple(f"q{number}" for _ in value)
    return replace(ENGLISH, **changes)


def facts_of(estate: Estate) -> list[dict[str, Any]]:
    """An answer as JSON, without what is words."""
    found = as_json(Answer(tenant=estate.tenant, source=Source.DECLARED, stores=tuple(stores_of(estate))))["stores"]
    for store in found:
        for words in ("what", "kept", "warnings"):
            del store[words]
        store["key"] = store["key"]["arn"]
        store["afterDeletion"] = store["afterDeletion"]["days"]
    return list(found)


def answer_of(estate: Estate) -> Answer:
    return Answer(tenant=estate.tenant, source=Source.DECLARED, stores=tuple(stores_of(estate)))


def record(estate: Estate, words: Words = IN_ENGLISH) -> str:
    return written(answer_of(estate), processing(PROJECT, estate), words, DAY)


def columns(page: str) -> list[list[str]]:
    """Of the record's table: what, place, key and shared; how long and how it ends are words of the facts."""
    rows = [row.strip("|").split(" | ") for row in page.splitlines() if row.startswith("| The ") or "eu-west" in row]
    return [[row[0], row[1], row[2], row[-1]] for row in rows if len(row) == 6]


def readers(page: str) -> str:
    return page.partition("## Who can read them")[2].partition("##")[0]


@pytest.mark.slow
@pytest.mark.parametrize("customer", ["acme", "initech"])
def test_renaming_every_caption_changes_no_answer_but_its_words(
    customer: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate: Estate = request.getfixturevalue(customer)
    changed = as_state(estate.own, **{"database-instance": {"backupRetentionPeriod": 5, "region": "us-east-1"}})
    deployed = with_states(estate, {estate.own.stack: changed})
    before, page, line = facts_of(estate), record(estate), line_of(answer_of(estate))
    told = list(differences(estate.own, deployed.own))
    other = renamed()
    for name, module in sys.modules.items():
        if name.startswith("operations.locate") and hasattr(module, "ENGLISH"):
            monkeypatch.setattr(module, "ENGLISH", other)
    assert any(store.kept.startswith("q") for store in stores_of(estate)), "the words were not renamed"
    assert facts_of(estate) == before
    assert line_of(answer_of(estate)) == line
    renamed_page = record(estate, replace(IN_ENGLISH, facts=other))
    assert columns(renamed_page) == columns(page) != []
    assert readers(renamed_page) == readers(page) != ""
    assert [page.count("\n"), page.count("- Records:")] == [renamed_page.count("\n"), renamed_page.count("- Records:")]
    again = list(differences(estate.own, deployed.own))
    assert [(resource.urn, one.name) for resource, one in again] == [(resource.urn, one.name) for resource, one in told]
    assert told != []
