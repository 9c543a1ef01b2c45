"""`workbuoy tenant promote`: the plan, and each of its steps that a program can do."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from operations.ending import (
    CHECK_FAILED,
    INTERRUPTED,
    JSON,
    MISTAKE,
    NOT_MADE,
    fail,
    notify,
    plainly,
    print_json,
    print_text,
)
from project.terminal import wrapped

if TYPE_CHECKING:
    from operations.tenant.promotion.places import Promotion
    from operations.tenant.promotion.receipts import Papers
    from operations.tenant.promotion.steps import PromotionStep

RUNNABLE = ("freeze", "export", "import", "compare", "thaw", "clear", "remove")


@click.command()
@click.argument("name")
@click.option("--run", "step_name", metavar="STEP", type=click.Choice(RUNNABLE), help=f"One of {', '.join(RUNNABLE)}.")
@click.option("--live", is_flag=True, help="Ask AWS how far it is; with --run, do the step.")
@click.option("--yes-remove", "confirmed", metavar="NAME", help="For --run remove: the customer's name once more.")
@JSON
@plainly
def promote(*, name: str, step_name: str | None, live: bool, confirmed: str | None, json_wanted: bool) -> None:
    """Move a pool tenant into a stack of its own, step by step.

    Without --run this prints the plan. With --run and --live it starts the step as a one-off task of the service's
    image, waits, and gives its verdict. Every step may be run again; one that is under way is watched, not started
    twice. --run without --live only says what would be started.
    """
    from infra.tenants.files import read_tenant  # noqa: PLC0415 printing help must not pay for these
    from infra.tenants.hold import refuse_under_hold  # noqa: PLC0415
    from operations.tenant.promotion.steps import steps_of, thaw  # noqa: PLC0415
    from project.files import find_project  # noqa: PLC0415

    project = find_project(Path.cwd())
    tenant = read_tenant(project.root, name)
    if tenant.isolation == "silo" and tenant.promotion is None and step_name is None:
        closed = "its promotion is closed, or it never was in a pool" if not live else "no promotion is open"
        fail(MISTAKE, f"{name} is a silo already, in {tenant.stack}: {closed}; promote moves a pool tenant")
    steps = steps_of(name, tenant)
    if step_name is None and not live:
        _print_plan(name, steps, json_wanted=json_wanted)
        return
    from operations.tenant.promotion.places import find_promotion  # noqa: PLC0415 imports what reads outputs

    promotion = find_promotion(tenant, lambda stack: _outputs(project, stack))
    if step_name is None:
        _print_progress(promotion, _papers(promotion), json_wanted=json_wanted)
        return
    step = next(one for one in (*steps, thaw(name)) if one.name == step_name)
    if step.name == "remove":
        refuse_under_hold(tenant, "its rows and objects stay in the pool, besides those in its own stack")
    if step.name == "remove" and confirmed != name:
        fail(MISTAKE, f"remove deletes {name} from {promotion.pool.stack}: say --yes-remove {name} as well")
    _do(promotion, step, live=live, json_wanted=json_wanted)


def _outputs(project: Any, stack: str) -> dict[str, Any]:
    from operations.engine.stack import open_stack  # noqa: PLC0415  imports Pulumi

    return open_stack(project, stack, notify=notify).outputs()


def _session() -> Any:
    import boto3  # noqa: PLC0415  half a second

    return boto3.Session()


def _papers(promotion: "Promotion") -> "Papers":
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from operations.tenant.promotion.receipts import read_papers  # noqa: PLC0415

    try:
        return read_papers(_session(), promotion)
    except (BotoCoreError, ClientError) as error:
        fail(NOT_MADE, f"the silo's bucket could not be read: {error}")


def _do(promotion: "Promotion", step: "PromotionStep", *, live: bool, json_wanted: bool) -> None:
    if step.name == "compare":
        papers = _papers(promotion)
        _print_progress(promotion, papers, json_wanted=json_wanted)
        sys.exit(0 if papers.agree else CHECK_FAILED)
    arguments = _arguments(promotion, step)
    place = promotion.place(step.side)
    if not live:
        _print(
            {
                "tenant": promotion.tenant,
                "step": step.name,
                "stack": place.stack,
                "command": ["workbuoy-app", *arguments],
                "started": False,
            },
            f"{step.name} would run in {place.stack}, as a one-off task of its image:\n"
            f"  workbuoy-app {' '.join(arguments)}\n"
            f"It {step.changes}.\nBack: {step.back}.\n"
            "Nothing was started. Add --live to do it.",
            json_wanted=json_wanted,
        )
        return
    _run(promotion, step, arguments, json_wanted=json_wanted)


def _arguments(promotion: "Promotion", step: "PromotionStep") -> tuple[str, ...]:
    from operations.tenant.promotion.steps import PLACE, RECEIPT  # noqa: PLC0415

    values = {PLACE: promotion.address}
    if RECEIPT in step.arguments:
        papers = _papers(promotion)
        if not papers.agree or papers.digest is None:
            fail(CHECK_FAILED, f"{promotion.address} has no receipt that agrees with the manifest: import and compare")
        values[RECEIPT] = papers.digest
    return tuple(values.get(one, one) for one in step.arguments)


def _run(promotion: "Promotion", step: "PromotionStep", arguments: tuple[str, ...], *, json_wanted: bool) -> None:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from operations import one_off  # noqa: PLC0415

    label = f"promote-{promotion.tenant}-{step.name}"
    again = f"workbuoy tenant promote {promotion.tenant} --live --run {step.name}"
    try:
        outcome = one_off.run(_session(), promotion.place(step.side), arguments, label, notify)
    except KeyboardInterrupt:
        fail(INTERRUPTED, f"interrupted; the task goes on. To watch it again: {again}")
    except one_off.TaskError as error:
        fail(NOT_MADE, f"{step.name}: {error}")
    except (BotoCoreError, ClientError) as error:
        fail(NOT_MADE, f"{step.name}: AWS refused or did not answer: {error}")
    document = {
        "tenant": promotion.tenant,
        "step": step.name,
        "task": outcome.task_arn,
        "exitCode": outcome.exit_code,
        "verdict": outcome.verdict,
        "lastLines": list(outcome.last_lines),
    }
    shown = "\n".join(f"  {line}" for line in outcome.last_lines) or "  (it logged nothing)"
    if outcome.exit_code:
        _print(document, f"Its last lines:\n{shown}", json_wanted=json_wanted)
        fail(CHECK_FAILED, f"{step.name} ended with {outcome.exit_code}; nothing half done stays. Again: {again}")
    verdict = json.dumps(outcome.verdict, ensure_ascii=False) if outcome.verdict else shown
    _print(
        document,
        f"{step.name}: done\n{verdict}\nNext: workbuoy tenant promote {promotion.tenant}",
        json_wanted=json_wanted,
    )


def _print_plan(name: str, steps: list["PromotionStep"], *, json_wanted: bool) -> None:
    if json_wanted:
        shown = [
            {
                "number": number,
                "step": one.name,
                "changes": one.changes,
                "back": one.back,
                "command": one.command or None,
                "decides": one.decides or None,
            }
            for number, one in enumerate(steps, start=1)
        ]
        print_json("tenant-promote", {"tenant": name, "steps": shown})
        return
    print_text(f"{name} moves to a stack of its own in {len(steps)} steps.")
    for number, one in enumerate(steps, start=1):
        print_text(f"\n{number:2}. {one.name}")
        for label, text in (
            ("command", one.command),
            ("a person", one.decides),
            ("changes", one.changes),
            ("back", one.back),
        ):
            if text:
                print_text("\n".join(wrapped(text, head := f"    {label + ':':10}", " " * len(head))))
    print_text(f"\nNothing was done. How far it is: workbuoy tenant promote {name} --live")


def _print_progress(promotion: "Promotion", papers: "Papers", *, json_wanted: bool) -> None:
    differences = papers.differences()
    document = {
        "tenant": promotion.tenant,
        "address": promotion.address,
        "exported": papers.manifest is not None,
        "imported": papers.receipt is not None,
        "agree": papers.agree,
        "differences": differences,
        "digest": papers.digest,
    }
    if papers.manifest is None:
        text = f"{promotion.tenant} was not handed over in {promotion.address}. Next: freeze, then export."
    elif papers.receipt is None:
        text = f"Handed over in {promotion.address}, not imported. Next: import."
    elif differences:
        text = f"Manifest and receipt differ: {', '.join(differences)}. Import the last export again."
    else:
        rows = sum(table["rows"] for table in papers.receipt["tables"].values())
        text = f"Exported and imported alike: {rows} rows.\n{papers.digest}\nNext: a person switches the host name."
    _print(document, text, json_wanted=json_wanted)


def _print(document: dict[str, Any], text: str, *, json_wanted: bool) -> None:
    print_json("tenant-promote", document) if json_wanted else print_text(text)
