"""`workbuoy tenant move`: the plan, and each of its steps that a program can do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
from operations.tenant.move.steps import (
    OTHER,
    RECEIPT,
    RECEIVE_WAIT_SECONDS,
    RUNNABLE,
    MoveStep,
    drop,
    old_and_new,
    steps_of,
    take_back,
)

if TYPE_CHECKING:
    from infra.tenants.record import Tenant
    from operations.one_off import TaskOutcome, TaskPlace
    from operations.tenant.move.plan import Plan
    from project.files import Project

IN_FILES = ("open", "switch", "close")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What was asked for on the command line."""

    to: str | None
    step: str | None
    live: bool
    back: bool
    confirmed: str | None
    keep_days: int
    size: tuple[int, int, float]
    silo: Mapping[str, Any]
    json_wanted: bool


@click.command()
@click.argument("name")
@click.option("--to", metavar="BASE", help="The base stack to move to; later the record names it.")
@click.option("--run", "step", metavar="STEP", type=click.Choice(RUNNABLE), help=f"One of {', '.join(RUNNABLE)}.")
@click.option("--live", is_flag=True, help="Ask AWS how far it is; with --run, do the step.")
@click.option("--back", is_flag=True, help="The same step in the other direction, until the source is removed.")
@click.option("--yes-remove", "confirmed", metavar="NAME", help="For --run remove: the customer's name once more.")
@click.option("--keep-days", default=7, show_default=True, type=click.IntRange(0, 365), help="From switch to remove.")
@click.option("--rows", default=20_000, show_default=True, help="For the plan: how many rows there are.")
@click.option("--objects", default=500, show_default=True, help="For the plan: how many files.")
@click.option("--gigabytes", default=1.0, show_default=True, help="For the plan: their size.")
@click.option("--listener-priority", type=int, help="For --run open of a silo: of its rule on the new base stack.")
@click.option("--certificate-arn", metavar="ARN", help="For --run open of a silo: ACM's in the new region, or base.")
@JSON
@plainly
def move(
    *,
    name: str,
    to: str | None,
    step: str | None,
    live: bool,
    back: bool,
    confirmed: str | None,
    keep_days: int,
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
    from infra.tenants.files import read_tenant  # noqa: PLC0415 printing help must not pay for these
    from project.files import find_project  # noqa: PLC0415

    project = find_project(Path.cwd())
    tenant = read_tenant(project.root, name)
    silo = {"listenerPriority": listener_priority, "certificateArn": certificate_arn}
    wish = Wish(
        to=to or (tenant.move.base if tenant.move else None),
        step=step,
        live=live,
        back=back,
        confirmed=confirmed,
        keep_days=keep_days,
        size=(rows, objects, gigabytes),
        silo={key: value for key, value in silo.items() if value is not None},
        json_wanted=json_wanted,
    )
    if wish.to is None:
        raise click.UsageError("Name the base stack to move to: --to BASE.")
    if tenant.move is not None and to not in (None, tenant.move.base, tenant.base):
        fail(MISTAKE, f"{name} is on its way between {tenant.base} and {tenant.move.base}; end that move first")
    if step in IN_FILES:
        _in_files(project, tenant, wish)
    elif step is None and not live:
        _print_plan(project, tenant, wish)
    elif tenant.move is None:
        fail(MISTAKE, f"{tenant.path} speaks of no move: workbuoy tenant move {name} --to {wish.to} --run open")
    else:
        _on_stacks(project, tenant, wish)


def _in_files(project: "Project", tenant: "Tenant", wish: Wish) -> None:
    from operations.tenant.move import record  # noqa: PLC0415

    root, today = project.root, datetime.now(UTC).date()
    if wish.step == "open":
        assert wish.to is not None  # noqa: S101 - asked for before
        _refuse_obstacles(project, tenant, wish)
        file = record.open_move(root, tenant, wish.to, wish.silo)
    elif wish.step == "switch":
        file = record.switch(root, tenant, today)
    else:
        file = record.close(root, tenant)
    told = f"{file.relative_to(root)}\nNext: a pull request with it, then deploy both places; the plan goes on:\n"
    _print(
        {"tenant": tenant.name, "step": wish.step, "file": str(file.relative_to(root))},
        f"{told}  workbuoy tenant move {tenant.name}",
        wish,
    )


def _refuse_obstacles(project: "Project", tenant: "Tenant", wish: Wish) -> None:
    if found := _plan(project, tenant, wish).obstacles:
        fail(CHECK_FAILED, "; ".join(found))


def _plan(project: "Project", tenant: "Tenant", wish: Wish) -> "Plan":
    from infra.stack_files import settings_in, stack_file  # noqa: PLC0415
    from operations.tenant.move.plan import Size, plan_of  # noqa: PLC0415

    if tenant.move is not None:
        old, new = old_and_new(tenant)
    else:
        region = str((settings_in(stack_file(project.root, str(wish.to))) or {}).get("region"))
        old, new = tenant, tenant.model_copy(update={"base": wish.to, "region": region})
    rows, objects, gigabytes = wish.size
    return plan_of(project.root, old, new, Size(rows=rows, objects=objects, gigabytes=gigabytes))


def _print_plan(project: "Project", tenant: "Tenant", wish: Wish) -> None:
    from operations.tenant.move.shown import plan_document, plan_text  # noqa: PLC0415

    plan, steps = _plan(project, tenant, wish), _steps(tenant, wish)
    if wish.json_wanted:
        print_json("tenant-move", plan_document(tenant, plan, steps))
    else:
        print_text(plan_text(tenant, plan, steps, wish.size))
    if plan.obstacles:
        fail(CHECK_FAILED, f"{len(plan.obstacles)} obstacles, named above; nothing was done")


def _steps(tenant: "Tenant", wish: Wish) -> list[MoveStep]:
    to = old_and_new(tenant)[1].base if tenant.move is not None else str(wish.to)
    return steps_of(tenant, to, wish.keep_days)


def _on_stacks(project: "Project", tenant: "Tenant", wish: Wish) -> None:
    from operations.tenant.move.shown import progress  # noqa: PLC0415
    from operations.tenant.promotion.places import task_places  # noqa: PLC0415 imports what reads outputs

    old, new = old_and_new(tenant)
    places = task_places({one.stack: one.region for one in (old, new)}, lambda stack: _outputs(project, stack))
    by_side = dict(zip(("old", "new"), reversed(places) if wish.back else places, strict=True))
    if wish.step is None:
        said = {stack.stack: _said(stack, tenant.name) for stack in places}
        _print({"tenant": tenant.name, "said": said}, progress(tenant.name, said), wish)
        return
    step = next(
        one for one in (*_steps(tenant, wish), drop(tenant.name), take_back(tenant.name)) if one.name == wish.step
    )
    if step.name == "remove":
        _expect_removable(tenant, wish)
    place, other = by_side[step.side], by_side["new" if step.side == "old" else "old"]
    arguments = _arguments(tenant, step, place, other)
    if not wish.live:
        _print(
            {"tenant": tenant.name, "step": step.name, "stack": place.stack,
             "command": ["workbuoy-app", *arguments], "started": False},
            f"{step.name} would run in {place.stack}, as a one-off task of its image:\n"
            f"  workbuoy-app {' '.join(arguments)}\nNothing was started. Add --live to do it.",
            wish,
        )  # fmt: skip
        return
    outcome = _run(tenant, step, place, other, arguments)
    _tell_outcome(project, tenant, step, outcome, wish)


def _arguments(tenant: "Tenant", step: MoveStep, place: "TaskPlace", other: "TaskPlace") -> tuple[str, ...]:
    address = f"s3://{other.bucket}/imports/{tenant.name}/"
    values = {OTHER: address, "{region}": other.region}
    if RECEIPT in step.arguments:
        digest = _said(place, tenant.name).get("receipt", {}).get("sums_digest")
        if not digest:
            fail(CHECK_FAILED, f"{place.bucket} holds no receipt of the new place: cut over, then compare")
        values[RECEIPT] = str(digest)
    return tuple(values.get(one, one) for one in step.arguments)


def _expect_removable(tenant: "Tenant", wish: Wish) -> None:
    from infra.tenants.hold import refuse_under_hold  # noqa: PLC0415

    refuse_under_hold(tenant, "the old place stays, besides the new one")
    if wish.confirmed != tenant.name:
        fail(MISTAKE, f"remove deletes {tenant.name} from the old place: say --yes-remove {tenant.name} as well")
    if wish.back or tenant.move is None or tenant.move.direction != "from" or tenant.move.since is None:
        fail(MISTAKE, f"{tenant.name}'s record is not switched: nothing is removed before")
    first = tenant.move.since + timedelta(days=wish.keep_days)
    if datetime.now(UTC).date() < first:
        fail(
            CHECK_FAILED,
            f"the old place stays until {first}, {wish.keep_days} days after the switch; --keep-days says how long",
        )


def _run(
    tenant: "Tenant", step: MoveStep, place: "TaskPlace", other: "TaskPlace", arguments: tuple[str, ...]
) -> "TaskOutcome":
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from operations import one_off  # noqa: PLC0415

    session, label = _session(), f"move-{tenant.name}-{step.name}"
    again = f"workbuoy tenant move {tenant.name} --live --run {step.name}"
    try:
        if step.name != "cut-over":
            return one_off.run(session, place, arguments, label, notify)
        receive = next(one for one in steps_of(tenant, tenant.base, 0) if one.name == "receive")
        waiting = (*_arguments(tenant, receive, other, place), "--wait", str(RECEIVE_WAIT_SECONDS))
        receiver = one_off.begin(session, other, waiting, f"move-{tenant.name}-receive", notify)
        outcome = one_off.run(session, place, arguments, label, notify)
        if outcome.exit_code == 0:
            one_off.watch(session, other, receiver, notify)
    except KeyboardInterrupt:
        fail(INTERRUPTED, f"interrupted; the task goes on. To watch it again: {again}")
    except one_off.TaskError as error:
        fail(NOT_MADE, f"{step.name}: {error}")
    except (BotoCoreError, ClientError) as error:
        fail(NOT_MADE, f"{step.name}: AWS refused or did not answer: {error}")
    return outcome


def _tell_outcome(project: "Project", tenant: "Tenant", step: MoveStep, outcome: "TaskOutcome", wish: Wish) -> None:
    document = {
        "tenant": tenant.name,
        "step": step.name,
        "verdict": outcome.verdict,
        "lastLines": list(outcome.last_lines),
    }
    shown = "\n".join(f"  {line}" for line in outcome.last_lines) or "  (it logged nothing)"
    if outcome.exit_code:
        _print(document, f"Its last lines:\n{shown}", wish)
        fail(
            CHECK_FAILED,
            f"{step.name} ended with {outcome.exit_code}; nothing half done stays. The same command goes on.",
        )
    told = json.dumps(outcome.verdict, ensure_ascii=False) if outcome.verdict else shown
    if step.name == "remove":
        from operations.tenant.move.record import record_erasure  # noqa: PLC0415

        old, new = old_and_new(tenant)
        file = record_erasure(project.root, old, new, outcome.verdict or {}).relative_to(project.root)
        document["file"] = str(file)
        told += f"\n{file} records it: commit it"
    _print(document, f"{step.name}: done\n{told}\nNext: workbuoy tenant move {tenant.name}", wish)


def _said(place: "TaskPlace", name: str) -> dict[str, Any]:
    """The two documents that lie in a place's bucket, read with the operator's own credentials."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from operations.tenant.promotion.receipts import read_paper  # noqa: PLC0415

    s3 = _session().client("s3", region_name=place.region)
    try:
        papers = {one: read_paper(s3, place.bucket, f"imports/{name}/{one}.json") for one in ("manifest", "receipt")}
    except (BotoCoreError, ClientError) as error:
        fail(NOT_MADE, f"{place.bucket} could not be read: {error}")
    return {one: paper for one, paper in papers.items() if paper}


def _outputs(project: Any, stack: str) -> dict[str, Any]:
    from operations.engine.stack import open_stack  # noqa: PLC0415  imports Pulumi

    return open_stack(project, stack, notify=notify).outputs()


def _session() -> Any:
    import boto3  # noqa: PLC0415  half a second

    return boto3.Session()


def _print(document: dict[str, Any], text: str, wish: Wish) -> None:
    print_json("tenant-move", document) if wish.json_wanted else print_text(text)
