"""What a record states beside the stores, and what it says where something is missing."""

import datetime
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.service_settings import LoginSettings
from facts import tokens as t
from infra.problems import ProblemsError
from operations.locate.answer import Answer
from operations.locate.processing import SHOWN_BY, Measure, Part, measures, processing
from operations.locate.record.english import IN_ENGLISH
from operations.locate.record.norwegian import IN_NORWEGIAN
from operations.locate.record.page import record
from operations.locate.sources import Estate, Source
from operations.locate.stores import stores_of
from policies.catalogue import catalogue
from project.files import Project
from tests.conftest import PROJECT
from tests.operations.locate.conftest import among

pytestmark = pytest.mark.lengthy

DAY = datetime.date(2026, 11, 26)
Stated = Callable[[Callable[[dict[str, Any]], None]], Path]


@pytest.fixture
def stated(project_with_accounts: Project) -> Stated:
    """The example project with another account's file."""
    root = project_with_accounts.root

    def change(how: Callable[[dict[str, Any]], None]) -> Path:
        file = root / "bootstrap/Pulumi.prod.yaml"
        content = yaml.safe_load(file.read_text())
        how(content["config"]["workbuoy-bootstrap:settings"])
        file.write_text(yaml.safe_dump(content))
        return root

    return change


def page(root: Path, estate: Estate) -> str:
    answer = Answer(tenant=estate.tenant, source=Source.DECLARED, stores=tuple(stores_of(estate)))
    return record(answer, processing(root, estate), IN_ENGLISH, DAY)


def test_a_processor_that_is_not_stated_is_named_as_missing(stated: Stated, acme: Estate) -> None:
    root = stated(lambda account: account.pop("processor"))
    (lacking,) = processing(root, acme).lacks
    assert lacking.startswith("bootstrap/Pulumi.prod.yaml: processor is missing")
    assert "| Contact of the processor | **not stated** |" in page(root, acme)
    assert page(root, acme).count("| **not stated** | **not stated** |") == len(Part)


def test_each_company_that_is_not_stated_is_named_as_missing(stated: Stated, acme: Estate) -> None:
    root = stated(lambda account: account["processor"].pop("subProcessors"))
    lacking = [one.partition(": ")[2] for one in processing(root, acme).lacks]
    assert lacking == [f"processor.subProcessors.{one.value} is missing" for one in Part]


def test_a_processor_that_is_stated_wrongly_stops_with_its_place(stated: Stated, acme: Estate) -> None:
    root = stated(lambda account: account["processor"].update(contactEmail="nobody"))
    with pytest.raises(ProblemsError, match=r"processor\.contactEmail"):
        processing(root, acme)


def test_a_login_of_the_customers_own_is_no_sub_processor(acme: Estate) -> None:
    own = acme.tenant.model_copy(
        update={"login": LoginSettings(issuer_url="https://login.acme.example", client_id="workbuoy")}
    )
    found = processing(PROJECT, replace(acme, tenant=own))
    assert Part.LOGIN not in found.parts
    assert "https://login.acme.example" in page(PROJECT, replace(acme, tenant=own))


def test_a_measure_that_a_control_refutes_is_not_reported_as_holding(acme: Estate) -> None:
    single = [
        replace(one, inputs={**one.inputs, "multiAz": False}) if one.type == t.DATABASE else one
        for one in acme.own.resources
    ]
    broken = replace(acme, own=among(acme.own, *single))
    assert measures(acme)[Measure.STANDBY].failing == ()
    assert measures(broken)[Measure.STANDBY].failing == ("database-span-zones",)
    assert "second data centre | **not shown** |" in page(PROJECT, broken)


def test_a_measure_that_nothing_shows_is_not_reported_as_holding(acme: Estate) -> None:
    assert measures(replace(acme, account=None))[Measure.SECOND_FACTOR].failing == ("role-require-mfa",)


def test_every_measure_rests_on_controls_of_the_catalogue() -> None:
    assert set(SHOWN_BY) == set(Measure)
    assert {name for names in SHOWN_BY.values() for name in names} <= set(catalogue())


def test_both_languages_have_words_for_the_same_things() -> None:
    for name in (
        "places",
        "forms",
        "files",
        "exports",
        "logs",
        "parts",
        "ends",
        "access",
        "means",
        "sources",
        "platform",
    ):
        assert set(getattr(IN_ENGLISH, name)) == set(getattr(IN_NORWEGIAN, name)), name
    for name in ("companies", "measures", "roles", "texts"):
        assert set(getattr(IN_ENGLISH, name)) == set(getattr(IN_NORWEGIAN, name)), name
