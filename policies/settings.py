"""A pack's configuration as `pulumi preview --policy-pack-config FILE` gives it: levels and settings, checked."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from graph.errors import InputError, reason_of
from policies.catalogue import Control, Level, catalogue

EnforcedLevel = Literal["mandatory", "advisory", "disabled"]
LEVELS: tuple[EnforcedLevel, ...] = ("mandatory", "advisory", "disabled")
Configuration = Mapping[str, Any]
"""Per control, or `all`: a level, or a map of settings with an optional `enforcementLevel`."""


@dataclass(frozen=True, slots=True)
class Configured:
    """A control as one run judges it."""

    control: Control
    level: EnforcedLevel
    settings: Mapping[str, Any]


def configured(environment: str, configuration: Configuration | None = None) -> dict[str, Configured]:
    """Every control with its level in the environment and its settings; raises InputError with all problems."""
    given = dict(configuration or {})
    problems = [_unknown(name) for name in given if name != "all" and name not in catalogue()]
    everywhere = _level("all", given.get("all"), problems)
    result: dict[str, Configured] = {}
    for name, control in catalogue().items():
        own = given.get(name)
        level: EnforcedLevel | Level = _level(name, own, problems) or everywhere or control.level_in(environment)
        result[name] = Configured(control, level, _settings(control, own, problems))
    if problems:
        raise InputError(*problems)
    return result


def with_regions(configuration: Configuration | None, regions: Sequence[str]) -> dict[str, Any]:
    """The configuration with the allowed regions filled in, where it does not name them itself."""
    merged = dict(configuration or {})
    own = merged.get("resource-stay-in-residency")
    if isinstance(own, str):
        own = {"enforcementLevel": own}
    if regions and (own is None or (isinstance(own, Mapping) and "allowedRegions" not in own)):
        merged["resource-stay-in-residency"] = {"allowedRegions": list(regions)} | dict(own or {})
    return merged


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, catalogue(), 1)
    return f"policy settings: no control is named {name}" + (f"; did you mean {near[0]}?" if near else "")


def _level(name: str, given: Any, problems: list[str]) -> EnforcedLevel | None:
    level = given.get("enforcementLevel") if isinstance(given, Mapping) else given
    if level is None or level in LEVELS:
        return level
    problems.append(f"policy settings: {name}: the level is one of {', '.join(LEVELS)}; it is {level!r}")
    return None


def _settings(control: Control, given: Any, problems: list[str]) -> dict[str, Any]:
    values = control.defaults()
    for key, value in given.items() if isinstance(given, Mapping) else ():
        if key == "enforcementLevel":
            continue
        setting = control.settings.get(key)
        problem = setting.problem(value) if setting else "no such setting" + _known(control)
        if problem:
            problems.append(f"policy settings: {control.name}.{key}: {problem}")
        else:
            values[key] = value
    return values


def _known(control: Control) -> str:
    return f"; it has {', '.join(control.settings)}" if control.settings else "; it has none"


def read_configuration(path: Path) -> dict[str, Any]:
    """The file that `--policy-pack-config` takes; raises InputError where it is none."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as JSON: {reason_of(error)}") from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: policy settings are a map of control names")
    return found
