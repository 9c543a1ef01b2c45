"""What to write into which file so that the program declares what was found.

No list says which setting makes which property. Settings that hold the deployed value are tried: the one with which
the program declares what was found is the one to write.
"""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final

import yaml

from graph import Graph
from graph.values import at
from infra.problems import Problem, ProblemsError
from infra.settings import StackSettings
from infra.stack_files import SETTINGS_KEY, settings_in
from infra.tenants.listing import FOLDER
from infra.yaml_text import as_yaml, read_yaml_value
from operations.drift.found import Drifted
from operations.drift.nested import Difference
from operations.ending import Notify
from project.files import Project
from project.own_folder import own_folder
from project.silos import base_of
from rehearsal.as_graph import graph_of
from rehearsal.errors import ProgramError, RefusedError
from rehearsal.run import Options, rehearse_with_base

TRIES: Final = 4
"""Settings that are tried for one difference, those first whose names are most like the property's."""


@dataclass(frozen=True)
class _Trial:
    """Declares a stack as it is, and with one setting changed in a copy of its files."""

    project: Project
    stack: str
    holder: str
    """The stack whose file holds the settings: the base of a customer's own stack."""

    def declared(self) -> Graph:
        """What the program declares as it is, each resource with its place in the program."""
        return _declare(self.project, self.stack)

    def with_setting(self, path: str, value: Any) -> Graph:
        """What it declares with another setting. Raises ProblemsError where the settings do not allow the value."""
        with own_folder("keep") as folder:
            copy = replace(self.project, root=folder)
            for file in self.project.root.glob("Pulumi*.yaml"):
                shutil.copy(file, copy.root)
            if (self.project.root / FOLDER).is_dir():
                shutil.copytree(self.project.root / FOLDER, copy.root / FOLDER)
            file = copy.stack_file(self.holder)
            content = deepcopy(read_yaml_value(file))
            _put(content["config"][SETTINGS_KEY], path, value)
            file.write_text(as_yaml(content), encoding="utf-8")
            return _declare(copy, self.stack)


def _declare(project: Project, stack: str) -> Graph:
    try:
        return graph_of(rehearse_with_base(project, stack, Options(declare_only=True)))
    except (ProgramError, RefusedError) as error:
        raise ProblemsError([Problem(message=" ".join(str(error).split()))]) from error


def advice(project: Project, stack: str, found: tuple[Drifted, ...], notify: Notify) -> str:
    """A line for each difference: the setting to write, else the place in the program.

    Raises ProblemsError where the stack cannot be declared as it is.
    """
    holder = base_of(project, stack) or stack
    trial = _Trial(project, stack, holder)
    notify(f"Looking for what in {project.stack_file(holder).name} decides it ...")
    declared, settings = trial.declared(), settings_in(project.stack_file(holder)) or {}
    lines = [line for one in found for line in _of(one, declared, trial, dict(settings))]
    return "\n".join(["To keep what was found, write:", "", *lines, ""])


def _of(one: Drifted, declared: Graph, trial: _Trial, settings: Mapping[str, Any]) -> Iterator[str]:
    resource = declared.by_urn.get(one.urn)
    place = (resource.source if resource is not None else "") or "the program"
    if resource is None:
        yield f"- `{one.name}`: the program does not declare it any more; nothing to write"
    elif one.gone:
        yield f"- `{one.name}`: take it out of {place}"
    for each in () if one.gone or resource is None else one.differences:
        setting = _setting(one, each, trial, settings)
        where = f"{place}: it comes from no single setting" if setting is None else setting
        yield f"- `{one.name}` {each.path} {_yaml(each.found)}: {where}"
    if resource is not None and not one.gone and not one.differences:
        yield f"- `{one.name}`: what guards it is declared in {place}"


def _setting(one: Drifted, each: Difference, trial: _Trial, settings: Mapping[str, Any]) -> str | None:
    """The setting that makes the program declare what was found, or the one that holds it and does not allow it."""
    file = f"Pulumi.{trial.holder}.yaml"
    for path in _candidates(f"{one.name}.{one.type}.{each.path}", each.deployed, settings):
        try:
            resource = trial.with_setting(path, each.found).by_urn.get(one.urn)
        except ProblemsError as error:
            first = str(error.problems[0])
            if path.rpartition(".")[2] in first:
                return f"{file} decides it by {path}, which does not allow that: {first}"
            continue
        if resource is not None and at(resource.inputs, each.path) == each.found:
            return f"{file}, {path}: {_yaml(each.found)}"
    return None


def _candidates(property_: str, value: Any, settings: Mapping[str, Any]) -> list[str]:
    """Paths of settings with this value, defaults included, that share a word with the property."""
    if not isinstance(value, str | int | float):
        return []
    try:
        whole = StackSettings.model_validate_json(json.dumps(settings)).model_dump(mode="json", by_alias=True)
    except ValueError:
        whole = dict(settings)
    words = _words(property_)
    alike = [path for path, leaf in _leaves(whole) if _equal(leaf, value)]
    ranked = sorted(((len(words & _words(path)), path) for path in alike), key=lambda pair: (-pair[0], pair[1]))
    return [path for shared, path in ranked if shared][:TRIES]


def _equal(leaf: Any, value: Any) -> bool:
    return bool(leaf == value) and isinstance(leaf, bool) == isinstance(value, bool)


def _words(path: str) -> set[str]:
    """Words of a name in camel case, without a plural's end."""
    found = re.findall(r"[A-Z]?[a-z]+|\d+", path)
    return {word.lower().removesuffix("s") for word in found} - {"aw", "in"}


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif not isinstance(value, list):
        yield path, value


def _put(settings: dict[str, Any], path: str, value: Any) -> None:
    *steps, last = path.split(".")
    for step in steps:
        settings = settings.setdefault(step, {})
    settings[last] = value


def _yaml(value: Any) -> str:
    return "(unset)" if value is None else str(yaml.safe_dump(value, default_flow_style=True)).partition("\n")[0]
