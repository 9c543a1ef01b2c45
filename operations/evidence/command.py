"""`workbuoy evidence`."""

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from operations.ending import CHECK_FAILED, JSON, MISTAKE, fail, notify, print_json, print_text, report_errors
from project.terminal import wrapped

if TYPE_CHECKING:
    from operations.evidence.live import Live
    from project.files import Project

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--since", "since_text", metavar="DATE", required=True, help="The first day of the period, YYYY-MM-DD.")
@click.option("--out", metavar="FOLDER", type=FOLDER, required=True, help="A new folder for the pack.")
@click.option("--stack", "stacks", multiple=True, help="Only these stacks; by default all that hold customers' data.")
@click.option(
    "--from",
    "recorded",
    metavar="FOLDER",
    type=FOLDER,
    default="evidence",
    show_default=True,
    help="Where drills, audits, reviews, drift and matrix were recorded (docs/evidence.md).",
)
@click.option("--live", is_flag=True, help="Also read drills and the erasure ledger from each stack's bucket.")
@JSON
@report_errors
def evidence(
    *, since_text: str, out: Path, stacks: tuple[str, ...], recorded: Path, live: bool, json_wanted: bool
) -> None:
    """Gather what shows that controls held since DATE, mapped to SOC 2, ISO 27001, GDPR and CIS, into FOLDER.

    Controls and permissions are judged on what the program declares; drills, audits, reviews, drift and the isolation
    matrix are read where they were recorded, and with --live drills and the erasure ledger in each stack's bucket. What
    is not there is named as missing. Ends with 3 where anything failed or is missing; the folder is written all the
    same.
    """
    from operations.evidence.judged import as_json
    from operations.evidence.pack import as_lines, gather, require_empty, stacks_of_customers, write
    from project.files import find_project

    now = datetime.now(UTC).replace(microsecond=0)
    since = _day(since_text, now.date())
    require_empty(out)
    project = find_project(Path.cwd())
    wanted = tuple(dict.fromkeys(stacks)) or stacks_of_customers(project)
    if not wanted:
        fail(MISTAKE, "the project has no stack of prod; name one with --stack")
    buckets = _live(project, wanted, since, now.date()) if live else None
    found = gather(project, wanted, project.root / recorded, since, now, live=buckets)
    write(found, out)
    if json_wanted:
        print_json("evidence", as_json(found))
    else:
        print_text("\n".join(line for text in as_lines(found) for line in wrapped(text, "", " " * 8)))
    notify(f"The pack is in {out}; begin with {out / 'index.html'}")
    sys.exit(0 if found.passed else CHECK_FAILED)


def _live(project: "Project", stacks: Sequence[str], since: date, today: date) -> "Live":
    import boto3  # half a second

    from operations.engine.stack import open_stack  # imports Pulumi
    from operations.evidence.live import Place, read
    from operations.restore.running import region_of

    def place(stack: str) -> Place:
        bucket = open_stack(project, stack, notify=notify).outputs()["filesBucketName"]
        return Place(stack=stack, region=region_of(stack), bucket=str(bucket))

    return read(boto3.Session(), stacks, place, since, today)


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        fail(MISTAKE, f"--since {text} is no day; write it as YYYY-MM-DD")
    if day > today:
        fail(MISTAKE, f"--since {text} lies in the future")
    return day
