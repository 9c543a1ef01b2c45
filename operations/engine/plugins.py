"""What the engine needs on this machine: the CLI of the SDK's version, and the plugins that the SDK packages pin."""

import json
import os
import subprocess
from collections.abc import Mapping
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

from operations.ending import Notify
from operations.engine.cli import Cli, CommandError, find_cli, install_root, sdk_version
from operations.engine.errors import EngineError, EngineMissingError
from operations.engine.messages import explain

PACKAGES: Final[Mapping[str, str]] = {"aws": "pulumi-aws", "random": "pulumi-random"}
"""Plugin to SDK package: the engine takes a plugin of the very version that the package names."""


def needed() -> dict[str, str]:
    """Plugin to the version that the SDK packages pin."""
    return {plugin: installed_version(package) for plugin, package in PACKAGES.items()}


def installed(cli: Cli) -> dict[str, list[str]]:
    """Plugin to the versions that are here. Raises EngineError where the CLI does not say."""
    found: dict[str, list[str]] = {}
    for one in json.loads(_run(cli, ["plugin", "ls", "--json"]) or "[]"):
        if one["kind"] == "resource":
            found.setdefault(one["name"], []).append(one["version"])
    return found


def missing(cli: Cli) -> dict[str, str]:
    """What is needed and not here."""
    here = installed(cli)
    return {plugin: version for plugin, version in needed().items() if version not in here.get(plugin, [])}


def program_of(plugin: str) -> Path:
    """Where the engine looks for a plugin's program at the pinned version."""
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    return home / "plugins" / f"resource-{plugin}-v{needed()[plugin]}" / f"pulumi-resource-{plugin}"


def wrong_with(plugin: str) -> str:
    """What is wrong with the program in the plugin's folder, which the CLI lists whatever is in it; empty if nothing.

    A download that broke off leaves a folder without it, or with half of it; tests use scripts that create nothing.
    """
    program = program_of(plugin)
    try:
        with program.open("rb") as file:
            begin = file.read(4)
    except OSError as error:
        return f"{program} cannot be read ({error.strerror}): a download broke off"
    if begin[:2] == b"#!":
        return f"{program} is a script, not the provider"
    if not begin:
        return f"{program} is empty: a download broke off"
    return "" if os.access(program, os.X_OK) else f"{program} may not be executed"


def install_engine(notify: Notify) -> None:
    """Install what is missing; what is here and fits is left alone.

    Raises EngineMissingError with one line where something cannot be fetched; what was fetched before stays.
    """
    cli = _installed_cli(notify)
    for plugin, version in missing(cli).items():
        notify(f"Fetching the plugin {plugin} {version} ...")
        try:
            _run(cli, ["plugin", "install", "resource", plugin, f"v{version}"])
        except EngineError as error:
            raise EngineMissingError(
                f"the plugin {plugin} {version} cannot be fetched: {error.problem}", "repeat where the internet is open"
            ) from None
    named = ", ".join(f"plugin {plugin} {version}" for plugin, version in needed().items())
    notify(f"The engine is here: Pulumi CLI {cli.version} ({cli.command}), {named}.")


def _installed_cli(notify: Notify) -> Cli:
    try:
        found = find_cli()
    except EngineMissingError:
        found = None
    if found is not None and found.version >= sdk_version():
        return found
    from pulumi.automation import PulumiCommand  # seconds that no other command needs

    notify(f"Installing the Pulumi CLI {sdk_version()} into {install_root()} ...")
    try:
        PulumiCommand.install(root=str(install_root()), version=sdk_version())
    except subprocess.CalledProcessError as error:
        last = (error.output or b"").decode(errors="replace").strip().splitlines()[-1:] or [str(error)]
        raise EngineMissingError(f"Pulumi's installer failed: {last[0].strip()}", "repeat it") from None
    except OSError as error:
        raise EngineMissingError(
            f"Pulumi's installer cannot be fetched: {getattr(error, 'reason', error)}",
            f"it needs the internet once; any Pulumi CLI of {sdk_version()} on PATH serves as well",
        ) from None
    return find_cli()


def _run(cli: Cli, args: list[str]) -> str:
    try:
        return cli.run(args, Path.home(), {"PULUMI_SKIP_UPDATE_CHECK": "true"}).stdout
    except CommandError as error:
        explained = explain("pulumi", str(error))
        raise EngineError(explained.problem.removeprefix("pulumi: "), explained.next_step) from None
