"""Stacks as the program declares them, without moto: built once, asked many times."""

import gc
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, settings

from operations import ending
from operations.outputs import number_of
from project.files import Project, find_project
from project.silos import base_of
from project.terminal import UNBROKEN
from rehearsal.models import read_once
from rehearsal.result import Rehearsal, Rehearsed
from rehearsal.run import Options
from tests.declared import DECLARE, KEPT, declared_once

# Whoever starts the tests in the background may have SIGINT ignored, and every child inherits that: a Ctrl-C that a
# test sends would then be none. With a handler here, children begin with the usual one.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Where the shell forbids byte code, each worker would rewrite the assertions of every test module anew, and each
# process that a test starts would compile the project. It is kept while tests are collected, which imports most of
# both; what tests write and change afterwards is never taken from it.
sys.dont_write_bytecode = False

# What is made while tests are collected stays until the end: looking through it again and again finds nothing.
gc.disable()

# How long an example takes says how busy the machine is.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("unhurried"), max_examples=10)  # `make test-fast` names it
settings.load_profile("unhurried")

ROOT = Path(__file__).parent.parent
# Stacks, customers and accounts that nobody deploys, so that a test may assert on what they say. The owner's own files
# are judged by tests/test_owner_files.py alone.
PROJECT = ROOT / "tests/fixtures/project"
STACKS = ("local", "dev", "staging", "prod", "prod-eu-north-1")
SILOS = ("prod-acme", "prod-eu-north-1-globex")

Change = Callable[[dict[str, Any]], None]
Declare = Callable[[str], "Graph"]
DeclareWith = Callable[[str, Change], "Graph"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With several workers, what a folder shares is stood up once."""
    from tests.spread import BySharing

    return BySharing(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_configure(config: pytest.Config) -> None:
    """Workers lie below a folder of the run, where one finds what another has declared."""
    if hasattr(config, "workerinput"):
        KEPT.folder = Path(config.option.basetemp).parent / "declared"


# Fixtures that stand up whole stacks in moto, or answer each call of the Pulumi CLI by a process.
HEAVY = frozenset({"accounts", "beside", "fake_cli", "moto", "seeded", "standing", "untouched", "whole", "world"})
# Those that declare a stack of the test's own.
LENGTHY = frozenset({"declared_with"})


@pytest.hookimpl(tryfirst=True)  # before tests are left out by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no worker is still busy with one when the others have ended."""
    for item in items:
        for mark, fixtures in (("slow", HEAVY), ("lengthy", LENGTHY)):
            if fixtures.intersection(getattr(item, "fixturenames", ())):
                item.add_marker(mark)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """Python's collector leaves alone what was imported, and looks less often: it took a sixth of the suite."""
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    gc.freeze()  # with what little of it is garbage: looking for that takes most of a second
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


class Graph:
    """What one stack declared, with questions that tests ask."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        self.resources = [one for one in rehearsal.resources if one.declared.custom]

    def of(self, type_: str) -> list[Rehearsed]:
        """Resources of a type, named by the end of its token (`Instance`, `lb/listener:Listener`)."""
        return [one for one in self.resources if one.type.endswith(f":{type_}")]

    def named(self, name: str) -> Rehearsed:
        """The resource with a logical name."""
        (found,) = [one for one in self.resources if one.name == name]
        return found

    def needs(self, name: str) -> set[str]:
        """Logical names of everything that must exist before a resource, near and far."""
        by_urn = {one.urn: one for one in self.resources}
        seen: set[str] = set()
        waiting = list(self.named(name).declared.dependencies)
        while waiting:
            urn = waiting.pop()
            if urn in by_urn and urn not in seen:
                seen.add(urn)
                waiting += by_urn[urn].declared.dependencies
        return {by_urn[urn].name for urn in seen}

    def documents(self, *types: str) -> Iterator[tuple[Rehearsed, dict[str, Any]]]:
        """Statements of the policies on resources of these types, each with the resource."""
        for one in self.resources:
            if one.type.rsplit(":", 1)[1] in types and "policy" in one.declared.inputs:
                for statement in json.loads(one.declared.inputs["policy"])["Statement"]:
                    yield one, statement

    def containers(self) -> dict[str, dict[str, Any]]:
        """The containers of the service and of one-off tasks, by name."""
        return {
            one["name"]: one
            for task in self.of("TaskDefinition")
            for one in json.loads(task.declared.inputs["containerDefinitions"])
        }


@cache
def declared_graph(stack: str) -> Graph:
    """An example stack's graph, rehearsed once; so is the base of a customer's own stack."""
    project = find_project(PROJECT)
    base = base_of(project, stack)
    references = {base: declared_graph(base).rehearsal.exports} if base else {}
    return Graph(declared_once(project, stack, Options(declare_only=True, references=references)))


@pytest.fixture(scope="session")
def declared() -> Declare:
    """An example stack's graph, by its name."""
    return declared_graph


def copy_of_project(folder: Path) -> Path:
    """A copy of the example project, free to be changed. Its links to code lead to the same code."""
    folder.mkdir(exist_ok=True)
    for entry in PROJECT.iterdir():
        if entry.is_file():
            shutil.copy(entry, folder)
        elif entry.is_symlink():
            (folder / entry.name).symlink_to(entry.resolve())
        else:
            shutil.copytree(entry, folder / entry.name)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of the example stack files over the same program, free to be changed."""
    for file in PROJECT.glob("Pulumi*.yaml"):
        shutil.copy(file, tmp_path)
    shutil.copytree(PROJECT / "tenants", tmp_path / "tenants")
    return Project(find_project(PROJECT).name, tmp_path, ROOT / "infra")


@pytest.fixture
def change(project: Project) -> Callable[[str, Change], Project]:
    """Change a stack's settings in the copy and get the project back."""

    def apply(stack: str, change_settings: Change) -> Project:
        file = project.stack_file(stack)
        content = yaml.safe_load(file.read_text())
        change_settings(content["config"]["workbuoy:settings"])
        file.write_text(yaml.safe_dump(content, sort_keys=False))
        return project

    return apply


@pytest.fixture
def declared_with(change: Callable[[str, Change], Project]) -> DeclareWith:
    """The graph of a stack with changed settings."""

    def declare(stack: str, change_settings: Change) -> Graph:
        return Graph(declared_once(change(stack, change_settings), stack, DECLARE))

    return declare


@cache
def schema_of(name: str) -> Any:
    """The committed schema of an output, as something that validates."""
    text = (ROOT / "docs/schemas" / f"{name}.{number_of(name)}.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


@pytest.fixture(scope="session", autouse=True)
def models_are_read_once() -> Iterator[None]:
    """Each command that a test calls makes clients of its own, and each would read its services' models anew."""
    if "botocore" in sys.modules:
        with read_once():
            yield
    else:
        yield


@pytest.fixture(autouse=True)
def outputs_have_their_schema(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whatever a command prints as JSON in a test is held to the output's committed schema; by which, in order."""
    printed = ending._as_text
    names: list[str] = []

    def held(name: str, document: Mapping[str, Any]) -> str:
        text = printed(name, document)
        if "schema" in document:  # not an entry of a list, which is printed one by one
            schema_of(name).validate(json.loads(text))
            names.append(name)
        return text

    monkeypatch.setattr(ending, "_as_text", held)
    return names


@pytest.fixture(autouse=True)
def whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message is asserted on as it was written; `tests/operations/test_output.py` judges how it is broken."""
    monkeypatch.setenv("COLUMNS", UNBROKEN)


@pytest.fixture
def usual_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal as most tools expect it."""
    monkeypatch.setenv("COLUMNS", "80")
