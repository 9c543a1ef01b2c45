"""What `workbuoy changed` writes is what the workflows read."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from operations.changed.estate import read_bases, read_estate
from operations.changed.matrices import matrices
from operations.changed.touched import everything
from operations.fleet.plan import plan_release
from operations.fleet.text import outputs
from tests.operations.changed.conftest import make_project
from tests.operations.fleet.world import IMAGE, make_fleet
from tests.workflows.reading import JOBS, WORKFLOWS, Job

SOURCE = re.compile(r"fromJSON\((?:needs\.[\w-]+\.outputs|inputs)\.(\w+)\)")
CALLED_WITH = {"stacks": "prod", "shards": "canaries"}  # inputs of called workflows, and outputs that callers hand in


def changed(folder: Path) -> dict[str, str]:
    """What `workbuoy changed` writes."""
    return matrices(everything(read_estate(make_project(folder))))


def planned(folder: Path) -> dict[str, str]:
    """What `workbuoy fleet plan` writes."""
    root = make_fleet(folder, 3)
    plan = plan_release(root, "prod", IMAGE)
    return outputs([one.head for one in plan.shards], read_bases(root)["prod"])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found = {**changed(tmp_path_factory.mktemp("project")), **planned(tmp_path_factory.mktemp("fleet") / "project")}
    return {name: json.loads(value) if value.startswith("[") else value for name, value in found.items()}


def text_of(job: Job) -> str:
    return json.dumps(job.content)


def matrix_of(job: Job) -> str | None:
    include = job.content.get("strategy", {}).get("matrix", {}).get("include")
    found = SOURCE.search(include) if isinstance(include, str) else None
    return CALLED_WITH.get(found[1], found[1]) if found else None


@pytest.mark.parametrize("job", [pytest.param(job, id=job.id) for job in JOBS if matrix_of(job)])
def test_every_field_of_a_matrix_is_in_each_of_its_entries(job: Job, written: dict[str, Any]) -> None:
    entries = written[str(matrix_of(job))]
    used = set(re.findall(r"matrix\.(\w+)", text_of(job)))
    assert used
    assert entries
    assert all(used <= set(entry) for entry in entries)


def test_every_output_that_a_workflow_reads_is_written(written: dict[str, Any]) -> None:
    read = {
        name
        for workflow in WORKFLOWS
        for name in re.findall(r"steps\.(?:changed|stacks|pushed|named|planned)\.outputs\.(\w+)", workflow.text)
    }
    assert read == set(written)


def test_every_field_read_from_the_first_stack_is_there(written: dict[str, Any]) -> None:
    read = {found for job in JOBS for found in re.findall(r"outputs\.(\w+)\)\[0\]\.(\w+)", text_of(job))}
    assert {name for name, _ in read} == {"first"}
    assert all(field in written[name][0] for name, field in read)


def test_every_output_of_a_job_that_another_reads_is_declared() -> None:
    for workflow in WORKFLOWS:
        for job, name in re.findall(r"needs\.([\w-]+)\.outputs\.(\w+)", workflow.text):
            assert name in workflow.job(job).content["outputs"], (workflow.name, job, name)


CALLERS = {
    "deploy-environment": ["dev", "staging", "prod"],
    "fleet": ["customers"],
    "fleet-wave": ["canaries", "share", "rest"],
}


def test_a_called_workflow_gets_what_it_asks_for() -> None:
    called = [workflow for workflow in WORKFLOWS if "workflow_call" in workflow.triggers]
    assert {one.name for one in called} == set(CALLERS)
    for workflow in called:
        inputs = set(workflow.triggers["workflow_call"]["inputs"])
        callers = [job for job in JOBS if Path(job.content.get("uses", "")).stem == workflow.name]
        assert [job.name for job in callers] == CALLERS[workflow.name]
        assert all(set(job.content["with"]) == inputs for job in callers)


def test_each_environment_and_each_wave_waits_for_the_one_before_it() -> None:
    waits = {job.name: [one.name for one in job.needs] for job in JOBS if "uses" in job.content}
    assert waits["staging"] == ["stacks", "publish", "dev"]
    assert waits["prod"] == ["stacks", "publish", "dev", "staging"]
    assert waits["customers"] == ["publish", "prod"]
    assert [waits[wave][-1] for wave in CALLERS["fleet-wave"]] == ["start", "canaries", "share"]
