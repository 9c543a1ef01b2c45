"""`workbuoy fleet`. What its commands do is imported when they run."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from operations.ending import (
    CHECK_FAILED,
    INTERRUPTED,
    JSON,
    MISTAKE,
    NOT_MADE,
    fail,
    notify,
    plainly,
    print_json,
    print_page,
    print_text,
    warn,
)
from operations.help import Commands

if TYPE_CHECKING:
    from operations.changed.estate import Base
    from operations.fleet.journal import Journal
    from operations.fleet.records import Run, ShardRecord

_Function: TypeAlias = Callable[..., Any]
_Decorator: TypeAlias = Callable[[_Function], _Function]

ENVIRONMENT = click.option(
    "--environment", default="prod", show_default=True, help="Whose customers' own stacks: prod, staging or dev."
)
IMAGE = click.option("--image", metavar="DIGEST", required=True, help="The image that goes out: sha256:...")
LOOKS = click.option(
    "--looks",
    metavar="DIRECTORY",
    type=click.Path(path_type=Path),
    help="What drift, drills, backups, releases and cost printed with --json, a file each.",
)
OUTPUT = click.option("--github-output", is_flag=True, help="Also write each wave's matrix into $GITHUB_OUTPUT.")


@click.group(cls=Commands)
def fleet() -> None:
    """Roll a release out to many customers' own stacks, in waves, by as many runners as there are.

    What is done stands in a journal beside the engine's state, so any runner or laptop goes on where another stopped.
    """


def _command(*options: _Decorator, name: str | None = None) -> Callable[[_Function], click.Command]:
    """A command about one environment's customers, with options beside `--environment`."""

    def declare(function: _Function) -> click.Command:
        wrapped: _Function = ENVIRONMENT(plainly(function))
        for option in reversed(options):
            wrapped = option(wrapped)
        return fleet.command(name)(wrapped)

    return declare


@_command(IMAGE, OUTPUT, JSON)
def plan(*, image: str, environment: str, github_output: bool, json_wanted: bool) -> None:
    """Show who gets an image in which wave, and which runner does whom. Nothing is written, and AWS is not asked."""
    from operations.fleet import text  # noqa: PLC0415 printing help must not pay for these
    from operations.fleet.plan import plan_release  # noqa: PLC0415
    from operations.workflow import write_outputs  # noqa: PLC0415

    planned = plan_release(_root(), environment, image)
    if github_output:
        write_outputs(text.outputs([one.head for one in planned.shards], _home(_root(), environment)))
    if json_wanted:
        print_json("fleet-plan", text.plan_json(planned))
        return
    print_text(text.plan_text(planned))
    notify(f"Next: workbuoy fleet start --image {image}")


@_command(IMAGE, OUTPUT)
def start(*, image: str, environment: str, github_output: bool) -> None:
    """Begin the rollout of an image, or go on with the one of the very same plan. No customer is touched yet.

    One rollout at a time: another one must be finished or ended first.
    """
    from operations.deploy.order import head_of  # noqa: PLC0415 printing help must not pay for these
    from operations.fleet import text  # noqa: PLC0415
    from operations.fleet.plan import plan_release  # noqa: PLC0415
    from operations.workflow import write_outputs  # noqa: PLC0415

    root = _root()
    planned = plan_release(root, environment, image)
    journal = _journal(root, environment)
    run = journal.begin(planned, head_of(root) or "")
    heads = journal.planned(run.run).shards
    if github_output:
        write_outputs(text.outputs(heads, _home(root, environment)))
    print_text(f"{run.called} is {run.state}, wave {run.wave}")
    for row in text.wave_rows(journal.planned(run.run).waves, heads):
        print_text(row)
    notify("Next: workbuoy fleet deploy --shard NAME, for each shard of the wave; then workbuoy fleet next")


@_command(
    click.option("--shard", "name", metavar="NAME", required=True, help="As `workbuoy fleet status` names them."),
    click.option(
        "--others", is_flag=True, help="Then also shards of the wave, in the same account, that no runner has."
    ),
    click.option(
        "--timeout-minutes",
        default=45,
        show_default=True,
        type=click.IntRange(1, 120),
        help="The longest for one customer.",
    ),
    JSON,
)
def deploy(*, name: str, others: bool, timeout_minutes: int, environment: str, json_wanted: bool) -> None:
    """Deploy the customers of one shard, and watch their stacks; who is done already is left alone.

    Exits with 3 where more failed than fleet.yaml allows, and with 130 where this did not come to its end: the same
    command goes on, anywhere.
    """
    from operations.fleet.runner import Runner  # noqa: PLC0415 printing help must not pay for it

    root = _root()
    runner = Runner.ready(root, _journal(root, environment), timeout_minutes * 60, notify)
    results = [runner.do(name), *(runner.do_others(name) if others else ())]
    for one in results:
        _print(runner.run, [one.record], json_wanted=json_wanted and one is results[0])
    lost = next((one for one in results if one.interrupted), None)
    if lost is not None:
        fail(INTERRUPTED, lost.lost or "interrupted; the same command goes on where this stopped")
    failed = [name for one in results for name, entry in one.record.customers.items() if entry.state == "failed"]
    if runner.too_many(failed):
        fail(CHECK_FAILED, f"{len(failed)} failed; the rollout is stopped: `workbuoy fleet status`")
    if failed:
        warn(f"{len(failed)} failed, which fleet.yaml allows")


@_command(
    click.option("--after", "wave", metavar="WAVE", help="Do nothing where the run has left this wave already."),
    name="next",
)
def go_on(*, wave: str | None, environment: str) -> None:
    """Judge the wave that is done by the stop rule of fleet.yaml, and open the next one.

    Exits with 3 where the wave is not done, or the rule stops the rollout.
    """
    from operations.fleet.control import go_on as perform  # noqa: PLC0415 printing help must not pay for these
    from operations.fleet.runner import settings_of  # noqa: PLC0415

    journal = _journal(_root(), environment)
    run = perform(journal, settings_of(journal).stop, wave)
    print_text(f"{run.called}: {run.state}, wave {run.wave}")
    if run.state in ("running", "rolling back"):
        notify("Next: workbuoy fleet deploy --shard NAME, for each shard that `workbuoy fleet status` names")


@_command(click.option("--because", metavar="REASON", required=True, help="Shown to whoever asks why."))
def stop(*, because: str, environment: str) -> None:
    """Let no runner begin another customer. What has begun comes to its end."""
    run = _journal(_root(), environment).stop([because])
    print_text(f"{run.called}: {run.state}")
    notify("Next: workbuoy fleet resume, rollback or end")


@_command(
    click.option(
        "--accept", metavar="REASON", help="Let pass what the stop rule found in this wave; kept in the journal."
    )
)
def resume(*, accept: str | None, environment: str) -> None:
    """Let a stopped rollout go on in its wave: who failed is done again, unless --accept lets it pass."""
    from operations.fleet.control import resume as perform  # noqa: PLC0415 printing help must not pay for it

    run = perform(_journal(_root(), environment), accept)
    print_text(f"{run.called}: {run.state}, wave {run.wave}, round {run.round}")
    notify("Next: workbuoy fleet deploy --shard NAME, for each shard that `workbuoy fleet status` names")


@_command(OUTPUT, click.option("--yes", is_flag=True, help="Do not ask."))
def rollback(*, environment: str, github_output: bool, yes: bool) -> None:
    """Bring the customers of the present wave back to the image that ran before, by shards named NAME-back.

    Waves before it keep the new image.
    """
    from operations.fleet import text  # noqa: PLC0415 printing help must not pay for these
    from operations.fleet.control import roll_back  # noqa: PLC0415
    from operations.workflow import write_outputs  # noqa: PLC0415

    journal = _journal(_root(), environment)
    run = journal.require()
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("Nobody is here to confirm: say --yes.")
    if not yes and not click.confirm(f"Bring wave {run.wave} of {run.called} back?", err=True):
        fail(MISTAKE, "not confirmed; nothing was changed")
    run = roll_back(journal)
    records = journal.wave(run)
    if github_output:
        write_outputs(text.outputs([one.head for one in records], _home(_root(), environment)))
    print_text(text.run_text(run, records))
    notify("Next: workbuoy fleet deploy --shard NAME-back, for each; then workbuoy fleet next")


@_command()
def end(*, environment: str) -> None:
    """Give a stopped rollout up, so that another one may begin. Nothing is brought back."""
    from operations.fleet.control import end as perform  # noqa: PLC0415 printing help must not pay for it

    run = perform(_journal(_root(), environment))
    print_text(f"{run.called}: {run.state}; customers of its waves keep what they run")


@fleet.command()
@click.option("--next", "after", metavar="CELL", help="Print the stack file of a further cell like this one instead.")
@click.option("--live", is_flag=True, help="Ask Service Quotas what AWS grants the account that you are signed in to.")
@JSON
@plainly
def cells(*, after: str | None, live: bool, json_wanted: bool) -> None:
    """Show base stacks with the room that AWS's limits leave on each: docs/limits.md's, and quotas of fleet.yaml.

    With --live only those of your account, by what AWS grants it now. Then exits with 3 where that is less than the
    files count on, and with 4 where a limit could not be asked.
    """
    from operations.fleet import cells as reading  # noqa: PLC0415 printing help must not pay for these
    from operations.fleet.quotas_here import quotas_here  # noqa: PLC0415

    root = _root()
    here = quotas_here(root) if live else None
    found = reading.read_cells(root, live=here.quotas) if here else reading.read_cells(root)
    if here:
        found = [one for one in found if one.base.account == here.account]
    if after is not None:
        cell = next((one for one in found if one.name == after), None)
        if cell is None:
            fail(MISTAKE, f"there is no base stack {after}; there are {', '.join(one.name for one in found)}")
        name, text = reading.next_cell(root, cell)
        notify(f"Pulumi.{name}.yaml:")
        print_page(text)
        return
    if json_wanted:
        print_json("fleet-cells", {"cells": [reading.as_json(one) for one in found]})
    for one in [] if json_wanted else found:
        mark = "!" if reading.nearly_full(one) else " "
        print_text(f"{mark} {one.name:<16} {one.base.region:<11} {one.silos:>3} silos, {one.room:>3} more: {one.limit}")
    for one in filter(reading.nearly_full, found):
        warn(
            f"{one.name} is {one.taken:.0%} taken; `workbuoy fleet cells --next {one.name}` prints the next one's file"
        )
    if here and (lower := reading.lower_than_files(root, here.quotas)):
        fail(CHECK_FAILED, *lower, *here.quotas.unknown)
    if here and here.quotas.unknown:
        fail(NOT_MADE, *here.quotas.unknown)


@_command(LOOKS, JSON)
def status(*, environment: str, looks: Path | None, json_wanted: bool) -> None:
    """Show how far the latest rollout is: what went wrong one row a cause, and which runner has which shard.

    With --looks also which image runs where, what drifted, which drills are overdue and which backups are not good, one
    row a cause; a stack that nobody looked at is a row too. Then exits with 3 where something needs attention.
    """
    journal = _journal(_root(), environment)
    if looks is None:
        run = journal.require()
        _print(run, journal.wave(run), json_wanted=json_wanted)
        return
    from operations.fleet import standing, text  # noqa: PLC0415 printing help must not pay for these
    from operations.fleet.looks import read_looks  # noqa: PLC0415

    stacks = standing.stacks_of(_root(), environment)
    rows = standing.rows_of(stacks, read_looks(looks))
    current = journal.current()
    records = journal.wave(current) if current else []
    if json_wanted:
        run_json = text.run_json(current, records) if current else None
        document = {"environment": environment, "stacks": len(stacks), "rows": standing.as_json(rows)}
        print_json("fleet-status", {**document, "run": run_json})
    else:
        print_text(text.run_text(current, records) if current else "no rollout was begun")
        print_text(standing.as_text(rows, len(stacks)))
    if not all(one.good for one in rows):
        sys.exit(CHECK_FAILED)


@_command(
    LOOKS,
    click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The HTML file."),
    click.option(
        "--repository",
        envvar="GITHUB_REPOSITORY",
        metavar="OWNER/NAME",
        help="On GitHub, for the form of a new customer. [default: $GITHUB_REPOSITORY]",
    ),
)
def page(*, environment: str, looks: Path | None, output: Path, repository: str | None) -> None:
    """Write one HTML page of the fleet: cells, customers, versions, drift, drills, backups and cost.

    It is made of files alone, and asks nobody. It names customers: keep it where those are allowed to be read.
    """
    from operations.fleet.page_of import write_page  # noqa: PLC0415 printing help must not pay for it

    write_page(_root(), environment, looks, output, repository)
    print_text(output)


def _print(run: "Run", records: "list[ShardRecord]", *, json_wanted: bool) -> None:
    from operations.fleet import text  # noqa: PLC0415

    if json_wanted:
        print_json("fleet-run", text.run_json(run, records))
    else:
        print_text(text.run_text(run, records))


def _root() -> Path:
    from project.files import find_project  # noqa: PLC0415

    return find_project(Path.cwd()).root


def _home(root: Path, environment: str) -> "Base":
    """The base stack in whose account the journal is kept."""
    from operations.changed.estate import read_bases  # noqa: PLC0415
    from operations.engine.errors import MistakenError  # noqa: PLC0415

    bases = [one for one in read_bases(root).values() if one.environment == environment]
    home = next((one for one in bases if one.stack == environment), bases[0] if bases else None)
    if home is None:
        raise MistakenError(f"there is no base stack of environment {environment}")
    return home


def _journal(root: Path, environment: str) -> "Journal":
    """In the state bucket of the environment's own account, or beside a state that is kept elsewhere.

    A shard's runner names the state of its shard's account; the journal is one for all accounts.
    """
    from operations.changed.estate import read_bases  # noqa: PLC0415
    from operations.fleet.journal import Journal  # noqa: PLC0415
    from operations.fleet.store import open_store  # noqa: PLC0415

    home = _home(root, environment)
    told = os.environ.get("PULUMI_BACKEND_URL") or home.backend
    address = home.backend if told in {one.backend for one in read_bases(root).values()} else told
    return Journal(open_store(address, home.region), environment)
