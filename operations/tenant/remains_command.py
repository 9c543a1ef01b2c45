"""`workbuoy tenant remains`: what is left of a customer who has gone, and whether what should have ended did."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from operations.ending import CHECK_FAILED, JSON, MISTAKE, NOT_MADE, fail, plainly, print_json, print_text, report
from operations.ending import notify as notify_line
from project.terminal import wrapped

if TYPE_CHECKING:
    from operations.tenant.ended import Asking, Found
    from operations.tenant.remains import Remaining


@click.command()
@click.argument("name")
@click.option("--live", is_flag=True, help="Ask AWS for each copy, instead of telling the days alone.")
@JSON
@plainly
def remains(*, name: str, live: bool, json_wanted: bool) -> None:
    """List the copies that remain of a customer who has left, or of one who moved where it was before.

    Each has its last day.

    With --live AWS is asked for each: exit 3 where one is there after its day, 4 where that could not be asked.
    """
    from operations.tenant.ended import NOT_ASKED, Found  # noqa: PLC0415 printing help must not pay for these
    from project.files import find_project  # noqa: PLC0415

    root = find_project(Path.cwd()).root
    found = []
    for record, listed in _records(root, name):
        asking = _asking(record) if live else None
        found += [asking.look(one) if asking else Found(remaining=one, state=NOT_ASKED) for one in listed]
    today = datetime.now(UTC).date()
    if json_wanted:
        print_json("tenant-remains", {"tenant": name, "live": live, "copies": [_shown(one) for one in found]})
    else:
        for one in found:
            print_text("\n".join(_lines(one, live=live)))
    late = [one for one in found if one.late(today)]
    report(*(f"{one.remaining.what} ({one.remaining.where}) is there after {one.remaining.ends}" for one in late))
    if late:
        raise SystemExit(CHECK_FAILED)
    unproved = [one for one in found if live and one.unproved(today) and one.why.startswith("AWS")]
    if unproved:
        fail(NOT_MADE, *(f"{one.remaining.what} ({one.remaining.where}): {one.why}" for one in unproved))


def _records(root: Path, name: str) -> "list[tuple[dict[str, Any], list[Remaining]]]":
    """Of every place that the customer left, by a move or for good, with the copies that each lists."""
    from infra.tenants.files import offboarding_file  # noqa: PLC0415
    from infra.yaml_text import read_yaml  # noqa: PLC0415
    from operations.tenant.move.record import moved_records  # noqa: PLC0415
    from operations.tenant.remains import read_remaining  # noqa: PLC0415

    left = offboarding_file(root, name)
    files = [*moved_records(root, name), *([left] if left.exists() else [])]
    if not files:
        fail(
            MISTAKE,
            f"{left.relative_to(root)} is not there: {name} has not left, or without a record; nor has it moved",
        )
    found = []
    for file in files:
        record: dict[str, Any] = read_yaml(file, str(file.relative_to(root))).content
        try:
            found.append((record, read_remaining(record)))
        except ValueError as error:
            fail(MISTAKE, f"{file.relative_to(root)}: {error}")
    return found


def _asking(record: dict[str, Any]) -> "Asking":
    import boto3  # noqa: PLC0415  half a second

    from operations.tenant.ended import Asking  # noqa: PLC0415
    from operations.tenant.handover.command import guarded, outputs_of  # noqa: PLC0415
    from operations.tenant.handover.places import find_place  # noqa: PLC0415
    from operations.tenant.handover.tasks import Tasks  # noqa: PLC0415
    from project.files import find_project  # noqa: PLC0415

    def client(service: str) -> Any:
        return boto3.client(service, region_name=record["region"])

    if record["isolation"] == "silo":
        return Asking(client=client, record=record)
    project = find_project(Path.cwd())
    name, base, region = (str(record[key]) for key in ("name", "base", "region"))
    place = find_place(name, base, region, lambda stack: outputs_of(project, stack))
    tasks = Tasks(boto3.Session(), place, notify_line)
    return Asking(client=client, record=record, count=lambda: guarded(lambda: tasks.count(record["tenantId"])))


def _shown(found: "Found") -> dict[str, Any]:
    one = found.remaining
    of_copy = {"what": one.what, "where": one.where, "ends": one.ends, "how": one.how}
    return {**of_copy, "state": found.state, "why": found.why}


def _lines(found: "Found", *, live: bool) -> list[str]:
    one = found.remaining
    until = f"until {one.ends}" if one.ends else one.how
    state = f": {found.state}" + (f" ({found.why})" if found.why else "") if live else ""
    return wrapped(f"{one.what} ({one.where}), {until}{state}", "", "  ")
