"""Each alert fires when it must, stays quiet when it must, and ends: asked of Prometheus's own `promtool`."""

import re
import subprocess
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.alarms import own_alarms
from components.searches import SEARCHES
from monitoring.alerts import alerts
from monitoring.rules import rules
from monitoring.watched import Watched
from tests.conftest import ROOT
from tests.monitoring.cases import CASES, Case
from tests.monitoring.conftest import prod, promtool
from tests.monitoring.promql import selected

RUNBOOKS = (ROOT / "docs/runbooks.md").read_text(encoding="utf-8")


def failures(folder: Path, content: dict[str, Any], cases: tuple[Case, ...] = CASES) -> set[str]:
    """The names of the cases that fail with these rules."""
    files = []
    for number, (key, some) in enumerate(groupby(sorted(cases, key=_together), _together)):
        (folder / f"rules-{number}.yml").write_text(yaml.safe_dump(_needed(content, key[0])))
        tests = {"evaluation_interval": key[1], "tests": [one.document() for one in some]}
        file = folder / f"cases-{number}.yml"
        file.write_text(yaml.safe_dump({"rule_files": [f"rules-{number}.yml"], **tests}))
        files.append(str(file))
    ran = subprocess.run(
        ["promtool", "test", "rules", *files], capture_output=True, text=True, check=False, timeout=300
    )
    printed = ran.stdout + ran.stderr
    failed = {one.name for one in cases if f'# {one.name}"' in printed}
    assert bool(failed) == (ran.returncode != 0), printed
    return failed


def _together(case: Case) -> tuple[str, str]:
    return case.alert, case.evaluated_every


def _needed(content: dict[str, Any], alert: str) -> dict[str, Any]:
    """The rules of an alert, and what they are recorded from: the rest would cost a minute of evaluation."""
    recorded, alerting = (group["rules"] for group in content["groups"])
    wanted = [one for one in alerting if one["alert"] == alert]
    names = {name for one in wanted for name in selected(one["expr"])}
    for one in reversed(recorded):
        names |= set(selected(one["expr"])) if one["record"] in names else set()
    kept = [one for one in recorded if one["record"] in names]
    return {"groups": [{"name": "all", "rules": [*kept, *wanted]}]}


@promtool
def test_promtool_takes_the_rules_and_finds_nothing_to_warn_of(example: Watched, tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump(rules(example)))
    ran = subprocess.run(
        ["promtool", "check", "rules", "--lint=all", "--lint-fatal", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@promtool
@pytest.mark.slow
def test_each_alert_fires_stays_quiet_and_ends_as_it_must(example: Watched, tmp_path: Path) -> None:
    assert failures(tmp_path, rules(example)) == set()


def test_each_alert_has_a_case_in_which_it_fires_and_ends_and_one_in_which_it_does_not() -> None:
    told = {(one.name, one.severity) for one in alerts(prod())}
    assert {(one.alert, one.severity) for one in CASES if one.fires and one.quiet} == told
    assert {(one.alert, one.severity) for one in CASES if not one.fires and one.quiet} == told


def test_an_alert_of_the_same_symptom_shares_the_runbook_and_the_search_of_the_alarm(example: Watched) -> None:
    alarms = {
        one.name: one.search
        for one in (
            *example.database_alarms(),
            *example.service_alarms("load balancer", "target group"),
            *own_alarms("stack", "function"),
        )
    }
    shared = {one.name: one.search for one in alerts(example) if one.name in alarms}
    assert len(shared) == 5
    assert {name: alarms[name] for name in shared} == shared


def test_each_alert_links_to_a_section_of_the_runbooks_that_names_its_saved_search(example: Watched) -> None:
    titles = {one.title for one in SEARCHES}
    for rule in rules(example)["groups"][1]["rules"]:
        section = rule["annotations"]["runbook_url"].partition("#")[2]
        found = re.search(rf"^## {section}\n(.*?)(?=^## |\Z)", RUNBOOKS, re.DOTALL | re.MULTILINE)
        assert found, f"{rule['alert']} has no section in docs/runbooks.md"
        search = rule["annotations"]["search"].partition("/")[2]
        assert search in titles
        assert f"`{search}`" in " ".join(found[1].split()), f"the section {section} does not name its search {search}"
