"""`workbuoy tenant move`: the plan, what it writes into files, and which step runs where."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from operations.ending import CHECK_FAILED, JSON, MISTAKE, fail, report_errors
from operations.tenant.move.options import MoveOptions, all_steps, printed
from operations.tenant.move.steps import RUNNABLE, old_and_new
from project.terminal import count

if TYPE_CHECKING:
    from infra.tenants.record import Tenant
    from operations.tenant.move.plan import Plan
    from project.files import Project

IN_FILES = ("open", "switch", "retire", "close")


@click.command()
@click.argument("name")
@click.option("--to", metavar="BASE", help="The base stack to move to; later the record names it.")
@click.option("--run", "step", metavar="STEP", type=click.Choice(RUNNABLE), help=f"One of {', '.join(RUNNABLE)}.")
@click.option("--live", is_flag=True, help="Ask AWS how far it is; with --run, do the step.")
@click.option("--back", is_flag=True, help="The same step in the other direction, until the source is removed.")
@click.option("--yes-remove", "confirmed", metavar="NAME", help="For remove and destroy: the customer's name again.")
@click.option("--keep-days", default=7, show_default=True, type=click.IntRange(0, 365), help="From switch to remove.")
@click.option(
    "--keep-snapshot-days",
    default=90,
    show_default=True,
    type=click.IntRange(0, 3650),
    help="For --run destroy: how long the final snapshot is meant to stay.",
)
@click.option(
    "--rows", default=20_000, show_default=True, type=click.IntRange(0), help="For the plan: how many rows there are."
)
@click.option("--objects", default=500, show_default=True, type=click.IntRange(0), help="For the plan: how many files.")
@click.option("--gigabytes", default=1.0, show_default=True, type=click.FloatRange(0), help="For the plan: their size.")
@click.option("--listener-priority", type=int, help="For --run open of a silo: of its rule on the new base stack.")
@click.option("--certificate-arn", metavar="ARN", help="For --run open of a silo: ACM's in the new region, or base.")
@JSON
@report_errors
def move(
    *,
    name: str,
    to: str | None,
    step: str | None,
    live: bool,
    back: bool,
    confirmed: str | None,
    keep_days: int,
    keep_snapshot_days: int,
    rows: int,
    objects: int,
    gigabytes: float,
    listener_priority: int | None,
    certificate_arn: str | None,
    json_wanted: bool,
) -> None:
    """Move a customer to another base stack, which may lie in another region, step by step.

    Without --run this prints the plan: where data stand, what residency says, how long it takes and what it costs.
    The customer works until the cut-over, which takes seconds. Every step may be run again, and goes back until the
    source is removed.
    """
    from infra.tenants.files import read_tenant
    from project.files import find_project

    project = find_project(Path.cwd())
    tenant = read_tenant(project.root, name)
    silo = {"listenerPriority": listener_priority, "certificateArn": certificate_arn}
    options = MoveOptions(
        to=to or (tenant.move.base if tenant.move else None),
        step=step,
        live=live,
        back=back,
        confirmed=confirmed,
        keep_days=keep_days,
        keep_snapshot_days=keep_snapshot_days,
        size=(rows, objects, gigabytes),
        silo={key: value for key, value in silo.items() if value is not None},
        json_wanted=json_wanted,
    )
    if options.to is None:
        raise click.UsageError("Name the base stack to move to: --to BASE.")
    if tenant.move is not None and to not in (None, tenant.move.base, tenant.base):
        fail(MISTAKE, f"{name} is on its way between {tenant.base} and {tenant.move.base}; end that move first")
    if step in IN_FILES:
        _in_files(project, tenant, options)
    elif step is None and not live:
        _print_plan(project, tenant, options)
    elif tenant.move is None:
        fail(MISTAKE, f"{tenant.path} speaks of no move: workbuoy tenant move {name} --to {options.to} --run open")
    else:
        from operations.tenant.move.running import on_stacks  # imports what reads outputs

        on_stacks(project, tenant, options)


def _in_files(project: "Project", tenant: "Tenant", options: MoveOptions) -> None:
    from operations.tenant.move import record

    root, today = project.root, datetime.now(UTC).date()
    if options.step == "open":
        assert options.to is not None  # noqa: S101 - asked for before
        if found := _plan(project, tenant, options).obstacles:
            fail(CHECK_FAILED, "; ".join(found))
        file = record.open_move(root, tenant, options.to, options.silo)
    elif options.step == "switch":
        file = record.switch(root, tenant, today)
    elif options.step == "retire":
        file = record.retire(root, tenant, today)
    else:
        from operations.tenant.move.running import require_closable

        require_closable(project, tenant, options)
        file = record.close(root, tenant)
    text = f"{file.relative_to(root)}\nNext: a pull request with it, then deploy both places; the plan goes on:\n"
    printed(
        {"tenant": tenant.name, "step": options.step, "file": str(file.relative_to(root))},
        f"{text}  workbuoy tenant move {tenant.name}",
        options,
    )


def _plan(project: "Project", tenant: "Tenant", options: MoveOptions) -> "Plan":
    from operations.tenant.move.plan import Size, plan_of

    if tenant.move is not None:
        old, new = old_and_new(tenant)
    else:
        from operations.tenant.move.record import target_region

        assert options.to is not None  # noqa: S101 - asked for before
        region = target_region(project.root, tenant, options.to)
        old, new = tenant, tenant.model_copy(update={"base": options.to, "region": region})
    rows, objects, gigabytes = options.size
    return plan_of(project.root, old, new, Size(rows=rows, objects=objects, gigabytes=gigabytes))


def _print_plan(project: "Project", tenant: "Tenant", options: MoveOptions) -> None:
    from operations.tenant.move.shown import plan_document, plan_text

    plan, steps = _plan(project, tenant, options), all_steps(tenant, options)
    printed(plan_document(tenant, plan, steps), plan_text(tenant, plan, steps, options.size), options)
    if plan.obstacles:
        fail(CHECK_FAILED, f"{count(len(plan.obstacles), 'obstacle')}, named above; nothing was done")
