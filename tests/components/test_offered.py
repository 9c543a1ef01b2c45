"""What AWS offers, extracted from cfn-lint's data."""

import json

import pytest

from components import offered


@pytest.mark.slow
def test_the_extract_is_what_the_locked_cfn_lint_says() -> None:
    pytest.importorskip("cfnlint", reason="cfn-lint is missing, from which components/offered.json is made")
    from rehearsal.checks.refresh import extract

    committed = json.loads(offered.FILE.read_text(encoding="utf-8"))
    assert {**extract(), "date": committed["date"]} == committed, "run `python -m rehearsal.checks.refresh`"


def test_a_region_has_its_own_classes_and_an_unknown_one_those_of_all() -> None:
    every = offered.postgres_classes("xx-nowhere-1")
    assert offered.postgres_classes("eu-west-1") < every
    assert "db.t4g.small" in offered.postgres_classes("eu-north-1")


def test_a_version_that_is_no_longer_made_is_still_a_version() -> None:
    majors = offered.postgres_majors()
    assert majors == tuple(sorted(majors))
    assert "9.6.24" in offered.postgres_versions()
    assert 9 not in majors


def test_fargate_has_sizes_of_whole_gibibytes_above_the_smallest() -> None:
    sizes = offered.fargate_memory_mib()
    assert sizes[256][0] == 512
    assert all(size % 1024 == 0 for units, found in sizes.items() if units > 256 for size in found)
    assert len(offered.data_date()) == len("2026-11-26")
