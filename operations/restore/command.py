"""`workbuoy restore`: drill, tenant, undo, end."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from operations.ending import CHECK_FAILED, INTERRUPTED, JSON, NOT_MADE, fail, plainly, print_json, print_text, tell
from operations.help import Commands
from project.terminal import wrapped
from project.whole_file import require_writable, write_whole

if TYPE_CHECKING:
    from operations.restore.places import RestorePlace
    from operations.restore.steps import Restore, Step

AT = click.option("--at", "at_text", metavar="TIME", help="The moment, with its zone: 2026-11-26T09:30:00Z.")
PLAN = click.option("--plan", is_flag=True, help="Only say what would be done.")


@click.group(cls=Commands)
def restore() -> None:
    """Bring data back: try it (drill), or do it for one customer (tenant).

    A copy of the database is made beside it, as of a moment. What was erased since is taken out of it before anything
    reads it. Whatever is interrupted goes on with the same command again.
    """


@restore.command()
@click.argument("stack")
@AT
@PLAN
@click.option(
    "--evidence", "evidence_file", metavar="FILE.json", type=click.Path(path_type=Path), help="Also write it into FILE."
)
@JSON
@plainly
def drill(*, stack: str, at_text: str | None, plan: bool, evidence_file: Path | None, json_wanted: bool) -> None:
    """Restore STACK's database beside itself, check the copy, measure, and delete it.

    Nothing of what serves is changed. Without --at it is the newest moment that can be restored.
    """
    if evidence_file is not None:
        require_writable(evidence_file)
    place = place_of_stack(stack)
    work, window = _begin(place, at_text)
    steps = work.steps()
    if plan:
        _print_plan(work, steps, json_wanted=json_wanted)
        return
    _take(work, steps)
    document = _drilled(work, (datetime.now(UTC) - window).total_seconds())
    if evidence_file is not None:
        write_whole(evidence_file, json.dumps(document, indent=2) + "\n")
    _print(document, _in_words(document), json_wanted=json_wanted)


@restore.command("tenant")
@click.argument("name")
@AT
@PLAN
@click.option("--again", is_flag=True, help="Once more to a moment to which the customer was brought back already.")
@click.option("--yes-restore", "confirmed", metavar="NAME", help="The customer's name once more.")
@JSON
@plainly
def restore_tenant(
    *, name: str, at_text: str | None, plan: bool, again: bool, confirmed: str | None, json_wanted: bool
) -> None:
    """Bring one customer's rows and files back to a moment; the others go on, and notice nothing.

    Who may log in and the audit trail stay as they are now. What NAME wrote after the moment is kept as the way back:
    `workbuoy restore undo NAME --at TIME`.
    """
    if at_text is None:
        raise click.UsageError("--at is needed: the moment before the damage, with its zone")
    place = place_of_stack(stack_of(name))
    work, _ = _begin(place, at_text)
    steps = work.steps(name, again=again)
    if plan:
        _print_plan(work, steps, json_wanted=json_wanted)
        return
    if confirmed != name:
        raise click.UsageError(f"{name}'s rows and files are replaced: say --yes-restore {name} as well, or --plan")
    _take(work, steps)
    told = work.told["tenant"]
    text = (
        f"{name} is as it was at {work.shown_at}: {sum(told['rows'].values())} rows, {told['files']['files']} files, "
        f"frozen for {told['frozen_seconds']:.1f} s.\nBack: workbuoy restore undo {name} --at {at_text}"
    )
    _print({**_head(work), "tenant": name, "verdict": told}, text, json_wanted=json_wanted)


@restore.command()
@click.argument("name")
@AT
@click.option("--yes-restore", "confirmed", metavar="NAME", help="The customer's name once more.")
@JSON
@plainly
def undo(*, name: str, at_text: str | None, confirmed: str | None, json_wanted: bool) -> None:
    """Give a customer back what stood before the last restore to TIME."""
    from operations.restore.moment import parse, run_name  # noqa: PLC0415 printing help must not pay for these

    if at_text is None or confirmed != name:
        raise click.UsageError(f"say --at TIME, as it was restored, and --yes-restore {name}")
    work = _work(place_of_stack(stack_of(name)), parse(at_text))
    words = ("restore", "undo", name, "--at", run_name(work.at))
    told = _guarded(work, lambda: work.task(f"undo-{name}", *words))
    text = f"{name} has again what stood before: {sum(told.get('rows', {}).values())} rows."
    _print({**_head(work), "tenant": name, "verdict": told}, text, json_wanted=json_wanted)


@restore.command()
@click.argument("stack")
@plainly
def end(*, stack: str) -> None:
    """Delete STACK's restored copy, where one stands."""
    from operations.restore.copy import Copy  # noqa: PLC0415 printing help must not pay for it

    place = place_of_stack(stack)
    work = _work(place, datetime.now(UTC))
    deleted = _guarded(work, lambda: {"deleted": Copy(work.session, place, tell).delete()})["deleted"]
    print_text(f"{place.copy} is being deleted." if deleted else f"No copy stands beside {place.database}.")


def stack_of(name: str) -> str:
    """The stack that holds a customer's data. Raises ProblemsError for an unknown customer."""
    from infra.tenants.files import read_tenant  # noqa: PLC0415
    from project.files import find_project  # noqa: PLC0415

    tenant = read_tenant(find_project(Path.cwd()).root, name)
    return tenant.stack if tenant.isolation == "silo" else tenant.base


def place_of_stack(stack: str) -> "RestorePlace":
    """Where a stack's restore happens. Raises ProblemsError with every output that is missing."""
    from operations.restore.places import find_place  # noqa: PLC0415
    from project.files import find_project, read_config  # noqa: PLC0415
    from project.silos import whole_config  # noqa: PLC0415
    from rehearsal.run import place_of  # noqa: PLC0415

    project = find_project(Path.cwd())
    _, region = place_of(project, whole_config(project, stack, read_config(project, stack)))
    return find_place(stack, region, lambda name: _outputs(project, name))


def _outputs(project: Any, stack: str) -> Mapping[str, Any]:
    from operations.engine.stack import open_stack  # noqa: PLC0415  imports Pulumi

    found: Mapping[str, Any] = open_stack(project, stack, tell=tell).outputs()
    return found


def _work(place: "RestorePlace", at: datetime) -> "Restore":
    import boto3  # noqa: PLC0415  half a second

    from operations.restore.steps import Restore  # noqa: PLC0415

    return Restore(session=boto3.Session(), place=place, at=at, tell=tell)


def _begin(place: "RestorePlace", at_text: str | None) -> tuple["Restore", datetime]:
    """With a moment that can be restored, and the newest one."""
    from operations.restore.copy import Copy  # noqa: PLC0415
    from operations.restore.moment import expect_within, parse  # noqa: PLC0415

    work = _work(place, parse(at_text) if at_text else datetime.now(UTC))
    window = _guarded(work, lambda: {"window": Copy(work.session, place, tell).window()})["window"]
    if at_text is None:
        work.at = window.newest
    expect_within(work.at, window, datetime.now(UTC))
    return work, window.newest


def _take(work: "Restore", steps: list["Step"]) -> None:
    def take() -> Mapping[str, Any]:
        work.take(steps)
        return {}

    _guarded(work, take)


def _guarded(work: "Restore", do: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from operations.one_off import TaskError  # noqa: PLC0415
    from operations.restore.copy import CopyError  # noqa: PLC0415
    from operations.restore.steps import KEPT, StepFailedError  # noqa: PLC0415

    kept = KEPT.format(stack=work.place.tasks.stack)
    try:
        return do()
    except StepFailedError as error:
        fail(CHECK_FAILED, f"{error}; {kept}")
    except KeyboardInterrupt:
        fail(INTERRUPTED, f"interrupted; a task goes on by itself, and {kept}")
    except (CopyError, TaskError) as error:
        fail(NOT_MADE, str(error))
    except (BotoCoreError, ClientError) as error:
        fail(NOT_MADE, f"AWS refused or did not answer: {error}; {kept}")


def _head(work: "Restore") -> dict[str, Any]:
    return {"stack": work.place.tasks.stack, "at": work.at.isoformat(), "seconds": dict(work.seconds)}


def _drilled(work: "Restore", rpo_seconds: float) -> dict[str, Any]:
    """The drill's evidence."""
    who = work.session.client("sts", region_name=work.place.tasks.region).get_caller_identity()["Arn"]
    checked, prepared = work.told["check"], work.told["prepare"]
    rto = sum(seconds for name, seconds in work.seconds.items() if name != "end")
    return {
        **_head(work),
        "good": True,
        "drilledAt": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": who,
        "rpoSeconds": round(rpo_seconds),
        "rtoSeconds": round(rto, 1),
        "verdict": {"prepare": dict(prepared), "check": dict(checked)},
    }


def _in_words(document: Mapping[str, Any]) -> str:
    tenants = document["verdict"]["check"]["tenants"]
    rows, files = sum(sum(one["rows"].values()) for one in tenants), sum(one["files"] for one in tenants)
    return (
        f"{document['stack']} can be brought back to {document['at']}: {len(tenants)} customers, {rows} rows, {files} "
        "files, and the service is ready on the copy.\n"
        f"RPO {document['rpoSeconds']} s (the newest moment that RDS had), RTO {document['rtoSeconds']} s."
    )


def _print_plan(work: "Restore", steps: list["Step"], *, json_wanted: bool) -> None:
    if json_wanted:
        shown = [{"step": one.name, "does": one.does, "by": one.by} for one in steps]
        print_json("restore", {**_head(work), "steps": shown})
        return
    print_text(f"As of {work.shown_at}, in {len(steps)} steps:")
    for number, one in enumerate(steps, start=1):
        print_text("\n".join(wrapped(f"{one.does} ({one.by})", f"{number:2}. {one.name + ':':10} ", " " * 15)))
    print_text("\nNothing was done.")


def _print(document: Mapping[str, Any], text: str, *, json_wanted: bool) -> None:
    print_json("restore", document) if json_wanted else print_text(text)
