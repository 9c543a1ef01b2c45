"""A generated file that is stale is named, and one command writes it."""

from pathlib import Path

import pytest

from tests.conftest import ROOT, declared_graph
from tests.generated import GENERATORS, README, excerpt, first_day, readme, stale, urns
from tests.rehearsal.service.test_surroundings import installed

SLOW = {README: [pytest.mark.slow, installed]}  # it starts the service


@pytest.mark.parametrize(
    "path", [pytest.param(path, marks=SLOW.get(path, ()), id=str(path.relative_to(ROOT))) for path in GENERATORS]
)
def test_a_generated_file_is_what_the_code_says(path: Path) -> None:
    if stale(path, GENERATORS[path]) is not None:
        pytest.fail(f"{path.relative_to(ROOT)} is stale: run `make generate` and commit it", pytrace=False)


def test_a_file_that_is_missing_or_differs_is_stale(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    assert stale(file, lambda _: "new") == "new"
    file.write_text("old")
    assert stale(file, lambda _: "new") == "new"
    assert stale(file, lambda _: "old") is None


def test_a_name_that_was_lost_stays_in_its_list_until_somebody_deletes_the_line(tmp_path: Path) -> None:
    graph = declared_graph("dev")
    lost = graph.resources[0].urn.replace("::workbuoy::", "::workbuoy::aws:renamed$")
    file = tmp_path / "dev.txt"
    file.write_text(f"{lost}\n")
    written = urns(file, graph).splitlines()
    assert set(written) == {lost, *(one.urn for one in graph.rehearsal.resources)}
    assert written == sorted(written)


def test_the_first_days_page_keeps_its_words_and_gets_todays_sums(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(
        "```\ndev (nowhere) at rest: 1 USD\n```\n\n1 % of\nthis sum is for 1 interface endpoints, as before.\n\n"
        "| `dev` | one zone | 1.00 |\n"
    )
    written = first_day(file)
    assert "nowhere" not in written
    assert "\n| `dev` | one zone | 1.00 |\n" not in written
    assert "interface endpoints, as before.\n\n| `dev` | one zone | " in written
    file.write_text(written)
    assert first_day(file) == written


@installed
@pytest.mark.slow
def test_the_readme_is_written_anew_where_words_or_counts_differ(tmp_path: Path) -> None:
    page = README.read_text(encoding="utf-8")
    other = tmp_path / "README.md"
    other.write_text(page.replace("The service, started as declared", "The service, started otherwise"))
    assert "started as declared" in readme(other)


def test_the_readme_shows_no_more_than_a_first_look() -> None:
    page = README.read_text(encoding="utf-8")
    shown = page.partition("like this:\n\n```\n")[2].partition("\n```")[0].splitlines()
    assert 5 < len(shown) <= 15


def test_a_line_that_is_no_longer_printed_is_named() -> None:
    with pytest.raises(LookupError, match=r"'Policies' any more"):
        excerpt("prod (1, eu-west-1) stands\n  and works\nThe service, started as declared (1 s):\n")
