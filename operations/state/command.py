"""`workbuoy state check`."""

from pathlib import Path
from typing import Any

import click

from operations.ending import CHECK_FAILED, JSON, fail, print_json, print_text, report_errors
from operations.help import Commands
from operations.review.command import FILE


@click.group(cls=Commands)
def state() -> None:
    """What the engine keeps about a stack."""


@state.command()
@click.argument("stack", required=False)
@click.option("--file", type=FILE, help="Check this exported state instead of STACK's.")
@JSON
@report_errors
def check(*, stack: str | None, file: Path | None, json_wanted: bool) -> None:
    """Look for secret values that stand in clear in the state of STACK, or in an exported file.

    Names the resource, the property and what to do; never the value. Exits with 3 where one is found. What is
    encrypted is fine, and so are the ARNs, names and ids of secrets.
    """
    if (stack is None) == (file is None):
        raise click.UsageError("Name exactly one of STACK and --file FILE.")
    from operations.state.scan import read_state, scan

    deployment = read_state(file) if file else _of_stack(str(stack))
    leaks, number = scan(deployment), len(deployment.get("resources") or ())
    if json_wanted:
        rows = [{"urn": one.urn, "path": one.path, "kind": one.kind, "fix": one.fix} for one in leaks]
        print_json("state-check", {"resources": number, "leaks": rows})
    else:
        for leak in leaks:
            print_text(f"{leak.name}: {leak.path}: {leak.kind}\n  {leak.urn}\n  {leak.fix}")
    if leaks:
        finding = "a secret value stands" if len(leaks) == 1 else f"{len(leaks)} secret values stand"
        fail(CHECK_FAILED, f"{finding} in clear in the state of {stack or file}")
    if not json_wanted:
        print_text(f"{stack or file}: no secret value stands in clear in {number} resources")


def _of_stack(stack: str) -> dict[str, Any]:
    from operations.engine.stack import open_stack
    from project.files import find_project

    deployment: dict[str, Any] = open_stack(find_project(Path.cwd()), stack).export()["deployment"]
    return deployment
