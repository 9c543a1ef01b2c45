"""`workbuoy fleet cells`, `look`, `status` and `page`: how a fleet stands. What they do is imported when they run."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from operations.ending import (
    CHECK_FAILED,
    JSON,
    MISTAKE,
    NOT_MADE,
    fail,
    notify,
    print_json,
    print_page,
    print_text,
    report_errors,
    warn,
)
from operations.fleet.options import of_environment

if TYPE_CHECKING:
    from operations.fleet.cells import Cell
    from operations.fleet.records import Run, ShardRecord
    from operations.fleet.where import Where

LOOKS = click.option(
    "--looks",
    metavar="DIRECTORY",
    type=click.Path(path_type=Path),
    help="What drift, drills, backups, releases and cost printed with --json, a file each.",
)


@click.command()
@click.option("--next", "after", metavar="CELL", help="Print the files of a further cell like this one instead.")
@click.option(
    "--own-account/--same-account",
    default=None,
    help="With --next: give it an account of its own, or not. [default: where the present one leaves it less room]",
)
@click.option("--write", is_flag=True, help="With --next: write the files into the project, where they are missing.")
@click.option("--live", is_flag=True, help="Ask Service Quotas what AWS grants the account that you are signed in to.")
@JSON
@report_errors
def cells(*, after: str | None, own_account: bool | None, write: bool, live: bool, json_wanted: bool) -> None:
    """Show base stacks with the room that AWS's limits leave on each: docs/limits.md's, and quotas of fleet.yaml.

    With --live only those of your account, by what AWS grants it now. Then exits with 3 where that is less than the
    files count on, and with 4 where a limit could not be asked.
    """
    from operations.fleet import cells as reading
    from operations.fleet.quotas_here import quotas_here
    from project.files import find_project

    if after is None and (write or own_account is not None):
        raise click.UsageError("--write, --own-account and --same-account go with --next CELL.")
    if after is not None and json_wanted:
        raise click.UsageError("--next prints files, and no JSON.")
    root = find_project(Path.cwd()).root
    here = quotas_here(root) if live else None
    found = reading.read_cells(root, live=here.quotas) if here else reading.read_cells(root)
    if here:
        found = [one for one in found if one.base.account == here.account]
    if after is not None:
        cell = next((one for one in found if one.name == after), None)
        if cell is None:
            fail(MISTAKE, f"there is no base stack {after}; there are {', '.join(one.name for one in found)}")
        _print_next(root, cell, own_account=own_account, write=write)
        return
    _print_cells(found, json_wanted=json_wanted)
    for one in filter(reading.nearly_full, found):
        warn(
            f"{one.name} is {one.taken:.0%} taken; `workbuoy fleet cells --next {one.name}` prints the next one's files"
        )
    if here and (lower := reading.lower_than_files(root, here.quotas)):
        fail(CHECK_FAILED, *lower, *here.quotas.unknown)
    if here and here.quotas.unknown:
        fail(NOT_MADE, *here.quotas.unknown)


def _print_cells(found: "Sequence[Cell]", *, json_wanted: bool) -> None:
    from operations.fleet import cells as reading
    from operations.limits.uses import not_counted

    if json_wanted:
        print_json("fleet-cells", {"cells": [reading.as_json(one) for one in found], "notCounted": not_counted()})
        return
    for one in found:
        mark = "!" if reading.nearly_full(one) else " "
        print_text(f"{mark} {one.name:<16} {one.base.region:<11} {one.silos:>3} silos, {one.room:>3} more: {one.limit}")
    kinds = ", ".join(token.split(":")[1] for token in not_counted())
    print_text(f"not counted, so more may end a cell (docs/limits.md#not-counted): {kinds}")


@click.command()
@of_environment(LOOKS, JSON)
def status(*, where: "Where", looks: Path | None, json_wanted: bool) -> None:
    """Show how far the latest rollout is: failures by their cause, and which runner has which shard.

    With --looks also which image runs where, what drifted, which drills are overdue and which backups are not good, one
    row a cause; a stack that nobody looked at is a row too. Then exits with 3 where something needs attention.
    """
    journal = where.journal()
    if looks is None:
        run = journal.require()
        print_run(run, journal.wave(run), json_wanted=json_wanted)
        return
    from operations.fleet import standing, text
    from operations.fleet.looks import read_looks

    stacks = standing.stacks_of(where.root, where.environment)
    rows = standing.rows_of(stacks, read_looks(looks))
    current = journal.current()
    records = journal.wave(current) if current else []
    if json_wanted:
        run_json = text.run_json(current, records) if current else None
        document = {"environment": where.environment, "stacks": len(stacks), "rows": standing.as_json(rows)}
        print_json("fleet-status", {**document, "run": run_json})
    else:
        print_text(text.run_text(current, records) if current else "no rollout was begun")
        print_text(standing.as_text(rows, len(stacks)))
    if not all(one.good for one in rows):
        sys.exit(CHECK_FAILED)


@click.command()
@of_environment(
    LOOKS,
    click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The HTML file."),
    click.option(
        "--repository",
        envvar="GITHUB_REPOSITORY",
        metavar="OWNER/NAME",
        help="On GitHub, for the form of a new customer. [default: $GITHUB_REPOSITORY]",
    ),
    journal=False,
)
def page(*, where: "Where", looks: Path | None, output: Path, repository: str | None) -> None:
    """Write one HTML page of the fleet: cells, customers, versions, drift, drills, backups and cost.

    It is made of files alone, and asks nobody. It names customers: keep it where those are allowed to be read.
    """
    from operations.fleet.page_of import write_page

    write_page(where.root, where.environment, looks, output, repository)
    print_text(output)


@click.command()
@click.argument("what", type=click.Choice(["drift", "drills"]))
@click.option("--stacks", metavar="NAMES", required=True, help="One or several, with a space between.")
@click.option("--output", required=True, type=click.Path(path_type=Path, file_okay=False), help="Where files go.")
@click.option("--parallel", default=4, show_default=True, type=click.IntRange(1, 20), help="Stacks at once.")
@click.option(
    "--minutes-each", default=60, show_default=True, type=click.IntRange(1, 360), help="The longest for one stack."
)
@click.option(
    "--minutes", default=45, show_default=True, type=click.IntRange(1, 360), help="No stack is begun after so many."
)
@report_errors
def look(*, what: str, stacks: str, output: Path, parallel: int, minutes_each: int, minutes: int) -> None:
    """Check stacks one after the other, as the nightly workflow does: what drifted, or whether each could be restored.

    For drift: `drift`, `drift --account`, `releases` and `cost`. For drills: `restore end --expired`, `restore drill
    --due`, `drills --measure` and `backups --live --this-account`. What they print is left for `fleet status` and
    `fleet page`. Exits with 3 where one of them ended otherwise than well, and names the stack.
    """
    from operations.fleet.night import NIGHTS, Night
    from operations.tenant.standing import absent
    from project.files import find_project

    names = list(dict.fromkeys(stacks.split()))
    if not names:
        raise click.UsageError("--stacks names none.")
    project = find_project(Path.cwd())
    for name in absent(project, names):
        notify(f"{name} is passed by: it does not stand, and a move has yet to make it, or its record retires it.")
        names.remove(name)
    night = Night(
        root=project.root,
        steps=NIGHTS[what],
        folder=output,
        parallel=parallel,
        seconds_each=minutes_each * 60,
        seconds_in_all=minutes * 60,
    )
    outcomes = night.look(names)
    bad = {name: one for name, one in outcomes.items() if one.state != "done"}
    print_text(f"{len(names) - len(bad)} of {len(names)} stacks are well")
    if bad:
        fail(CHECK_FAILED, *(f"{name}: {one.cause or one.state}" for name, one in bad.items()))


def print_run(run: "Run", records: "list[ShardRecord]", *, json_wanted: bool) -> None:
    """How far a run is."""
    from operations.fleet import text

    if json_wanted:
        print_json("fleet-run", text.run_json(run, records))
    else:
        print_text(text.run_text(run, records))


def _print_next(root: Path, cell: "Cell", *, own_account: bool | None, write: bool) -> None:
    from operations.fleet.next_cell import next_cell

    found = next_cell(root, cell, own_account=own_account)
    if write:
        found.write(root)
    for name, text in found.files.items():
        if write:
            print_text(name)
        else:
            notify(f"{name}:")
            print_page(text)
    notify(found.why)
    notify("Next:")
    for step in found.steps:
        notify(f"  {step}")
