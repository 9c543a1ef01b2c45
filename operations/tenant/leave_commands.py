"""`workbuoy tenant retire` and `destroy`: a leaving in two steps, the first one reviewed."""

from datetime import UTC, datetime
from pathlib import Path

import click

from operations.confirming import require_person
from operations.ending import MISTAKE, fail, notify, print_text, report_errors
from operations.reason import REASON


@click.command()
@click.argument("name")
@click.option("--on", "day", required=True, metavar="DATE", help="The first day on which it may be destroyed.")
@report_errors
def retire(*, name: str, day: str) -> None:
    """Write the day of leaving into the customer's record, for review.

    Deploying the reviewed record lifts what refuses a deletion. Nothing is deleted by it.
    """
    from infra.tenants.files import read_tenant
    from operations.tenant.destroy import retire as write
    from project.files import find_project

    root = find_project(Path.cwd()).root
    print_text(write(root, name, day, datetime.now(UTC).date()).relative_to(root))
    notify("Next: a pull request with this line. Once it is merged:")
    if read_tenant(root, name).isolation == "silo":
        notify(f"  workbuoy tenant deploy {name}   (it lifts the protections)")
        notify(
            f"  workbuoy tenant destroy {name}   (from {day}; it freezes and exports, then asks for the leaving role)"
        )
    else:
        notify(f"  workbuoy tenant destroy {name}   (from {day}; it freezes, exports, removes and counts)")


@click.command()
@click.argument("name")
@click.option(
    "--export", "export", metavar="S3-ADDRESS", help="manifest.json of an export that was made after freezing."
)
@click.option("--without-export", metavar="REASON", type=REASON, help="Why there is none; goes into the record.")
@click.option(
    "--confirm", "confirmed", metavar="NAME", help="The customer's name once more, where nobody can be asked."
)
@click.option(
    "--keep-snapshot-days",
    default=90,
    show_default=True,
    type=click.IntRange(0, 3650),
    help="How long the final snapshot is meant to stay; a person deletes it. The keys stay as long.",
)
@report_errors
def destroy(
    *,
    name: str,
    export: str | None,
    without_export: str | None,
    confirmed: str | None,
    keep_snapshot_days: int,
) -> None:
    """Remove a retiring customer, and record it in tenants/offboarded/.

    The customer is frozen and exported first, and the export is read again. Then a silo's stack is destroyed; a final
    snapshot, its files and the keys stay until their day. A pool tenant is removed from the shared database and bucket,
    and counted before and after by another role.
    """
    from operations.tenant.destroy import DestroyOptions, destroy_silo, leave_pool, retiring
    from operations.tenant.handover.command import guarded
    from project.files import find_project

    project = find_project(Path.cwd())
    tenant = retiring(project.root, name, datetime.now(UTC).date())  # without its day nothing else matters
    if export is not None and without_export is not None:
        raise click.UsageError("Name the export, or say --without-export REASON; not both.")
    if confirmed is not None and confirmed != name:
        fail(MISTAKE, f"--confirm says {confirmed}, not {name}; nothing was changed")
    if confirmed is None:
        require_person(say=f"--confirm {name}")
    options = DestroyOptions(
        export=export,
        without_export=without_export,
        keep_snapshot_days=keep_snapshot_days,
        ask=lambda plan: _named(plan, name, confirmed),
    )
    leave = destroy_silo if tenant.isolation == "silo" else leave_pool
    done = guarded(lambda: leave(project, tenant, options))
    print_text(done.relative_to(project.root))
    notify("Next: one commit with this file, and without")
    for file in (tenant.path, *([f"Pulumi.{tenant.stack}.yaml"] if tenant.isolation == "silo" else [])):
        notify(f"  git rm {file}")


def _named(plan: str, name: str, confirmed: str | None) -> bool:
    notify(plan)
    if confirmed is not None:
        return confirmed == name
    return bool(click.prompt("Type the customer's name to destroy this", err=True) == name)
