"""Dashboards are what Grafana's SDK reads, in one place each, with the limits of alerts and alarms drawn in."""

import json
from dataclasses import replace
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import dashboard as models

from components.searches import SEARCHES
from monitoring.dashboards import grafana
from monitoring.dashboards.boards import boards
from monitoring.dashboards.panels import Board, Panel, SearchPanel
from monitoring.watched import Watched
from tests.conftest import Declare
from tests.monitoring.conftest import prod

BOARDS = {one.name: one for one in boards(prod())}


def rendered(board: Board) -> Any:
    return json.loads(grafana.render(prod(), board))


def drawn(board: str) -> dict[str, Any]:
    """Panels by title."""
    return {one["title"]: one for one in rendered(BOARDS[board])["panels"]}


def limit(panel: Any) -> float:
    assert panel["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"]["mode"] == "dashed"
    return float(panel["fieldConfig"]["defaults"]["thresholds"]["steps"][-1]["value"])


def test_there_are_the_five_dashboards() -> None:
    assert list(BOARDS) == ["service", "database", "tenants", "objectives", "logs"]


@pytest.mark.parametrize("name", BOARDS)
def test_the_sdk_reads_back_what_it_wrote(name: str) -> None:
    register_default_plugins()
    written = rendered(BOARDS[name])
    read = models.Dashboard.from_json(written)
    assert json.loads(JSONEncoder(sort_keys=True).encode(read)) == written


@pytest.mark.parametrize("name", BOARDS)
def test_each_panel_has_a_title_and_a_place_of_its_own(name: str) -> None:
    panels = rendered(BOARDS[name])["panels"]
    assert len({one["title"] for one in panels}) == len(panels)
    cells = [
        (one["gridPos"]["x"] + x, one["gridPos"]["y"] + y)
        for one in panels
        for x in range(one["gridPos"]["w"])
        for y in range(one["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
    assert len({one["id"] for one in panels}) == len(panels)


def test_every_panel_asks_a_data_source_that_is_provisioned() -> None:
    known = {one["uid"] for one in grafana.data_sources(prod())["datasources"]}
    for board in BOARDS.values():
        for panel in rendered(board)["panels"]:
            assert {panel["datasource"]["uid"], *(one["datasource"]["uid"] for one in panel["targets"])} <= known


def test_each_alarm_of_cloudwatch_is_drawn_with_its_limit(example: Watched, declared: Declare) -> None:
    """As the stack itself declares them."""
    panels = drawn("database") | drawn("service")
    alarms = {
        one.declared.inputs["name"].removeprefix("workbuoy-prod-"): one.declared.inputs
        for one in declared("prod").of("MetricAlarm")
    }
    watched = {*(one.name for one in example.database_alarms()), *(one.name for one in example.service_alarms("", ""))}
    assert len(watched) == 10
    for name in watched:
        assert limit(panels[name]) == alarms[name]["threshold"]
        asked = {one["metricName"]: one for one in panels[name]["targets"] if one.get("metricName")}
        for query in alarms[name].get("metricQueries", [{"metric": alarms[name]}]):
            if metric := query.get("metric"):
                assert asked[metric["metricName"]]["namespace"] == metric["namespace"]
                assert set(asked[metric["metricName"]]["dimensions"]) == set(metric["dimensions"])


# By hand, from what the example stack prod promises.
DRAWN = {
    ("service", "Failed requests"): 0.05,
    ("service", "Response time"): 1,
    ("service", "Memory"): 0.9 * 1024 * 1024**2,
    ("database", "Requests that wait for a connection"): 0,
    ("objectives", "Budget left: failed"): 0,
    ("objectives", "Burn over 1h: failed"): 0.0144,
    ("objectives", "Burn over 6h: failed"): 0.006,
    ("objectives", "Burn over 1d: failed"): 0.003,
    ("objectives", "Burn over 3d: failed"): 0.001,
    ("objectives", "Budget left: slow"): 0,
    ("objectives", "Burn over 1h: slow"): 0.144,
    ("objectives", "Burn over 6h: slow"): 0.06,
    ("objectives", "Burn over 1d: slow"): 0.03,
    ("objectives", "Burn over 3d: slow"): 0.01,
}


@pytest.mark.lengthy
def test_limits_are_drawn_where_a_person_looks_and_each_that_changes_names_its_panel() -> None:
    """CloudWatch's apart, which are those of its alarms."""
    found = {
        (name, panel.title): limit(drawn(name)[panel.title])
        for name, board in BOARDS.items()
        for panel in board.panels
        if isinstance(panel, Panel) and panel.threshold is not None
    }
    assert found == DRAWN


def test_the_logs_are_asked_with_the_saved_searches_of_the_logs_that_the_stack_declares(declared: Declare) -> None:
    groups = {one.declared.inputs["name"] for one in declared("prod").of("LogGroup")}
    panels = drawn("logs")
    searches = [one for one in SEARCHES if one.log != "waf"]  # prod of the examples has no firewall
    assert list(panels) == [one.title for one in searches]
    for search in searches:
        (target,) = panels[search.title]["targets"]
        assert target["expression"] == search.query
        assert {one["name"] for one in target["logGroups"]} <= groups


def test_a_stack_with_a_firewall_shows_what_it_refused(example: Watched) -> None:
    (logs,) = [one for one in boards(replace(example, has_waf=True)) if one.name == "logs"]
    last = logs.panels[-1]
    assert isinstance(last, SearchPanel)
    assert (last.search.title, last.log_group) == ("blocked requests", f"aws-waf-logs-{example.name}")


def test_tenants_are_shown_ten_at_a_time() -> None:
    for panel in drawn("tenants").values():
        assert all(one["expr"].startswith("topk(10, ") for one in panel["targets"])
