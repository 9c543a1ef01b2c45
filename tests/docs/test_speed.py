"""What the pages say about time is what `make bench` measured."""

import pytest

from benchmarks import speed
from benchmarks.measuring import Measurement

PAGE = speed.PAGE.read_text(encoding="utf-8")


def test_readme_quotes_the_page_as_it_stands() -> None:
    readme = speed.README.read_text(encoding="utf-8")
    assert readme == speed.with_table(readme, speed.quoted(PAGE)), "run `make bench`, or copy the page's rows"


@pytest.mark.parametrize("what", speed.QUOTED)
def test_each_row_that_readme_quotes_is_on_the_page_once(what: str) -> None:
    assert PAGE.count(f"\n| {what} |") == 1


def test_the_page_keeps_what_is_written_around_its_table() -> None:
    written = speed.with_table(PAGE, "a table\n")
    assert written.partition(speed.BEGINNING)[0] == PAGE.partition(speed.BEGINNING)[0]
    assert written.partition(speed.END)[2] == PAGE.partition(speed.END)[2]
    assert f"{speed.BEGINNING}a table\n{speed.END}" in written


@pytest.mark.parametrize(("figure", "kept"), [(1.3, True), (1.31, False)])
def test_a_limit_that_is_not_kept_is_said(figure: float, kept: bool) -> None:
    row = speed.Row("x", Measurement(1, 1, 1), "", figure, 1.3, "1.3 times the floor")
    assert row.kept is kept
    assert ("**not kept**" in str(row)) is not kept


def test_a_plan_that_cannot_be_made_here_counts_as_many_floors_as_recorded() -> None:
    found = {"infrastructure": Measurement(1, 1.0, 1)}
    row = speed._beside_plan(found, 1.0)
    assert row.figure == pytest.approx(1 / speed.PLAN_IN_FLOORS)
    assert row.what.endswith("as recorded")
    assert not speed._beside_plan({**found, "plan": Measurement(1, 1.0, 1)}, 1.0).kept
