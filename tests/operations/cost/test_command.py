"""`workbuoy cost` as a person runs it."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from operations.main import main
from project.files import Project
from tests.conftest import PROJECT


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["cost", *words])


@pytest.fixture
def in_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)


@pytest.mark.slow
@pytest.mark.usefixtures("in_repository")
def test_the_table_and_the_json_tell_the_same_sum() -> None:
    text, found = run("dev"), run("dev", "--json")
    assert (text.exit_code, found.exit_code) == (0, 0)
    content = json.loads(found.stdout)
    assert text.stdout.startswith(f"dev (eu-west-1) at rest: {content['perMonth']} USD a month\n")
    assert content["complete"] is True


@pytest.mark.usefixtures("in_repository")
def test_a_stack_that_is_not_there_is_reported_in_one_line() -> None:
    result = run("pord")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "there is no stack 'pord'; the project has: dev," in result.stderr


def test_a_broken_setting_is_reported_with_its_place(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(_as_project(project))
    _set(project.stack_file("dev"), "multiAz", "perhaps")
    result = run("dev")
    assert result.exit_code == 1
    assert "database.multiAz" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.lengthy
def test_a_class_without_a_price_ends_with_3_and_still_shows_the_rest(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(_as_project(project))
    _set(project.stack_file("dev"), "instanceClass", "db.r8g.large")
    result = run("dev")
    assert result.exit_code == 3
    assert "at least" in result.stdout.splitlines()[0]
    assert "rds-instance-db.r8g.large" in result.stderr
    assert "operations/cost/prices.yaml" in result.stdout


def _as_project(project: Project) -> Path:
    (project.root / "infra").symlink_to(PROJECT / "infra")
    return project.root


def _set(file: Path, name: str, value: str) -> None:
    content = yaml.safe_load(file.read_text())
    content["config"]["workbuoy:settings"]["database"][name] = value
    file.write_text(yaml.safe_dump(content, sort_keys=False))
