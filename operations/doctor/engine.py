"""What a deployment needs: the CLI, its plugins, a backend, a stack's secrets provider."""

import json
import os
from pathlib import Path

from bootstrap.names import secrets_provider as own_provider
from bootstrap.names import state_address
from operations.doctor.finding import Finding, Readiness
from operations.engine import plugins
from operations.engine.cli import Cli, CommandError, find_cli, sdk_version
from operations.engine.errors import EngineError
from operations.engine.messages import LOG_IN_COMMAND, explain
from operations.engine.stack_file import provider_lines
from project.placement import Placement

INSTALL = "workbuoy engine install"
PASSPHRASE_VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


def cli() -> tuple[Finding, Cli | None]:
    """The Pulumi CLI, its version held against the SDK's."""
    try:
        found = find_cli()
    except EngineError as error:
        state: Readiness = "missing" if "is not here" in error.problem else "wrong"
        return Finding(name="engine", state=state, found=error.problem, mend=INSTALL), None
    older = found.version < sdk_version()
    fitness = f"older than the SDK {sdk_version()}, and serves" if older else f"SDK {sdk_version()}"
    return Finding(
        name="engine",
        state="ok",
        found=f"Pulumi CLI {found.version} ({fitness})",
        mend=INSTALL if older else "",
    ), found


def provider_plugins(found: Cli) -> list[Finding]:
    """The provider plugins at the versions that the SDK packages pin."""
    try:
        here = plugins.installed(found)
    except EngineError as error:
        return [Finding(name="plugins", state="wrong", found=error.problem, mend=INSTALL)]
    findings = []
    for plugin, version in plugins.needed().items():
        others = here.get(plugin, [])
        broken = plugins.wrong_with(plugin) if version in others else ""
        fits = version in others and not broken
        elsewhere = f"{', '.join(others)} is here, the SDK needs {version}" if others else f"{version} is not here"
        findings.append(
            Finding(
                name=f"plugin {plugin}",
                state="ok" if fits else "wrong" if others else "missing",
                found=version if fits else broken or elsewhere,
                mend="" if fits else f"rm -r '{plugins.program_of(plugin).parent}' && {INSTALL}" if broken else INSTALL,
            )
        )
    return findings


def backend(found: Cli, place: Placement | None) -> Finding:
    """Where the state lies; ours carries the account and the region in its bucket's name."""
    log_in = f"pulumi login '{own_backend(place)}'" if place and place.endpoint_url is None else LOG_IN_COMMAND
    try:
        output = found.run(["whoami", "--json"], Path.cwd(), {"PULUMI_SKIP_UPDATE_CHECK": "true"})
        url = str(json.loads(output.stdout).get("url") or "")
    except CommandError as error:
        explained = explain("backend", str(error))
        problem = explained.problem.removeprefix("backend: ")
        return Finding(name="backend", state="missing", found=problem, mend=log_in)
    if place and url.startswith("s3://workbuoy-state-") and not url.startswith(own_backend(place).partition("?")[0]):
        problem = f"{url} is another account's or region's state"
        return Finding(name="backend", state="wrong", found=problem, mend=log_in)
    return Finding(name="backend", state="ok", found=url or "the CLI does not name it")


def own_backend(place: Placement) -> str:
    """The state bucket that `bootstrap/` makes."""
    return state_address(place.account, place.state_region)


def secrets_provider(stack: str, file: Path, place: Placement, make: str) -> Finding:
    """How the stack's secrets are encrypted, by its file; `make` is the command that makes the stack."""
    lines = provider_lines(file.read_text(encoding="utf-8"))
    named = next((line.partition(": ")[2] for line in lines if line.startswith("secretsprovider: ")), "")
    if not lines:
        problem = f"{file.name} names none: the stack has not been made, or its lines were not committed"
        return Finding(name="secrets provider", state="missing", found=problem, mend=make)
    if named.startswith("awskms://"):
        if f"region={place.state_region}" not in named:
            problem = f"{named} is not in {place.state_region}, where the account keeps its state"
            mend = f"pulumi stack change-secrets-provider --stack {stack} '{own_provider(place.state_region)}'"
            return Finding(name="secrets provider", state="wrong", found=problem, mend=mend)
        return Finding(name="secrets provider", state="ok", found=named)
    if any(os.environ.get(name) is not None for name in PASSPHRASE_VARIABLES):
        return Finding(name="secrets provider", state="ok", found="a passphrase, which is set")
    problem = "a passphrase, which is not set"
    mend = f"export {PASSPHRASE_VARIABLES[1]}=FILE"
    return Finding(name="secrets provider", state="wrong", found=problem, mend=mend)
