"""Prometheus finds the service that the stack declares, and its alerts reach the stack's topic."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from components.task import METRICS_PORT
from monitoring import scrape
from monitoring.rules import rules
from monitoring.watched import Watched
from operations.main import main
from operations.monitor import watched_in
from project.files import find_project
from tests.conftest import PROJECT, Declare
from tests.monitoring.conftest import promtool

# Debian's promtool (2.42) does not know `aws_sd_configs`, which came with 3.8; the fields are those of its page.
ECS_FIELDS = {"role", "region", "port", "clusters"}


def silo() -> Watched:
    return watched_in(find_project(PROJECT), "prod-acme")[0]


@promtool
def test_promtool_takes_the_configuration_of_any_prometheus(example: Watched, tmp_path: Path) -> None:
    """Of two stacks in one Prometheus, too."""
    both = scrape.configuration(example, "files")
    both["scrape_configs"] += scrape.configuration(silo(), "files")["scrape_configs"]
    both["rule_files"] += scrape.configuration(silo(), "files")["rule_files"]
    for one in (example, silo()):
        (tmp_path / f"{one.name}.rules.yml").write_text(yaml.safe_dump(rules(one)))
    (tmp_path / scrape.TARGETS_FILE).write_text(json.dumps([{"targets": ["localhost:9090"]}]))
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(both))
    ran = subprocess.run(
        ["promtool", "check", "config", "--lint-fatal", str(tmp_path / "prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "2 rule files found" in ran.stdout


@pytest.mark.parametrize("stack", ["prod", "prod-acme"])
def test_ecs_is_asked_for_the_service_the_cluster_and_the_port_that_are_declared(declared: Declare, stack: str) -> None:
    watched = watched_in(find_project(PROJECT), stack)[0]
    (job,) = scrape.configuration(watched, "ecs")["scrape_configs"]
    (asked,) = job["aws_sd_configs"]
    assert set(asked) == ECS_FIELDS
    (service,) = declared(stack).of("ecs/service:Service")
    assert asked["clusters"] == [service.declared.inputs["cluster"]]
    assert (asked["role"], asked["region"], asked["port"]) == ("ecs", watched.region, METRICS_PORT)
    keep = job["relabel_configs"][0]
    assert (keep["action"], keep["regex"]) == ("keep", service.declared.inputs["name"])


def test_alerts_go_to_the_topic_that_the_stack_declares(declared: Declare, example: Watched) -> None:
    (topic,) = declared("prod").of("sns/topic:Topic")
    content = scrape.alertmanager(example)
    assert {one["sns_configs"][0]["topic_arn"] for one in content["receivers"]} == {topic.outputs["arn"]}
    assert {one["name"] for one in content["receivers"]} == {"page", "ticket"}


@pytest.mark.skipif(
    shutil.which("amtool") is None, reason="amtool is not installed: apt-get install prometheus-alertmanager"
)
@pytest.mark.parametrize("severity", ["page", "ticket"])
def test_alertmanager_takes_its_file_and_sends_each_severity_its_way(
    example: Watched, tmp_path: Path, severity: str
) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(scrape.alertmanager(example)))
    subprocess.run(["amtool", "check-config", str(file)], check=True, capture_output=True)
    routed = ["amtool", "config", "routes", "test", f"--config.file={file}", f"severity={severity}"]
    assert subprocess.run(routed, check=True, capture_output=True, text=True).stdout.strip() == severity


def test_the_role_that_asks_ecs_may_ask_for_its_own_cluster_alone(example: Watched) -> None:
    for statement in scrape.discovery_policy(example)["Statement"]:
        everywhere = statement["Resource"] == "*"
        assert everywhere == ("Condition" in statement)
        assert all(action.startswith(("ecs:Describe", "ecs:List", "ec2:Describe")) for action in statement["Action"])


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.chdir(PROJECT)
    return CliRunner().invoke(main, ["monitor", *arguments], env={"COLUMNS": "80"})


def test_the_command_writes_every_file_and_names_the_stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = run(monkeypatch, "prod-acme", "--into", str(tmp_path / "new" / "folder"))
    assert result.exit_code == 0, result.output
    written = [one for one in (tmp_path / "new/folder").rglob("*") if one.is_file()]
    assert len(written) == 12
    assert "account that is none" in result.stderr
    assert 'stack="prod-acme"' in (tmp_path / "new/folder/prometheus/workbuoy-prod-acme.rules.yml").read_text()


def test_a_mistake_is_reported_in_a_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    unknown = run(monkeypatch, "prd", "--into", str(tmp_path))
    assert (unknown.exit_code, "did you mean prod?" in unknown.stderr) == (1, True)
    (tmp_path / "file").write_text("")
    blocked = run(monkeypatch, "prod", "--into", str(tmp_path / "file" / "below"))
    assert (blocked.exit_code, "cannot be made" in blocked.stderr) == (1, True)
    assert not list(tmp_path.rglob("*.json"))
