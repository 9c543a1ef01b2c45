"""The charts of what the service said of itself while it was tried."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from rehearsal.report.chart import Line, chart
from rehearsal.report.page import render
from rehearsal.report.sections.scraped import slowest
from rehearsal.service.result import ServiceRehearsal
from rehearsal.service.watching import Scrape, Watched
from tests.conftest import declared_graph


def scrape(at: float, requests: float, failed: float = 0.0, slow: float = 0.0) -> Scrape:
    buckets = {0.1: requests - slow, 1.0: requests, float("inf"): requests}
    pool = {"pool_size": 2.0, "pool_available": 1.0, "connection_attempts_total": 2 + at}
    return Scrape(at=at, requests=requests, failed=failed, buckets=buckets, pool=pool)


WATCHED = Watched(
    scrapes=tuple(scrape(number / 10, 4.0 * number, failed=number // 10, slow=number) for number in range(31)),
    marks=((1.2, "the first <rotation>"),),
)


def page(watched: Watched) -> str:
    service = ServiceRehearsal(watched=watched)
    return render(replace(declared_graph("dev").rehearsal, service=service))


def charts(text: str) -> dict[str, ElementTree.Element]:
    figures = re.findall(r"<figure class=\"chart\">.*?</figure>", text, re.DOTALL)
    return {str(one.findtext("figcaption/h3")): one for one in map(ElementTree.fromstring, figures)}


def test_four_charts_show_requests_times_and_the_pool() -> None:
    found = charts(page(WATCHED))
    assert list(found) == [
        "Requests a second",
        "Response time",
        "Connections of the pool",
        "Connections made and lost",
    ]
    labels = {title: one.find("svg[@role='img']").attrib["aria-label"] for title, one in found.items()}  # type: ignore[union-attr]
    assert labels["Requests a second"] == "Requests a second: all up to 40, failed up to 2"
    assert labels["Connections of the pool"].endswith("open up to 2, idle up to 1, requests that wait up to 0")
    assert labels["Connections made and lost"].endswith("attempts up to 3, found dead up to 0, failures up to 0")


def test_every_point_lies_inside_its_picture() -> None:
    for figure in charts(page(WATCHED)).values():
        points = [pair.split(",") for line in figure.iter("polyline") for pair in line.attrib["points"].split()]
        assert points
        assert all(0 <= float(x) <= 320 and 0 <= float(y) <= 120 for x, y in points)


def test_what_began_is_reported_in_words_and_drawn_in_each_chart() -> None:
    text = page(WATCHED)
    assert "1.2 s: the first &lt;rotation&gt;" in text
    for figure in charts(text).values():
        assert len([one for one in figure.iter("line") if one.get("class") == "moment"]) == 1


@pytest.mark.parametrize("watched", [Watched(), Watched(scrapes=WATCHED.scrapes[:2])])
def test_without_enough_looks_there_is_no_such_section(watched: Watched) -> None:
    assert "The service over time" not in page(watched)


def test_a_quantile_is_read_off_between_two_bounds_as_prometheus_does() -> None:
    then, now = scrape(0, 0), scrape(1, 100, slow=10)
    assert slowest(then, now, 0.5) == pytest.approx(0.1 * 50 / 90)
    assert slowest(then, now, 0.95) == pytest.approx(0.1 + 0.9 * 5 / 10)
    assert slowest(now, now, 0.5) is None


def test_a_chart_of_nothing_is_empty_and_whole() -> None:
    figure = ElementTree.fromstring(chart("Nothing", [Line(name="none", points=[])], 1.0))  # noqa: S314  made here
    assert figure.findtext("figcaption/h3") == "Nothing"
    assert {one.get("points") for one in figure.iter("polyline")} == {""}
