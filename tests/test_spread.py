"""Tests that share what they stand up run on one worker."""

import pytest

from tests.spread import unit_of


@pytest.mark.parametrize(
    ("test", "unit"),
    [
        ("tests/bootstrap/test_account.py::test_it[prod::dev]", "tests/bootstrap"),
        ("tests/rehearsal/tenants/test_holes.py::test_it", "tests/rehearsal/tenants"),
        ("tests/rehearsal/test_mapper.py::test_it", "tests/rehearsal/test_mapper.py"),
        ("tests/test_generated.py::test_it", "tests/test_generated.py"),
    ],
)
def test_a_folder_that_shares_stays_together_and_elsewhere_a_file(test: str, unit: str) -> None:
    assert unit_of(test) == unit
