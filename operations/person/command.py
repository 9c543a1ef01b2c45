"""`workbuoy person export` and `erase`: what is owed to one person, by tasks of the stack that serves them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from operations.confirming import require_person
from operations.ending import JSON, MISTAKE, fail, notify, print_json, print_text, report_errors
from operations.help import Commands
from operations.tenant.handover.command import guarded
from project.terminal import wrapped

if TYPE_CHECKING:
    from infra.tenants.record import Tenant
    from operations.tenant.handover.tasks import Tasks

MEMBER = click.option(
    "--member", required=True, type=click.UUID, metavar="ID", help="The member's id, as the customer's admins see it."
)


@click.group(cls=Commands)
def person() -> None:
    """Export one person's data, or erase the person for good.

    A person is a member of one customer, named by the member's id: no name stands in a command, a log or the trail.
    """


@person.command()
@click.argument("name")
@MEMBER
@JSON
@report_errors
def export(*, name: str, member: UUID, json_wanted: bool) -> None:
    """Export what a customer's rows and files hold of one person, as open archives.

    Membership, tokens, sessions, what they did, and what they made (docs/export-format.md). Nothing changes.
    """
    _, tasks = _found(name)
    exported = guarded(lambda: tasks.export_person(str(member)))
    rows = dict(exported["rows"])
    if json_wanted:
        shown = {"tenant": name, "member": str(member), "address": exported["address"], "madeAt": exported["made_at"]}
        print_json("person-export", {**shown, "rows": rows, "files": exported["files"]})
        return
    print_text(exported["address"])
    notify(f"{sum(rows.values())} rows and {exported['files']} files, as of {exported['made_at']}.")
    notify(f"Hand it over: workbuoy tenant link {name} --member {member}")


@person.command()
@click.argument("name")
@MEMBER
@click.option(
    "--confirm", "confirmed", metavar="NAME", help="The customer's name once more, where nobody can be asked."
)
@JSON
@report_errors
def erase(*, name: str, member: UUID, confirmed: str | None, json_wanted: bool) -> None:
    """Erase one person from a customer; there is no way back.

    The membership ends, with every session and token. What they wrote and attached is the customer's and stays, by an
    erased author; the audit trail keeps a hash. The erasure ledger is written first: no backup brings them back.
    """
    from infra.tenants.hold import refuse_under_hold
    from operations.tenant.put_aside import put_aside
    from operations.tenant.remains import of_person

    refuse_under_hold(_tenant(name), "nobody is erased")
    if confirmed is None:
        require_person(say=f"--confirm {name}")
        confirmed = click.prompt(f"{member} is erased for good. Type the customer's name", err=True)
    if confirmed != name:
        fail(MISTAKE, f"the name that was given is not {name}; nobody was erased")
    graph, tasks = _found(name)
    beside = put_aside(tasks.session.client("rds", region_name=tasks.place.exporting.region), graph)
    erased = guarded(lambda: tasks.erase_person(str(member)))
    remaining = [*of_person(graph, datetime.fromisoformat(erased["erased_at"]).astimezone(UTC).date()), *beside]
    if json_wanted:
        shown = {"tenant": name, "member": str(member), "mark": erased["mark"], "erasedAt": erased["erased_at"]}
        print_json(
            "person-erase", {**shown, "rows": erased.get("rows"), "remaining": [one.shown() for one in remaining]}
        )
        return
    before = "" if "rows" in erased else ", before this command; nothing was left to do"
    print_text(f"erased at {erased['erased_at']}{before}")
    print_text(f"the audit trail calls them {erased['mark']}")
    print_text("What remains, and until when:")
    for one in remaining:
        until = f"until {one.ends}" if one.ends else one.how
        print_text("\n".join(wrapped(f"{one.what} ({one.where}), {until}", "  ", "    ")))


def _tenant(name: str) -> "Tenant":
    from infra.tenants.files import read_tenant
    from project.files import find_project

    return read_tenant(find_project(Path.cwd()).root, name)


def _found(name: str) -> "tuple[Any, Tasks]":
    """The graph of the stack that serves the customer, as it was deployed, and its tasks."""
    import boto3  # half a second

    from graph.state import graph_of_state
    from operations.engine.stack import open_stack  # imports Pulumi
    from operations.tenant.handover.places import find_place
    from operations.tenant.handover.tasks import Tasks
    from project.files import find_project

    tenant = _tenant(name)
    opened = open_stack(find_project(Path.cwd()), tenant.stack, notify=notify)
    place = find_place(name, tenant.stack, tenant.region, lambda _: opened.outputs())
    return graph_of_state(opened.export()), Tasks(boto3.Session(), place, notify)
