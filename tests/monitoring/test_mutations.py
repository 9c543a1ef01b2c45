"""Each small change of a committed rule fails a case that names the rule."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.monitoring.boundaries import BOUNDARIES, VALUES, WINDOWS, recorded_tests, window_test
from tests.monitoring.cases import CASES, Case
from tests.monitoring.conftest import promtool
from tests.monitoring.mutations import Mutant, mutants, name_of
from tests.monitoring.promtool import Trial, failed

pytestmark = pytest.mark.slow  # each has promtool judge hundreds of rules

COMMITTED = ROOT / "monitoring/example/prometheus/workbuoy-prod.rules.yml"
RECORDED, ALERTS = (group["rules"] for group in yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))["groups"])


def cases_of(alert: str) -> list[Case]:
    """What holds an alert, named with its severity, to its limits."""
    small = [one for one in BOUNDARIES if f"{one.alert}, {one.severity}" == alert]
    return small or [one for one in CASES if f"{one.alert}, {one.severity}" == alert]


def trials_of_alerts(changed: Mapping[str, Mutant]) -> Iterator[tuple[str, Trial]]:
    """All changes of one alert side by side, each under a name of its own."""
    for alert in {one.of: None for one in changed.values()}:
        own = {name: one.rule for name, one in changed.items() if one.of == alert}
        tests = [case.document_of({f"{case.name} | {name}": name for name in own}) for case in cases_of(alert)]
        yield alert, Trial([{**rule, "alert": name} for name, rule in own.items()], tests)


def trials_of_recorded(changed: Mapping[str, Mutant]) -> Iterator[tuple[str, Trial]]:
    """All changes beside the rules as they are; those of shares over hours and days also over hours and days."""
    rules = [*RECORDED, *({**one.rule, "record": name} for name, one in changed.items())]
    yield "recorded", Trial(rules, recorded_tests({name: one.of for name, one in changed.items()}))
    for of in WINDOWS:
        own = {name: one.rule for name, one in changed.items() if one.of == of}
        every, test = window_test(of, [*own])
        yield of, Trial([{**rule, "record": name} for name, rule in own.items()], [test], every)


def survivors(changed: Mapping[str, Mutant], found: Collection[str]) -> str:
    """A line each."""
    return "\n".join(f"{one.of}: {one.change}" for name, one in changed.items() if name not in found)


@promtool
def test_the_rules_as_they_are_pass_at_every_limit(tmp_path: Path) -> None:
    alerts = {str(number): Mutant(of=name_of(rule), change="", rule=rule) for number, rule in enumerate(ALERTS)}
    recorded = {str(number): Mutant(of=name_of(rule), change="", rule=rule) for number, rule in enumerate(RECORDED)}
    series = {f"as_it_is:{number}": one for number, one in recorded.items()}
    trials = {**dict(trials_of_alerts(alerts)), **dict(trials_of_recorded(series))}
    assert failed(tmp_path, trials) == set()


def test_each_recorded_series_has_a_value_that_it_is_held_to() -> None:
    assert {one["record"] for one in RECORDED} == set(VALUES)


@promtool
def test_each_small_change_of_an_alert_fails_a_case_that_names_it(tmp_path: Path) -> None:
    changed = {f"changed-{number}": one for number, one in enumerate(each for rule in ALERTS for each in mutants(rule))}
    assert {one.of for one in changed.values()} == {name_of(rule) for rule in ALERTS}
    told = failed(tmp_path, dict(trials_of_alerts(changed)))
    found = {name: case for case, _, name in (line.partition(" | ") for line in told)}
    assert not (alive := survivors(changed, found)), alive
    assert all(case.startswith(changed[name].of.partition(",")[0]) for name, case in found.items())
    assert len(found) > 150


@promtool
def test_each_small_change_of_a_recorded_series_fails_the_value_that_it_is_held_to(tmp_path: Path) -> None:
    each = [one for rule in RECORDED for one in mutants(rule)]
    changed = {f"changed:{number}": one for number, one in enumerate(each)}
    found = failed(tmp_path, dict(trials_of_recorded(changed)))
    assert not (alive := survivors(changed, found)), alive
    assert len(found) > 150
