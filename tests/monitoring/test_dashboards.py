"""Dashboards are what Grafana's SDK reads, in one place each, with the limits of alerts and alarms drawn in."""

import json
from dataclasses import replace
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import dashboard as models

from components.searches import SEARCHES
from monitoring.alerts import MEMORY_SHARE
from monitoring.dashboards import grafana
from monitoring.dashboards.boards import boards
from monitoring.dashboards.panels import Board, SearchPanel
from monitoring.objectives import BURNS
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
        one.declared.properties["name"].removeprefix("workbuoy-prod-"): one.declared.properties
        for one in declared("prod").of("MetricAlarm")
    }
    watched = {*(one.name for one in example.database_alarms()), *(one.name for one in example.service_alarms("", ""))}
    assert len(watched) == 9
    for name in watched:
        assert limit(panels[name]) == alarms[name]["threshold"]
        asked = {one["metricName"]: one for one in panels[name]["targets"] if one.get("metricName")}
        for query in alarms[name].get("metricQueries", [{"metric": alarms[name]}]):
            if metric := query.get("metric"):
                assert asked[metric["metricName"]]["namespace"] == metric["namespace"]
                assert set(asked[metric["metricName"]]["dimensions"]) == set(metric["dimensions"])


def test_alerts_limits_are_drawn_where_a_person_looks(example: Watched) -> None:
    service = drawn("service")
    assert limit(service["Failed requests"]) == example.observability.service_error_percent / 100 == 0.05
    assert limit(service["Response time"]) == example.observability.service_response_seconds == 1
    assert limit(drawn("database")["Requests that wait for a connection"]) == 0
    assert limit(service["Memory"]) == MEMORY_SHARE * example.memory_mib * 1024**2
    objectives = drawn("objectives")
    assert [limit(objectives[f"Burn over {one.long}: failed"]) for one in BURNS] == [0.0144, 0.006, 0.003, 0.001]
    assert [limit(objectives[f"Burn over {one.long}: slow"]) for one in BURNS] == [0.144, 0.06, 0.03, 0.01]


def test_the_logs_are_asked_with_the_saved_searches_of_the_logs_that_the_stack_declares(declared: Declare) -> None:
    groups = {one.declared.properties["name"] for one in declared("prod").of("LogGroup")}
    panels = drawn("logs")
    asked = [one for one in SEARCHES if one.log != "waf"]  # prod has no firewall
    assert list(panels) == [one.title for one in asked]
    for search in asked:
        (target,) = panels[search.title]["targets"]
        assert target["expression"] == search.query
        assert {one["name"] for one in target["logGroups"]} <= groups


def test_a_stack_with_a_firewall_searches_its_log_too() -> None:
    (logs,) = [one for one in boards(replace(prod(), has_waf=True)) if one.name == "logs"]
    assert [one.search for one in logs.panels if isinstance(one, SearchPanel)] == list(SEARCHES)


def test_tenants_are_shown_ten_at_a_time() -> None:
    for panel in drawn("tenants").values():
        assert all(one["expr"].startswith("topk(10, ") for one in panel["targets"])
