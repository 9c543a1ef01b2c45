"""`workbuoy tenant remains`: what is left of a customer who has gone, and whether what should have ended did."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from operations.backups.vault_profile import VAULT_PROFILE
from operations.ending import CHECK_FAILED, JSON, MISTAKE, NOT_MADE, fail, print_json, print_text, report, report_errors
from operations.ending import notify as notify_line
from operations.tenant import standing
from project.terminal import wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from infra.tenants.dates import Hold
    from operations.tenant.ended import CopyQueries, Found
    from operations.tenant.remains import Remaining


@click.command()
@click.argument("name")
@click.option("--live", is_flag=True, help="Ask AWS for each copy, instead of telling the days alone.")
@VAULT_PROFILE
@JSON
@report_errors
def remains(*, name: str, live: bool, vault_profile: str | None, json_wanted: bool) -> None:
    """List the copies that remain of a customer who has left, or of one who moved where it was before.

    Each has its last day.

    With --live AWS is asked for each, and for the rule that will end it: exit 3 where one is there after its day or its
    rule says another day, 4 where that could not be asked.
    """
    from infra.tenants.listing import offboarding_file
    from operations.tenant.ended import NOT_ASKED, Found
    from operations.tenant.move.record import moved_records
    from project.files import find_project

    root = find_project(Path.cwd()).root
    left = offboarding_file(root, name)
    files = [*moved_records(root, name), *([left] if left.exists() else [])]
    if not files:
        fail(MISTAKE, _not_left(root, name, str(left.relative_to(root))))
    found, hold = [], _own_hold(root, name)
    for file in files:
        record, listed, ordered_since = _read(root, file)
        hold = hold or ordered_since
        queries = _copy_queries(record, vault_profile) if live else None
        found += [queries.look(one) if queries else Found(remaining=one, state=NOT_ASKED) for one in listed]
    today = datetime.now(UTC).date()
    if json_wanted:
        held = hold.model_dump(mode="json", by_alias=True) if hold else None
        copies = [_shown(one) for one in found]
        print_json("tenant-remains", {"tenant": name, "live": live, "hold": held, "copies": copies})
    else:
        if hold:
            print_text(f"Legal hold since {hold.since}: {hold.reason}")
        for one in found:
            print_text("\n".join(_lines(one, live=live)))
    if hold is not None:
        _expect_held(found, hold.since)
        return
    late = [one for one in found if one.late(today)]
    report(*(f"{one.remaining.what} ({one.remaining.where}) is there after {one.remaining.ends}" for one in late))
    differing = [one for one in found if one.differs]
    report(*(f"{one.remaining.what} ({one.remaining.where}): {one.differs}" for one in differing))
    if late or differing:
        raise SystemExit(CHECK_FAILED)
    unproved = [one for one in found if live and one.unproved(today) and one.why.startswith("AWS")]
    unread = [f"{one.remaining.what} ({one.remaining.where}): {one.unread}" for one in found if one.unread]
    if unproved or unread:
        fail(NOT_MADE, *(f"{one.remaining.what} ({one.remaining.where}): {one.why}" for one in unproved), *unread)


def _read(root: Path, file: Path) -> "tuple[dict[str, Any], list[Remaining], Hold | None]":
    """A record of a place that the customer left, the copies that it lists, and a hold that was ordered since."""
    from infra.yaml_text import read_yaml
    from operations.tenant.remains import read_hold, read_remaining

    path = str(file.relative_to(root))
    record: dict[str, Any] = read_yaml(file, path).content
    try:
        return record, read_remaining(record), read_hold(record)
    except ValueError as error:
        fail(MISTAKE, f"{path}: {error}")


def _not_left(root: Path, name: str, file: str) -> str:
    hold = _own_hold(root, name)
    held = f"; it is held since {hold.since} ({hold.reason})" if hold else ""
    return f"{file} is not there: {name} has not left or moved, or without a record{held}"


def _own_hold(root: Path, name: str) -> "Hold | None":
    """The hold of a customer who is served, who may have moved."""
    from infra.tenants.files import read_tenant
    from infra.tenants.listing import list_records

    return read_tenant(root, name).dates.hold if name in list_records(root).paths else None


def _expect_held(found: "list[Found]", since: "date") -> None:
    """Under a hold a copy should not end: what a rule ends, or has ended since, is named, and the check has failed."""
    days = ((one, one.remaining.ends) for one in found if not one.remaining.waits_for_a_person)
    ending = [one for one, day in days if day is not None and day >= since]
    for one in ending:
        report(
            f"{one.remaining.what} ({one.remaining.where}): its own rule ends it on {one.remaining.ends}, "
            "which the hold does not stop"
        )
    if ending:
        raise SystemExit(CHECK_FAILED)


def _copy_queries(record: dict[str, Any], vault_profile: str | None) -> "CopyQueries":
    import boto3  # half a second

    from operations.tenant.ended import CopyQueries
    from operations.tenant.handover.command import guarded
    from operations.tenant.handover.places import find_place
    from operations.tenant.handover.tasks import Tasks
    from project.files import find_project

    def client(service: str) -> Any:
        return boto3.client(service, region_name=record["region"])

    project = find_project(Path.cwd())
    _expect_account(project.root, record)
    vault = boto3.Session(profile_name=vault_profile) if vault_profile else None
    if record["isolation"] == "silo":
        return CopyQueries(client=client, record=record, vault_session=vault)
    name, base, region = (str(record[key]) for key in ("name", "base", "region"))
    place = find_place(name, base, region, lambda stack: standing.outputs(project, stack))
    tasks = Tasks(boto3.Session(), place, notify_line)
    return CopyQueries(
        client=client,
        record=record,
        count=lambda: guarded(lambda: tasks.count(record["tenantId"])),
        vault_session=vault,
    )


def _expect_account(root: Path, record: "Mapping[str, Any]") -> None:
    """Raises MistakenError: in another account nothing of the customer is there, which proves nothing."""
    from infra.stack_files import settings_in, stack_file
    from operations.engine.account import expect_account

    keys = (record.get("keys") or {}).get("arns") or ()
    stated = (settings_in(stack_file(root, str(record["base"]))) or {}).get("account")
    own = str(keys[0]).split(":")[4] if keys else str(stated)
    step = "sign in to the right account; nothing was asked"
    expect_account(str(record["stack"]), own, str(record["region"]), step)


def _shown(found: "Found") -> dict[str, Any]:
    why = found.why or found.unread
    return {**found.remaining.shown(), "state": found.state, "why": why, "differs": found.differs}


def _lines(found: "Found", *, live: bool) -> list[str]:
    one = found.remaining
    until = f"until {one.ends}" if one.ends else one.how
    why = "; ".join(filter(None, (found.why, found.differs, found.unread)))
    state = f": {found.state}" + (f" ({why})" if why else "") if live else ""
    return wrapped(f"{one.what} ({one.where}), {until}{state}", "", "  ")
