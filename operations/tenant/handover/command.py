"""`workbuoy tenant export` and `link`: a customer's data out, and into the customer's hands."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from operations.ending import (
    CHECK_FAILED,
    INTERRUPTED,
    JSON,
    MISTAKE,
    NOT_MADE,
    fail,
    print_json,
    print_text,
    report_errors,
)
from operations.ending import notify as notify_line
from operations.tenant import standing

if TYPE_CHECKING:
    from infra.tenants.record import Tenant
    from operations.tenant.handover.places import HandoverPlace

MOST_HOURS = 7 * 24
"""Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html"""
T = TypeVar("T")


@click.command()
@click.argument("name")
@JSON
@report_errors
def export(*, name: str, json_wanted: bool) -> None:
    """Export everything that a customer has into the place for exports, as open archives.

    A one-off task writes rows as JSON lines and files under their own names (docs/export-format.md). Nothing is
    frozen: of a customer who leaves, `workbuoy tenant destroy` exports after freezing.
    """
    import boto3  # half a second

    from operations.tenant.handover.tasks import Tasks

    _, place = found_place(name)
    exported = guarded(lambda: Tasks(boto3.Session(), place, notify_line).hand_over())
    if json_wanted:
        print_json("tenant-export", _document(name, place, exported))
        return
    print_text(exported["address"])
    rows = sum(exported["rows"].values())
    notify_line(f"{rows} rows and {exported['files']} files of {name}, as of {exported['made_at']}.")
    notify_line(f"Hand it over: workbuoy tenant link {name}")


@click.command()
@click.argument("name")
@click.option("--member", type=click.UUID, metavar="ID", help="Of one person: their export instead.")
@click.option("--hours", default=12, show_default=True, type=click.IntRange(1, MOST_HOURS), help="How long they work.")
@JSON
@report_errors
def link(*, name: str, member: UUID | None, hours: int, json_wanted: bool) -> None:
    """Print an address for each archive of a customer's newest export, from which anyone can read for a while.

    An address ends with the session of whoever makes it, where that ends sooner. Whoever has it needs no login: send
    it as you would send the data.
    """
    from operations.tenant.handover.links import links_of, person_folder, signing_client

    tenant, place = found_place(name)
    s3 = signing_client(tenant.region)
    folder = person_folder(name, str(member)) if member else name
    made = guarded(lambda: links_of(s3, place.exports_bucket, folder, hours))
    if made is None:
        again = f"workbuoy person export {name} --member {member}" if member else f"workbuoy tenant export {name}"
        fail(MISTAKE, f"{place.exports_bucket} holds no whole export in {folder}/: {again}")
    if json_wanted:
        print_json("tenant-link", {"tenant": name, **made})
        return
    notify_line(f"Of {made['madeAt']}; they work for {hours} hours at most, or as long as your session:")
    for one in made["links"]:
        print_text(one["address"])


def found_place(name: str) -> tuple["Tenant", "HandoverPlace"]:
    """A customer, and where its data are. Raises ProblemsError and EngineError."""
    from infra.tenants.files import read_tenant
    from operations.tenant.handover.places import find_place
    from project.files import find_project

    project = find_project(Path.cwd())
    tenant = read_tenant(project.root, name)
    return tenant, find_place(name, tenant.stack, tenant.region, lambda stack: standing.outputs(project, stack))


def guarded(do: Callable[[], T]) -> T:
    """What a task refuses ends with one line and the exit code for it."""
    from operations.one_off import TaskError
    from operations.tenant.handover.tasks import TaskFailedError

    try:
        return do()
    except TaskFailedError as error:
        fail(CHECK_FAILED, str(error))
    except TaskError as error:
        fail(NOT_MADE, str(error))
    except KeyboardInterrupt:
        fail(INTERRUPTED, "interrupted; a task goes on by itself, and the same command again watches it")


def _document(name: str, place: "HandoverPlace", exported: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "tenant": name,
        "stack": place.exporting.stack,
        "address": exported["address"],
        "madeAt": exported["made_at"],
        "frozen": exported["frozen_at"] is not None,
        "rows": dict(exported["rows"]),
        "files": exported["files"],
        "digest": exported["digest"],
    }
