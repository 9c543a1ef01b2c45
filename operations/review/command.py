"""The commands `workbuoy review` and `workbuoy policies`."""

import datetime
import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click

from operations.review.assess import Review, assess
from operations.review.engine import EngineError, find_project, preview
from operations.review.machine import as_json
from operations.review.markdown import render
from operations.review.plan import InputError, Plan
from operations.review.recordings import read_events, read_preview
from operations.review.sarif import as_sarif
from policies.errors import PolicyError, RuleError

MISTAKE, CHECK_FAILED, NOT_MADE = 1, 3, 4
FILE = click.Path(dir_okay=False, path_type=Path)


def fail(code: int, *lines: str) -> NoReturn:
    for line in lines:
        click.echo(f"error: {line}", err=True)
    sys.exit(code)


def plainly(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what a person can mend into clear lines and an exit code."""

    @wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except (InputError, PolicyError) as error:
            fail(MISTAKE, *error.problems)
        except EngineError as error:
            fail(NOT_MADE, str(error))
        except RuleError as error:
            fail(NOT_MADE, str(error))

    return run


@click.command()
@click.argument("stack", required=False)
@click.option("--events", type=FILE, help="Review a recording of the engine's events, one JSON object a line.")
@click.option("--preview", "previewed", type=FILE, help="Review a file of `pulumi preview --json`.")
@click.option(
    "--waivers",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of waivers; by default `waivers` of the project.",
)
@click.option("--policy-config", type=FILE, help="Settings of the policies, as `--policy-pack-config` takes them.")
@click.option("--json", "json_wanted", is_flag=True, help="Print the review as JSON instead of Markdown.")
@click.option("--sarif", type=FILE, help="Also write the findings to this file as SARIF.")
@plainly
def review(
    *,
    stack: str | None,
    events: Path | None,
    previewed: Path | None,
    waivers: Path | None,
    policy_config: Path | None,
    json_wanted: bool,
    sarif: Path | None,
) -> None:
    """Review a planned change: possible data loss, open doors, residency, downtime, policies.

    Runs the preview of STACK with the project's policies, or reads a recording. Exits with 3 where something
    dangerous has no waiver, with 1 where the preview itself failed or an input is wrong.
    """
    if sum(given is not None for given in (stack, events, previewed)) != 1:
        raise click.UsageError("Name exactly one of STACK, --events FILE and --preview FILE.")
    root = find_project(Path.cwd()) if stack else _project_or_here()
    plan = _plan(stack, events, previewed, root, policy_config)
    found = assess(plan, waivers or root / "waivers", datetime.datetime.now(tz=datetime.UTC).date())
    if sarif:
        sarif.write_text(json.dumps(as_sarif(found, root), indent=2) + "\n", encoding="utf-8")
    click.echo(json.dumps(as_json(found), indent=2) if json_wanted else render(found), nl=json_wanted)
    _end(found)


def _project_or_here() -> Path:
    try:
        return find_project(Path.cwd())
    except InputError:
        return Path.cwd()


def _plan(
    stack: str | None, events: Path | None, previewed: Path | None, root: Path, configuration: Path | None
) -> Plan:
    if events:
        return read_events(events)
    if previewed:
        return read_preview(previewed)
    click.echo(f"Previewing {stack} with the policies of this project ...", err=True)
    return preview(str(stack), root, configuration)


def _end(found: Review) -> None:
    for one in found.unused:
        click.echo(f"warning: {one.place}: nothing in this plan needs it; take it away", err=True)
    if found.failed:
        reasons = found.plan.errors or ("the engine gave no reason",)
        fail(MISTAKE, *(f"{found.plan.source}: the preview failed: {reason}" for reason in reasons))
    if found.stops:
        stopping = (*found.losses, *found.doors, *found.outside)
        kinds = ", ".join(dict.fromkeys([danger.kind for danger in stopping] + [v.policy for v in found.violations]))
        fail(CHECK_FAILED, f"{found.plan.stack}: stopped by {kinds}")
