"""The table of what frameworks ask is whole, and wrong entries are named."""

from pathlib import Path

import pytest

from graph.errors import InputError
from policies.catalogue import catalogue
from policies.frameworks import CIS, frameworks


def test_every_mandatory_control_answers_a_requirement_of_soc_2() -> None:
    (soc,) = [one for one in frameworks() if one.framework == "SOC 2"]
    named = {name for one in soc.requirements for name in one.controls}
    mandatory = {name for name, control in catalogue().items() if control.level == "mandatory"}
    # Where data stand is asked by ISO 27001 and the GDPR, and by no criterion of SOC 2.
    assert mandatory - named == {"resource-stay-in-residency"}


def test_all_four_frameworks_have_a_source() -> None:
    assert [one.framework for one in frameworks()] == ["SOC 2", "ISO 27001:2022", "GDPR", CIS]
    assert all(one.source for one in frameworks())


def test_the_ids_of_cis_are_those_that_stand_with_the_controls() -> None:
    cis = frameworks()[-1]
    ids = {f"CIS 5.0.0/{one.id}" for one in cis.requirements}
    assert ids == {public for control in catalogue().values() for public in control.ids if public.startswith("CIS ")}


def test_mistakes_in_the_table_are_all_named(tmp_path: Path) -> None:
    file = tmp_path / "requirements.yaml"
    file.write_text(
        "- framework: X\n  source: a source of it\n  requirements:\n"
        "    - {id: A.1, title: Something, controls: [no-such-control], evidence: []}\n"
        "    - {id: A.1, title: Something, controls: [], evidence: []}\n"
        "- framework: Y\n  source: a source of it\n  requirements: []\n"
    )
    with pytest.raises(InputError) as refused:
        frameworks(file)
    told = " ".join(refused.value.problems)
    for part in (
        "no control is named no-such-control",
        "A.1: stands there twice",
        "A.1: nothing answers it",
        "requirements",
    ):
        assert part in told
