"""The first day's page names the stacks and commands as they are declared."""

import json
import re

from tests.conftest import ROOT, SILOS, Declare
from tests.generated import SUM

PAGE = (ROOT / "docs/first-day.md").read_text(encoding="utf-8")


def test_the_page_names_the_sum_of_every_stack_that_lies_in_aws() -> None:
    assert {row[2] for row in SUM.finditer(PAGE)} == {"dev", "staging", "prod", "prod-eu-north-1", *SILOS}


def test_the_task_names_what_dev_declares(declared: Declare) -> None:
    graph = declared("dev")
    (cluster,), (service,), task = (
        graph.of("Cluster"),
        graph.of("ecs/service:Service"),
        graph.named("administration-task"),
    )
    for word, resource, name in (
        ("--cluster", cluster, "name"),
        ("--services", service, "name"),
        ("--task-definition", task, "family"),
    ):
        assert set(re.findall(rf"{word} (\S+)", PAGE)) == {resource.declared.inputs[name]}
    (container,) = json.loads(task.declared.inputs["containerDefinitions"])
    assert re.findall(r"\{\"name\": \"([a-z-]+)\"", PAGE) == [container["name"]]
    (log_group,) = re.findall(r"aws logs tail (\S+)", PAGE)
    assert log_group in {one.declared.inputs["name"] for one in graph.of("LogGroup")}
