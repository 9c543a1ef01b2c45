"""The provider plugins that the program needs: the versions that its SDK packages pin, and what is installed."""

import json
import os
from collections.abc import Mapping
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

from pulumi.automation import CommandError

from operations.engine.cli import Cli
from operations.engine.errors import EngineError
from operations.engine.messages import explain

PACKAGES: Final[Mapping[str, str]] = {"aws": "pulumi-aws", "random": "pulumi-random"}
"""Plugin to SDK package: the engine takes a plugin of the very version that the package names."""


def needed() -> dict[str, str]:
    """Plugin to the version that the SDK packages pin."""
    return {plugin: installed_version(package) for plugin, package in PACKAGES.items()}


def installed(cli: Cli) -> dict[str, list[str]]:
    """Plugin to the versions that are here. Raises EngineError where the CLI does not tell."""
    found: dict[str, list[str]] = {}
    for one in json.loads(_run(cli, ["plugin", "ls", "--json"]) or "[]"):
        if one["kind"] == "resource":
            found.setdefault(one["name"], []).append(one["version"])
    return found


def install(cli: Cli, plugin: str, version: str) -> None:
    """Fetch one plugin. Raises EngineError with one line."""
    _run(cli, ["plugin", "install", "resource", plugin, f"v{version}"])


def missing(cli: Cli) -> dict[str, str]:
    """What is needed and not here."""
    here = installed(cli)
    return {plugin: version for plugin, version in needed().items() if version not in here.get(plugin, [])}


def is_genuine(plugin: str) -> bool:
    """Whether the plugin at the pinned version is a program of its own kind; tests use scripts that create nothing."""
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    program = home / "plugins" / f"resource-{plugin}-v{needed()[plugin]}" / f"pulumi-resource-{plugin}"
    try:
        with program.open("rb") as file:
            return file.read(2) != b"#!"
    except OSError:
        return False


def _run(cli: Cli, args: list[str]) -> str:
    try:
        return cli.run(args, cwd=str(Path.home()), additional_env={"PULUMI_SKIP_UPDATE_CHECK": "true"}).stdout
    except CommandError as error:
        explained = explain("pulumi", str(error))
        raise EngineError(explained.problem.removeprefix("pulumi: "), explained.next_step) from None
