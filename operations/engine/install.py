"""`workbuoy engine install`: the CLI of the SDK's version by the Automation API's installer, and the pinned plugins."""

import subprocess
from collections.abc import Callable
from typing import Any

from pulumi.automation import PulumiCommand

from operations.engine import plugins
from operations.engine.cli import Cli, find_cli, install_root, sdk_version
from operations.engine.errors import EngineError, EngineMissingError


def install(tell: Callable[[str], Any]) -> None:
    """Install what is missing; what is here and fits is left alone.

    Raises EngineMissingError with one line where something cannot be fetched; what was fetched before stays.
    """
    cli = _cli(tell)
    for plugin, version in plugins.missing(cli).items():
        tell(f"Fetching the plugin {plugin} {version} ...")
        try:
            plugins.install(cli, plugin, version)
        except EngineError as error:
            raise EngineMissingError(
                f"the plugin {plugin} {version} cannot be fetched: {error.problem}", "repeat where the internet is open"
            ) from None
    tell(f"The engine is here: Pulumi CLI {cli.version} ({cli.command}), {_named(plugins.needed())}.")


def _cli(tell: Callable[[str], Any]) -> Cli:
    try:
        found = find_cli()
    except EngineMissingError:
        found = None
    if found is not None and found.version is not None and found.version >= sdk_version():
        return found
    tell(f"Installing the Pulumi CLI {sdk_version()} into {install_root()} ...")
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


def _named(versions: dict[str, str]) -> str:
    return ", ".join(f"plugin {plugin} {version}" for plugin, version in versions.items())
