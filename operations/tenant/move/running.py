"""The steps of a move that run on stacks: one-off tasks in either place, and the end of the place that was left."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.tenants.hold import refuse_under_hold
from operations.ending import CHECK_FAILED, MISTAKE, NOT_MADE, fail, notify
from operations.tenant import standing
from operations.tenant.handover.command import guarded
from operations.tenant.move.options import MoveOptions, all_steps, printed
from operations.tenant.move.record import is_recorded
from operations.tenant.move.shown import progress, watched_text
from operations.tenant.move.steps import (
    OTHER,
    RECEIPT,
    RECEIVE_WAIT_SECONDS,
    drop,
    old_and_new,
    steps_of,
    take_back,
)
from operations.tenant.promotion.places import task_places
from operations.tenant.step_tasks import done_by_task, show_outcome, show_unstarted
from operations.tenant.steps import Step
from project.terminal import count

if TYPE_CHECKING:
    from infra.tenants.record import Tenant
    from operations.one_off import TaskOutcome, TaskPlace
    from operations.tenant.move.source import Source
    from project.files import Project


def on_stacks(project: "Project", tenant: "Tenant", options: MoveOptions) -> None:
    """Say how far both places are, or do a step."""
    if options.step == "destroy":
        _destroy(project, tenant, options)
        return
    places = _places(project, tenant)
    by_side = dict(zip(("old", "new"), reversed(places) if options.back else places, strict=True))
    if options.step in (None, "watch"):
        _report_progress(tenant, places, options)
        return
    named = (*all_steps(tenant, options), drop(tenant.name), take_back(tenant.name))
    step = next(one for one in named if one.name == options.step)
    if step.name == "remove":
        _expect_removable(tenant, options)
    place, other = by_side[step.side], by_side["new" if step.side == "old" else "old"]
    arguments = _arguments(tenant, step, place, other)
    if not options.live:
        show_unstarted(tenant.name, step.name, place, arguments, partial(printed, options=options))
    elif step.name == "remove":
        source = source_of(project, tenant, _left(tenant))
        file = guarded(lambda: source.remove(lambda: _run(tenant, step, place, other, arguments)))
        _report_record(project, tenant, "remove", file, options)
    else:
        _report_outcome(tenant, step, _run(tenant, step, place, other, arguments), options)


def require_closable(project: "Project", tenant: "Tenant", options: MoveOptions) -> None:
    """Ends the command unless nothing of the customer is left in the place that the record will forget.

    A record in tenants/moved/ says so; without one, the copy must have been dropped, or never have been made.
    """
    if tenant.move is None:
        fail(MISTAKE, f"{tenant.path} speaks of no move, so there is none to close")
    old, new = old_and_new(tenant)
    left = old if tenant.move.direction == "from" else new
    if is_recorded(project.root, left, tenant.move.since):
        return
    if tenant.move.direction == "from":
        last = "destroy" if tenant.isolation == "silo" else "remove"
        fail(CHECK_FAILED, f"tenants/moved/ has no record that {left.stack} is empty: --run {last} comes first")
    if not options.live:
        fail(MISTAKE, f"say --live too, so that AWS is asked whether anything of {tenant.name} is in {left.stack}")
    if tenant.isolation == "silo":
        if left.stack in standing.opened(project, tenant.base).stacks():
            fail(CHECK_FAILED, f"{left.stack} stands: --run retire, deploy it, --run destroy, then close")
        return
    sender, receiver = _places(project, tenant)
    sent, answered = (_read_documents(one, tenant.name) for one in (receiver, sender))
    manifest, receipt = sent.get("manifest", {}), answered.get("receipt", {})
    if manifest and (receipt.get("dropped"), receipt.get("lineage")) != (True, manifest.get("lineage")):
        fail(CHECK_FAILED, f"{left.stack} got a copy of {tenant.name}: --run drop, --run end --back, then close")


def _places(project: "Project", tenant: "Tenant") -> "list[TaskPlace]":
    regions = {one.stack: one.region for one in old_and_new(tenant)}
    return task_places(regions, lambda stack: standing.outputs(project, stack))


def _report_progress(tenant: "Tenant", places: "list[TaskPlace]", options: MoveOptions) -> None:
    documents = {one.stack: _read_documents(one, tenant.name) for one in places}
    document: dict[str, Any] = {"tenant": tenant.name, "said": documents}
    if options.step is None:
        printed(document, progress(tenant.name, documents), options)
        return
    firing = _alarms(places[1])
    printed({**document, "alarms": firing}, watched_text(tenant.name, places[1].stack, documents, firing), options)
    if firing:
        fail(
            CHECK_FAILED,
            f"{count(len(firing), 'alarm')} of {places[1].stack} in alarm; the way back is open until remove",
        )


def _alarms(place: "TaskPlace") -> list[str]:
    from operations.fleet.watching import alarms_of

    client = standing.session().client("cloudwatch", region_name=place.region)
    return [one["AlarmName"] for one in alarms_of(client, [place.stack]) if one["StateValue"] == "ALARM"]


def _arguments(tenant: "Tenant", step: Step, place: "TaskPlace", other: "TaskPlace") -> tuple[str, ...]:
    address = f"s3://{other.bucket}/imports/{tenant.name}/"
    values = {OTHER: address, "{region}": other.region}
    if RECEIPT in step.arguments:
        digest = _read_documents(place, tenant.name).get("receipt", {}).get("sums_digest")
        if not digest:
            fail(CHECK_FAILED, f"{place.bucket} holds no receipt of the new place: cut over, then compare")
        values[RECEIPT] = str(digest)
    return tuple(values.get(one, one) for one in step.arguments)


def _expect_confirmed(tenant: "Tenant", options: MoveOptions, where: str) -> None:
    if options.confirmed != tenant.name:
        fail(MISTAKE, f"{options.step} deletes {tenant.name} from {where}: say --yes-remove {tenant.name} as well")


def _expect_removable(tenant: "Tenant", options: MoveOptions) -> None:
    refuse_under_hold(tenant, "the old place stays, besides the new one")
    _expect_confirmed(tenant, options, "the old place")
    if options.back or tenant.move is None or tenant.move.direction != "from" or tenant.move.since is None:
        fail(MISTAKE, f"{tenant.name}'s record is not switched: nothing is removed before")
    first = tenant.move.since + timedelta(days=options.keep_days)
    if datetime.now(UTC).date() < first:
        fail(
            CHECK_FAILED,
            f"the old place stays until {first}, {options.keep_days} days after the switch; --keep-days says how long",
        )


def _destroy(project: "Project", tenant: "Tenant", options: MoveOptions) -> None:
    source = source_of(project, tenant, _left(tenant))
    if tenant.isolation == "pool":
        fail(MISTAKE, f"{tenant.name} is a pool tenant: no stack is its own; remove, then end")
    refuse_under_hold(tenant, f"{source.left.stack} stays")
    _expect_confirmed(tenant, options, source.left.stack)
    if not options.live:
        printed(
            {"tenant": tenant.name, "step": "destroy", "stack": source.left.stack, "started": False},
            f"destroy would count {tenant.name} in {source.left.stack}, and destroy that stack where nothing is left.\n"
            "Nothing was started. Add --live to do it.",
            options,
        )
        return
    file = guarded(lambda: source.destroy(options.keep_snapshot_days))
    _report_record(project, tenant, "destroy", file, options)


def _report_record(project: "Project", tenant: "Tenant", step: str, file: Path, options: MoveOptions) -> None:
    path = str(file.relative_to(project.root))
    printed(
        {"tenant": tenant.name, "step": step, "file": path},
        f"{step}: done, and nothing of {tenant.name} was counted there\n{path} records it: commit it\n"
        f"Next: workbuoy tenant move {tenant.name}",
        options,
    )


def source_of(project: "Project", tenant: "Tenant", left: "Tenant") -> "Source":
    """The place that a customer left, with whom to ask of it."""
    from operations.tenant.move.source import Source

    return Source(
        project=project,
        left=left,
        serving=tenant,
        session=standing.session(),
        open_stack=lambda stack: standing.opened(project, stack),
        notify=notify,
    )


def _left(tenant: "Tenant") -> "Tenant":
    assert tenant.other is not None  # noqa: S101 - the record speaks of a move
    return tenant.other


def _run(
    tenant: "Tenant", step: Step, place: "TaskPlace", other: "TaskPlace", arguments: tuple[str, ...]
) -> "TaskOutcome":
    from operations import one_off

    session, label = standing.session(), f"move-{tenant.name}-{step.name}"

    def started() -> one_off.TaskOutcome:
        if step.name != "cut-over":
            return one_off.run(session, place, arguments, label, notify)
        receive = next(one for one in steps_of(tenant, place.stack, 0) if one.name == "receive")
        waiting = (*_arguments(tenant, receive, other, place), "--wait", str(RECEIVE_WAIT_SECONDS))
        receiver = one_off.begin(session, other, waiting, f"move-{tenant.name}-receive", notify)
        outcome = one_off.run(session, place, arguments, label, notify)
        if outcome.exit_code == 0:
            one_off.watch(session, other, receiver, notify)
        return outcome

    return done_by_task(step.name, _again(tenant, step), started)


def _again(tenant: "Tenant", step: Step) -> str:
    return f"workbuoy tenant move {tenant.name} --live --run {step.name}"


def _report_outcome(tenant: "Tenant", step: Step, outcome: "TaskOutcome", options: MoveOptions) -> None:
    show_outcome(
        {"tenant": tenant.name, "step": step.name},
        outcome,
        again=_again(tenant, step),
        following=f"workbuoy tenant move {tenant.name}",
        show=partial(printed, options=options),
    )


def _read_documents(place: "TaskPlace", name: str) -> dict[str, Any]:
    """The two documents that lie in a place's bucket, read with the operator's own credentials."""
    from botocore.exceptions import BotoCoreError, ClientError

    from operations.tenant.promotion.receipts import read_document

    s3 = standing.session().client("s3", region_name=place.region)
    try:
        papers = {one: read_document(s3, place.bucket, f"imports/{name}/{one}.json") for one in ("manifest", "receipt")}
    except (BotoCoreError, ClientError) as error:
        fail(NOT_MADE, f"{place.bucket} could not be read: {error}")
    return {one: dict(paper) for one, paper in papers.items() if paper}
