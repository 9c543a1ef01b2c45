"""`workbuoy tenant promote`: the plan, and each of its steps that a program can do."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from operations.ending import CHECK_FAILED, JSON, MISTAKE, fail, notify, print_result, report_errors
from operations.tenant import standing
from operations.tenant.step_tasks import done_by_task, show_outcome, show_unstarted
from operations.tenant.steps import steps_document, steps_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.tenants.record import Tenant
    from operations.one_off import TaskOutcome
    from operations.tenant.promotion.places import Promotion
    from operations.tenant.promotion.receipts import PromotionDocuments
    from operations.tenant.steps import Step
    from project.files import Project

RUNNABLE = ("freeze", "export", "import", "compare", "thaw", "clear", "remove")


@click.command()
@click.argument("name")
@click.option("--run", "step_name", metavar="STEP", type=click.Choice(RUNNABLE), help=f"One of {', '.join(RUNNABLE)}.")
@click.option("--live", is_flag=True, help="Ask AWS how far it is; with --run, do the step.")
@click.option("--yes-remove", "confirmed", metavar="NAME", help="For --run remove: the customer's name once more.")
@JSON
@report_errors
def promote(*, name: str, step_name: str | None, live: bool, confirmed: str | None, json_wanted: bool) -> None:
    """Move a pool tenant into a stack of its own, step by step.

    Without --run this prints the plan. With --run and --live it starts the step as a one-off task of the service's
    image, waits, and gives its verdict. Every step may be run again; one that is under way is watched, not started
    twice. --run without --live only says what would be started.
    """
    from infra.tenants.files import read_tenant
    from infra.tenants.hold import refuse_under_hold
    from operations.tenant.promotion.steps import steps_of, thaw
    from project.files import find_project

    project = find_project(Path.cwd())
    tenant = read_tenant(project.root, name)
    if tenant.isolation == "silo" and tenant.promotion is None and step_name is None:
        closed = "its promotion is closed, or it never was in a pool" if not live else "no promotion is open"
        fail(MISTAKE, f"{name} is a silo already, in {tenant.stack}: {closed}; promote moves a pool tenant")
    if tenant.isolation == "pool" and (tenant.move is not None or tenant.dates.retiring is not None):
        key, what = ("move", "is on its way") if tenant.move is not None else ("dates.retiring", "retires")
        fail(MISTAKE, f"{name} {what}, by {key} of {tenant.path}: take that back or end it before a promotion begins")
    steps = steps_of(name, tenant)
    if step_name is None and not live:
        _print_plan(name, steps, json_wanted=json_wanted)
        return
    from operations.tenant.promotion.places import find_promotion  # imports what reads outputs

    promotion = find_promotion(tenant, lambda stack: standing.outputs(project, stack))
    if step_name is None:
        _print_progress(promotion, _documents(promotion), json_wanted=json_wanted)
        return
    step = next(one for one in (*steps, thaw(name)) if one.name == step_name)
    if step.name == "remove":
        refuse_under_hold(tenant, "its rows and objects stay in the pool, besides those in its own stack")
    if step.name == "remove" and confirmed != name:
        fail(MISTAKE, f"remove deletes {name} from {promotion.pool.stack}: say --yes-remove {name} as well")
    _do(project, tenant, promotion, step, live=live, json_wanted=json_wanted)


def _documents(promotion: "Promotion") -> "PromotionDocuments":
    from operations.tenant.promotion.receipts import read_documents

    return read_documents(standing.session(), promotion)


def _do(
    project: "Project", tenant: "Tenant", promotion: "Promotion", step: "Step", *, live: bool, json_wanted: bool
) -> None:
    if step.name == "compare":
        documents = _documents(promotion)
        if live and documents.agree and _done(promotion, step, step.arguments).exit_code:
            what = (
                f"they agree, but {promotion.pool.stack} still counts {promotion.tenant} as waiting; its log says why"
            )
            fail(CHECK_FAILED, f"compare: {what}. Again: {_again(promotion, step)}")
        _print_progress(promotion, documents, json_wanted=json_wanted)
        sys.exit(0 if documents.agree else CHECK_FAILED)
    arguments = _arguments(promotion, step)
    show = partial(_print, json_wanted=json_wanted)
    if not live:
        explained = (f"It {step.changes}.", f"Back: {step.back}.")
        show_unstarted(tenant.name, step.name, promotion.place(step.side), arguments, show, *explained)
        return
    if step.name == "remove":
        _remove(project, tenant, lambda: _done(promotion, step, arguments), json_wanted=json_wanted)
        return
    known = {"tenant": promotion.tenant, "step": step.name}
    outcome = _done(promotion, step, arguments)
    show_outcome(
        {**known, "task": outcome.task_arn, "exitCode": outcome.exit_code},
        outcome,
        again=_again(promotion, step),
        following=f"workbuoy tenant promote {promotion.tenant}",
        show=show,
    )


def _remove(project: "Project", tenant: "Tenant", run: "Callable[[], TaskOutcome]", *, json_wanted: bool) -> None:
    """As the end of a move: counted by another role, and recorded with what outlives it in the pool."""
    from operations.tenant.handover.command import guarded
    from operations.tenant.move.running import source_of

    pool = tenant.promoted_from
    assert pool is not None  # noqa: S101 - `find_promotion` demands that it is open
    file = guarded(lambda: source_of(project, tenant, pool).remove(run)).relative_to(project.root)
    _print(
        {"tenant": tenant.name, "step": "remove", "verdict": {"file": str(file)}},
        f"remove: done, and nothing of {tenant.name} was counted in {pool.stack}\n{file} records it: commit it\n"
        f"Next: workbuoy tenant promote {tenant.name}",
        json_wanted=json_wanted,
    )


def _arguments(promotion: "Promotion", step: "Step") -> tuple[str, ...]:
    from operations.tenant.promotion.steps import PLACE, RECEIPT

    values = {PLACE: promotion.address}
    if RECEIPT in step.arguments:
        documents = _documents(promotion)
        if not documents.agree or documents.digest is None:
            fail(CHECK_FAILED, f"{promotion.address} has no receipt that agrees with the manifest: import and compare")
        values[RECEIPT] = documents.digest
    return tuple(values.get(one, one) for one in step.arguments)


def _done(promotion: "Promotion", step: "Step", arguments: tuple[str, ...]) -> "TaskOutcome":
    from operations import one_off

    label, place = f"promote-{promotion.tenant}-{step.name}", promotion.place(step.side)
    run = partial(one_off.run, standing.session(), place, arguments, label, notify)
    return done_by_task(step.name, _again(promotion, step), run)


def _again(promotion: "Promotion", step: "Step") -> str:
    return step.command or f"workbuoy tenant promote {promotion.tenant} --live --run {step.name}"


def _print_plan(name: str, steps: list["Step"], *, json_wanted: bool) -> None:
    first = f"{name} moves to a stack of its own in {len(steps)} steps."
    last = f"\nNothing was done. How far it is: workbuoy tenant promote {name} --live"
    document = {"tenant": name, "steps": steps_document(steps)}
    _print(document, "\n".join([first, *steps_text(steps), last]), json_wanted=json_wanted)


def _print_progress(promotion: "Promotion", documents: "PromotionDocuments", *, json_wanted: bool) -> None:
    differences = documents.differences()
    document = {
        "tenant": promotion.tenant,
        "address": promotion.address,
        "exported": documents.manifest is not None,
        "imported": documents.receipt is not None,
        "agree": documents.agree,
        "differences": differences,
        "digest": documents.digest,
    }
    if documents.manifest is None:
        text = f"{promotion.tenant} was not handed over in {promotion.address}. Next: freeze, then export."
    elif documents.receipt is None:
        text = f"Handed over in {promotion.address}, not imported. Next: import."
    elif differences:
        text = f"Manifest and receipt differ: {', '.join(differences)}. Import the last export again."
    else:
        rows = sum(table["rows"] for table in documents.receipt["tables"].values())
        text = f"Exported and imported alike: {rows} rows.\n{documents.digest}\nNext: a person switches the host name."
    _print(document, text, json_wanted=json_wanted)


def _print(document: dict[str, Any], text: str, *, json_wanted: bool) -> None:
    print_result("tenant-promote", document, text, json_wanted=json_wanted)
