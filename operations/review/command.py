"""The command `workbuoy review`. What it does lies in operations.review.perform, imported when it runs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from operations.ending import (
    CHECK_FAILED,
    JSON,
    MISTAKE,
    doing,
    fail,
    notify,
    print_page,
    print_result,
    report_errors,
    warn,
)
from operations.rehearse.fitting import Exclusions, given_options, require_fitting

if TYPE_CHECKING:
    from operations.review.assess import Review

_OUTPUTS = frozenset({"--waivers", "--steps", "--beside", "--json", "--sarif", "--markdown"})
EXCLUSIONS: Exclusions = {
    "--suggest": ("prints aliases and nothing else", _OUTPUTS | {"--record"}),
    "--record": ("judges nothing", _OUTPUTS),
}

FILE = click.Path(dir_okay=False, path_type=Path)


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
@click.option("--image", metavar="DIGEST", help="The image of STACK: sha256:..., or `deployed` for the one that runs.")
@click.option(
    "--since",
    metavar="REV",
    help="Compare what STACK declares with what it declared at a revision of git: no account, no engine, no state.",
)
@click.option("--record", type=FILE, help="Only record the engine's events of STACK in this file, and judge nothing.")
@click.option(
    "--drills",
    "drills_file",
    type=FILE,
    help="With --record: keep in this file what is known of STACK's restore drills; with --events: report it.",
)
@click.option(
    "--suggest", is_flag=True, help="Only print the alias of each resource that was renamed or moved, as code."
)
@click.option("--steps", type=FILE, help="Also write the plan's steps to this file, for a review of another run.")
@click.option(
    "--beside",
    "compared_plan",
    type=FILE,
    help="Name each step in which this plan differs from the steps in this file.",
)
@JSON
@click.option("--sarif", type=FILE, help="Also write the findings to this file as SARIF.")
@click.option("--markdown", type=FILE, help="Also write the review to this file, for a pull request.")
@click.pass_context
@report_errors
def review(
    context: click.Context,
    *,
    stack: str | None,
    events: Path | None,
    previewed: Path | None,
    waivers: Path | None,
    policy_config: Path | None,
    image: str | None,
    since: str | None,
    record: Path | None,
    drills_file: Path | None,
    suggest: bool,
    steps: Path | None,
    compared_plan: Path | None,
    json_wanted: bool,
    sarif: Path | None,
    markdown: Path | None,
) -> None:
    """Review a planned change: possible loss, exposure, wider rights, residency, downtime, policies.

    Runs the preview of STACK with the project's policies, reads a recording, or compares two revisions of the program.
    Exits with 3 where something dangerous has no waiver, with 1 where the preview itself failed or an input is wrong.
    """
    require_fitting(given_options(context), EXCLUSIONS)
    _refuse_wrong_usage(stack, events, previewed, image=image, record=record, since=since)
    _refuse_drills_alone(drills_file, record or events)
    from operations.review import drilled, perform

    root = perform.project(stack is not None)
    tried = _begin(stack, since)
    if record:
        if drills_file:
            drilled.keep(drills_file, str(stack), tried)
        perform.record(str(stack), record, root, policy_config, image=image)
        notify(f"The events are in {record}. Next: workbuoy review --events {record}")
        return
    planned = perform.plan(stack, events, previewed, root, policy_config, image=image, since=since)
    if suggest:
        print_page(perform.suggestions(planned))
        return
    found = perform.review(planned, waivers or root / "waivers", compared_plan)
    text = perform.markdown_text(found, drilled.drill_warnings(found.plan.stack, drills_file) if events else tried)
    _write(found, root, text, steps=steps, sarif=sarif, markdown=markdown)
    _print(found, text, json_wanted=json_wanted)
    if found.failed:
        fail(MISTAKE, *perform.failures(found))
    if found.stops:
        fail(CHECK_FAILED, perform.stopping(found))


def _begin(stack: str | None, since: str | None) -> list[str]:
    """Say what takes a while, and what a stack that stands lacks of restore drills."""
    if since:
        doing(f"Declaring {stack} as at {since} and as it is now")
        return []
    if not stack:
        return []
    from operations.restore import drills

    doing(f"Previewing {stack} with the policies of this project")
    tried = drills.warnings(stack)
    for line in tried:
        warn(line)
    return tried


def _print(found: "Review", text: str, *, json_wanted: bool) -> None:
    from operations.review import perform
    from operations.review.machine import as_json

    print_result("review", as_json(found), text, json_wanted=json_wanted)
    for line in perform.warnings(found):
        warn(line)


def _write(
    found: "Review", root: Path, text: str, *, steps: Path | None, sarif: Path | None, markdown: Path | None
) -> None:
    from operations.review import perform
    from project.whole_file import write_whole

    if steps:
        write_whole(steps, perform.steps_text(found))
    if sarif:
        write_whole(sarif, perform.sarif_text(found, root))
    if markdown:
        write_whole(markdown, text)


def _refuse_drills_alone(drills_file: Path | None, recording: Path | None) -> None:
    if drills_file and not recording:
        raise click.UsageError("--drills goes with --record or --events; a review of STACK asks by itself.")


def _refuse_wrong_usage(
    stack: str | None,
    events: Path | None,
    previewed: Path | None,
    *,
    image: str | None,
    record: Path | None,
    since: str | None,
) -> None:
    if sum(given is not None for given in (stack, events, previewed)) != 1:
        raise click.UsageError("Name exactly one of STACK, --events FILE and --preview FILE.")
    if image and not stack:
        raise click.UsageError("--image goes with STACK; a recording names its image itself.")
    if record and not stack:
        raise click.UsageError("--record goes with STACK: a recording is recorded already.")
    if since and (not stack or record or image):
        raise click.UsageError("--since goes with STACK alone: it asks no engine, and takes the image of STACK's file.")
