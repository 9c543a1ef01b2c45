"""Rules and panels ask for what the service exposes: who takes away a metric or renames a label is told who asks."""

import re

import pytest

from tests.monitoring.conftest import prod
from tests.monitoring.exposed import SCRAPED, exposition, series_of, to_be_asked
from tests.monitoring.promql import NamedExpression, everything, grouped, missing, selected, unread
from tests.rehearsal.service.test_surroundings import installed


@pytest.fixture(scope="module")
def service() -> dict[str, set[str]]:
    return series_of(exposition())


@pytest.mark.lengthy
@installed
def test_every_expression_asks_for_what_the_service_exposes(service: dict[str, set[str]]) -> None:
    assert missing(everything(prod()), to_be_asked(prod(), service)) == []


@pytest.mark.lengthy
@installed
def test_each_metric_that_is_taken_away_is_missed_by_everyone_who_asks_for_it(service: dict[str, set[str]]) -> None:
    there = to_be_asked(prod(), service)
    for name in set().union(*(selected(one.expression) for one in everything(prod()))):
        told = missing(everything(prod()), {metric: labels for metric, labels in there.items() if metric != name})
        who = {one.who for one in everything(prod()) if name in selected(one.expression)}
        assert who
        assert set(told) == {f"{one} asks for {name}, which nothing exposes" for one in who}


@installed
def test_each_label_that_is_renamed_is_missed_by_everyone_who_asks_for_it(service: dict[str, set[str]]) -> None:
    """Each that an expression selects or groups by, or that a legend shows."""
    there, used = to_be_asked(prod(), service), 0
    for one in everything(prod()):
        shown = set() if grouped(one.expression) else set(re.findall(r"\{\{(\w+)\}\}", one.legend))
        for metric, selecting in selected(one.expression).items():
            for label in selecting | grouped(one.expression) | shown:
                told = missing([one], {**there, metric: there[metric] - {label} | {"renamed"}})
                assert told == [f"{one.who} asks {metric} for its label {label}, which it does not have"]
                used += 1
    assert used > 150


@installed
def test_labels_stay_few_enough_for_one_prometheus(service: dict[str, set[str]]) -> None:
    """No label is added unseen: each multiplies the series of its metric."""
    known = {"le", "method", "operation", "outcome", "route", "status", "tenant", "version", "generation"}
    assert set().union(*service.values()) <= known


def test_the_reader_finds_metrics_labels_and_groups() -> None:
    plain = 'sum by (route) (rate(a{job="x",status=~"5.."}[5m])) / b{stack="y"}'
    assert selected(plain) == {"a": {"job", "status"}, "b": {"stack"}}
    assert unread(plain) == set()


@pytest.mark.parametrize(
    ("expression", "legend", "told"),
    [
        ('a{job="x"}', "{{route}}", "asks a for its label route, which it does not have"),
        ('sum by (job) (a{job="x"})', "{{status}}", "shows the label status, by which it does not group"),
        ("sum by (job) (a)", "", "has the word a, which is neither a function nor a metric with braces"),
        ('sum by (status) (b{job="x"})', "", "asks for b, which nothing exposes"),
        ('sum by (other) (a{job="x"})', "", "asks a for its label other, which it does not have"),
    ],
)
def test_what_is_not_there_is_reported_by_name(expression: str, legend: str, told: str) -> None:
    who = NamedExpression(who="panel X", expression=expression, legend=legend)
    assert missing([who], {"a": SCRAPED | {"status"}}) == [f"panel X {told}"]
