"""What the commands of a restore ask for and print alike."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from operations.ending import fail, print_result
from operations.restore.running import attempted
from project.terminal import wrapped
from project.whole_file import write_whole

if TYPE_CHECKING:
    from operations.restore.steps import Restore, Step

AT = click.option("--at", "at_text", metavar="TIME", help="The moment, with its zone: 2026-11-26T09:30:00Z.")
PLAN = click.option("--plan", is_flag=True, help="Only say what would be done.")
EVIDENCE = click.option(
    "--evidence",
    "evidence_file",
    metavar="FILE.json",
    type=click.Path(path_type=Path),
    help="Also write what is kept in the bucket into FILE.",
)


def keep(
    work: "Restore", kind: str, document: Mapping[str, Any], file: Path | None, failed: tuple[int, str] | None
) -> None:
    """In the bucket, and in a file: the same bytes. The file first, so that a refusal of the bucket loses nothing.

    Ends the command where a step had failed, or where the bucket refuses, with both reasons.
    """
    from operations.restore import evidence

    if file is not None:
        write_whole(file, evidence.as_text(document))
    unkept = attempted("its evidence is not kept", lambda: evidence.of(work).write(kind, document))
    if problems := [one for one in (failed, unkept) if one]:
        fail(problems[0][0], *(told for _, told in problems))


def print_plan(head: Mapping[str, Any], shown_at: str, steps: Sequence["Step"], *, json_wanted: bool) -> None:
    """Each step in words, and under whose rights; `head` is what every output says."""
    lines = [f"As of {shown_at}, in {len(steps)} steps:"]
    for number, one in enumerate(steps, start=1):
        lines += wrapped(f"{one.does} ({one.by})", f"{number:2}. {one.name + ':':10} ", " " * 15)
    listed = [{"step": one.name, "does": one.does, "by": one.by} for one in steps]
    text = "\n".join([*lines, "\nNothing was done."])
    print_result("restore", {**head, "steps": listed}, text, json_wanted=json_wanted)
