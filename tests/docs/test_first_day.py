"""The first day's page shows what `workbuoy cost` prints, to the cent."""

import json
import re

import pytest

from operations.cost.estimate import estimate
from operations.cost.prices import read_prices
from operations.cost.table import table
from rehearsal.as_graph import graph_of
from tests.conftest import ROOT, SILOS, Declare

PAGE = (ROOT / "docs/first-day.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-z0-9-]+)` \| .+ \| ([\d.]+) \|$", re.MULTILINE)


MEND = "docs/first-day.md no longer shows what `workbuoy cost` prints: copy its new lines there"


def test_the_page_shows_the_table_of_dev(declared: Declare) -> None:
    printed = table(estimate(graph_of(declared("dev").rehearsal), read_prices()))
    assert f"```\n{printed.split(chr(10) * 2 + 'By use')[0]}\n```" in PAGE, MEND


def test_the_page_names_the_sum_of_every_stack_that_lies_in_aws() -> None:
    assert set(dict(ROW.findall(PAGE))) == {"dev", "staging", "prod", "prod-eu-north-1", *SILOS}


@pytest.mark.parametrize(("stack", "shown"), ROW.findall(PAGE))
def test_each_sum_on_the_page_is_the_command_s(stack: str, shown: str, declared: Declare) -> None:
    assert f"{estimate(graph_of(declared(stack).rehearsal), read_prices()).usd_per_month:.2f}" == shown, MEND


def test_endpoints_are_half_of_dev_as_the_page_says(declared: Declare) -> None:
    found = estimate(graph_of(declared("dev").rehearsal), read_prices())
    (endpoints,) = [one for one in found.lines if one.name == "vpc-endpoint-interface"]
    assert endpoints.quantity == 8
    assert 0.45 < endpoints.usd_per_month / found.usd_per_month < 0.55


def test_the_one_off_task_names_what_dev_declares(declared: Declare) -> None:
    graph = declared("dev")
    (cluster,), (service,), task = graph.of("Cluster"), graph.of("ecs/service:Service"), graph.named("one-off-task")
    for word, resource, name in (
        ("--cluster", cluster, "name"),
        ("--services", service, "name"),
        ("--task-definition", task, "family"),
    ):
        assert set(re.findall(rf"{word} (\S+)", PAGE)) == {resource.declared.properties[name]}
    (container,) = json.loads(task.declared.properties["containerDefinitions"])
    assert re.findall(r"\{\"name\": \"([a-z-]+)\"", PAGE) == [container["name"]]
    (log_group,) = re.findall(r"aws logs tail (\S+)", PAGE)
    assert log_group in {one.declared.properties["name"] for one in graph.of("LogGroup")}
