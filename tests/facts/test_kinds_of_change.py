"""Each kind of change that an owner makes in a file, with the plan that it leads to, declared by the program itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from facts.difference import difference
from graph import Graph
from graph.plan import PlanStep
from infra.problems import ProblemsError
from project.files import find_project
from rehearsal.as_graph import graph_of
from tests.conftest import copy_of_project, declared_graph
from tests.declared import graph_with_base

ZONE = """        - name: eu-west-1c
          publicCidrBlock: 10.40.2.0/24
          privateCidrBlock: 10.40.48.0/20
          dataCidrBlock: 10.40.102.0/24
"""
TASKS = {"administration-task", "drill-task", "export-task", "one-off-task", "restore-task", "service-task"}


@dataclass(frozen=True)
class Change:
    """An edit of a stack's file, or of another; the steps it leads to, and which properties replace."""

    old: str
    new: str
    steps: Mapping[str, set[str]]
    replacing: str = ""
    stack: str = "prod"
    file: str = "Pulumi.prod.yaml"


CHANGES = {
    "a database's class": Change(
        "instanceClass: db.m7g.large", "instanceClass: db.m7g.2xlarge", {"update": {"database-instance"}}
    ),
    "a database's storage": Change(
        "allocatedStorageGib: 100",
        "allocatedStorageGib: 200",
        {"update": {"database-instance", "observability-dashboard", "observability-database-free-storage"}},
    ),
    "an engine's major": Change(
        'engineVersion: "17"',
        'engineVersion: "18"',
        {"replace": {"database-parameters"}, "update": {"database-instance"}},
        "family",
    ),
    "a retention": Change("backupRetentionDays: 30", "backupRetentionDays: 35", {"update": {"database-instance"}}),
    "a subnet's addresses": Change(
        "dataCidrBlock: 10.40.102.0/24",
        "dataCidrBlock: 10.40.112.0/24",
        {"replace": {"network-data-c", "network-data-routes-c"}, "update": {"database-subnets"}},
        "cidrBlock subnetId",
    ),
    "a secret's rotation": Change("rotationDays: 30", "rotationDays: 20", {"update": {"rotation-schedule"}}),
    "a task's size": Change("cpuUnits: 512", "cpuUnits: 256", {"replace": TASKS, "update": {"service-service"}}, "cpu"),
    "an image": Change(
        f"sha256:{'0' * 64}",
        f"sha256:{'1' * 64}",
        {"replace": TASKS, "update": {"service-service", "rotation-function"}},
        "containerDefinitions",
    ),
    "a variable of the environment": Change(
        "clientId: workbuoy",
        "clientId: other",
        {"replace": TASKS, "update": {"service-service"}},
        "containerDefinitions",
    ),
    "a listener's certificate": Change(
        "certificate/0a1b2c3d", "certificate/0a1b2c3e", {"update": {"load-balancer-https"}}
    ),
    "a customer's tier": Change(
        "tier: standard",
        "tier: large",
        {
            "replace": TASKS,
            "update": {
                "database-instance",
                "observability-dashboard",
                "observability-database-connections",
                "observability-database-free-storage",
                "observability-service-unhealthy-tasks",
                "service-scaling",
                "service-service",
            },
        },
        "cpu memory",
        stack="prod-acme",
        file="tenants/acme.yaml",
    ),
    "a customer that goes": Change(
        "  signed: 2026-10-01",
        "  signed: 2026-10-01\n  retiring: 2026-11-20",
        {"update": {"database-instance", "files-bucket", "files-logs-bucket", "files-policy"}},
        stack="prod-acme",
        file="tenants/acme.yaml",
    ),
    "what a customer has from its base": Change(
        "backupRetentionDays: 30", "backupRetentionDays: 35", {"update": {"database-instance"}}, stack="prod-acme"
    ),
}


def declared(folder: Path, stack: str) -> Graph:
    return graph_with_base(find_project(folder), stack)


@pytest.fixture(scope="module")
def before() -> Mapping[str, Graph]:
    return {stack: graph_of(declared_graph(stack).rehearsal) for stack in {one.stack for one in CHANGES.values()}}


def told(steps: tuple[PlanStep, ...]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in steps:
        if one.changes and not one.is_component and not one.is_provider:
            found.setdefault(one.op, set()).add(one.name)
    return found


def edited(folder: Path, change: Change) -> Path:
    file = copy_of_project(folder) / change.file
    text = file.read_text()
    assert change.old in text
    file.write_text(text.replace(change.old, change.new))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_a_file_leads_to_exactly_these_steps(
    name: str, before: Mapping[str, Graph], tmp_path: Path
) -> None:
    change = CHANGES[name]
    steps = difference(before[change.stack], declared(edited(tmp_path, change), change.stack))
    assert told(steps) == change.steps
    assert {path for one in steps for path in one.replace_paths} == set(change.replacing.split())


@pytest.mark.lengthy
def test_a_zone_that_is_added_makes_its_own_and_replaces_nothing(before: Mapping[str, Graph], tmp_path: Path) -> None:
    two = declared(edited(tmp_path, Change(ZONE, "", {})), "prod")
    added, taken = told(difference(two, before["prod"])), told(difference(before["prod"], two))
    assert added.keys() == {"create", "update"}
    assert taken.keys() == {"delete", "update"}
    assert added["create"] == taken["delete"]
    assert added["update"] == taken["update"]
    assert {"network-public-c", "network-private-c", "network-data-c"} <= added["create"]
    assert "database-subnets" in added["update"]


def test_another_isolation_is_another_stack_in_which_all_is_new(before: Mapping[str, Graph]) -> None:
    steps = told(difference(Graph((), stack="prod-acme"), before["prod-acme"]))
    assert steps.keys() == {"create"}
    assert {"database-instance", "files-bucket", "service-service"} <= steps["create"]


@pytest.mark.lengthy
def test_a_customer_in_the_pool_changes_no_resource_of_its_base(before: Mapping[str, Graph], tmp_path: Path) -> None:
    (copy_of_project(tmp_path) / "tenants/globex.yaml").unlink()
    assert told(difference(before["prod"], declared(tmp_path, "prod"))) == {}


def test_a_region_never_changes_on_a_stack(tmp_path: Path) -> None:
    change = Change("region: eu-west-1\n", "region: eu-central-1\n", {})
    with pytest.raises(ProblemsError, match="eu-central-1"):
        declared(edited(tmp_path, change), "prod")
