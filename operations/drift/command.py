"""`workbuoy drift`."""

from pathlib import Path

import click

from operations.ending import CHECK_FAILED, JSON, plainly, print_json, print_text, tell
from operations.review.command import FILE


@click.command()
@click.argument("stack")
@JSON
@click.option("--markdown", type=FILE, help="Also write the finding as Markdown into this file.")
@plainly
def drift(*, stack: str, json_wanted: bool, markdown: Path | None) -> None:
    """Report what was changed in STACK beside the program, by reading it anew. Writes nothing, not even the state.

    Exits with 3 where something drifted.
    """
    from operations.drift.found import as_json, as_markdown, drifted, most_dangerous_first  # noqa: PLC0415 help must not pay for these
    from operations.engine.stack import open_stack  # noqa: PLC0415
    from project.files import find_project  # noqa: PLC0415
    from project.whole_file import write_whole  # noqa: PLC0415

    opened = open_stack(find_project(Path.cwd()), stack)
    tell(f"Reading {stack} anew ...")
    events = opened.refresh_preview().events
    found = most_dangerous_first(stack, events, drifted(events))
    text = as_markdown(stack, found)
    if markdown:
        write_whole(markdown, text)
    print_json("drift", as_json(stack, found)) if json_wanted else print_text(text, end="")
    if found:
        raise SystemExit(CHECK_FAILED)
