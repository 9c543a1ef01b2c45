"""`workbuoy restore`: drill, tenant, undo, end; those for a whole stack stand in stack_commands.py."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from operations.ending import JSON, notify, print_result, print_text, report_errors, warn
from operations.help import Commands
from operations.restore.moment import parse_past, run_name
from operations.restore.printing import AT, EVIDENCE, PLAN, keep, print_plan
from operations.restore.running import begin, guarded, head, held, place_of_stack, place_of_tenant, tried, work_at
from operations.restore.stack_commands import files, restore_stack, switch
from project.whole_file import require_writable

if TYPE_CHECKING:
    from operations.restore.steps import Restore


@click.group(cls=Commands)
def restore() -> None:
    """Bring data back: try it (drill), for one customer (tenant), or for all of a stack (stack, then switch).

    A copy of the database is made beside it, as of a moment. What was erased since is taken out of it before anything
    reads it. Whatever is interrupted goes on with the same command again.
    """


for one in (restore_stack, switch, files):
    restore.add_command(one)


@restore.command()
@click.argument("stack")
@AT
@PLAN
@EVIDENCE
@click.option("--due", is_flag=True, help="Only where the last good drill is a week old.")
@click.option("--clean-up", is_flag=True, help="Delete the copy also where a step fails.")
@JSON
@report_errors
def drill(
    *,
    stack: str,
    at_text: str | None,
    plan: bool,
    evidence_file: Path | None,
    due: bool,
    clean_up: bool,
    json_wanted: bool,
) -> None:
    """Restore STACK's database beside itself, check the copy, measure, and delete it.

    Nothing of what serves is changed. Without --at it is the newest moment that can be restored. What was found is kept
    in the stack's bucket: `workbuoy drills STACK`.
    """
    from operations.restore import evidence

    at = None if at_text is None else parse_past(at_text)
    if evidence_file is not None:
        require_writable(evidence_file)
    work, newest = begin(place_of_stack(stack), at)
    if due and not guarded(work, lambda: {"due": evidence.is_due(_drills(work), datetime.now(UTC))})["due"]:
        notify(f"{stack}: the last good drill is less than a week old")
        return
    steps = work.steps()
    if plan:
        print_plan(head(work), work.shown_at, steps, json_wanted=json_wanted)
        return
    rpo = (datetime.now(UTC) - newest).total_seconds()
    failed = tried(work, steps)
    if failed and clean_up:
        guarded(work, lambda: {"deleted": work.end()})
    document = evidence.of_drill(work, rpo, failed[1] if failed else "")
    keep(work, evidence.DRILLS, document, evidence_file, failed)
    print_result("restore", document, evidence.drill_text(document), json_wanted=json_wanted)


@restore.command("tenant")
@click.argument("name")
@AT
@PLAN
@EVIDENCE
@click.option("--again", is_flag=True, help="Once more to a moment to which the customer was brought back already.")
@click.option("--yes-restore", "confirmed", metavar="NAME", help="The customer's name once more.")
@JSON
@report_errors
def restore_tenant(
    *,
    name: str,
    at_text: str | None,
    plan: bool,
    evidence_file: Path | None,
    again: bool,
    confirmed: str | None,
    json_wanted: bool,
) -> None:
    """Bring one customer's rows and files back to a moment; the others go on, and notice nothing.

    Who may log in and the audit trail stay as they are now. What NAME wrote after the moment is kept as the way back:
    `workbuoy restore undo NAME --at TIME`.
    """
    from operations.restore import evidence

    if at_text is None:
        raise click.UsageError("--at is needed: the moment before the damage, with its zone")
    at = parse_past(at_text)
    if not plan and confirmed != name:
        raise click.UsageError(f"{name}'s rows and files are replaced: say --yes-restore {name} as well, or --plan")
    if evidence_file is not None:
        require_writable(evidence_file)
    work, _ = begin(place_of_tenant(name), at)
    steps = work.steps(name, again=again)
    if plan:
        print_plan(head(work), work.shown_at, steps, json_wanted=json_wanted)
        return
    failed = tried(work, steps)
    if failed and "check" in work.results:  # in the customer's own step, which thaws unless it was killed
        warn(
            f"{name} may be frozen, which the same command again ends, or `workbuoy restore undo {name} --at {at_text}`"
        )
    document = evidence.of_restore(work, name, failed[1] if failed else "")
    keep(work, evidence.RESTORES, document, evidence_file, failed)
    verdict = work.results["tenant"]
    if verdict.get("already"):
        text = (
            f"{name} was brought back to {work.shown_at} before, which ended at {verdict['ended_at']}, and nothing was "
            "done now: what was written since stands. Once more: the same command with --again."
        )
        print_result("restore", document, text, json_wanted=json_wanted)
        return
    rows = sum(verdict["rows"].values())
    text = (
        f"{name} is as it was at {work.shown_at}: {rows} rows, {verdict['files']['files']} files, "
        f"frozen for {verdict['frozen_seconds']:.1f} s.\nBack: workbuoy restore undo {name} --at {at_text}"
    )
    if made := verdict.get("made_again"):
        text += f"\n{', '.join(made)} was gone, and is there again."
    if verdict.get("others_to_restore"):
        text += " Other customers' rows refer to rows that are gone: bring them back too, in the same way."
    print_result("restore", document, text, json_wanted=json_wanted)


@restore.command()
@click.argument("name")
@AT
@click.option("--yes-restore", "confirmed", metavar="NAME", help="The customer's name once more.")
@JSON
@report_errors
def undo(*, name: str, at_text: str | None, confirmed: str | None, json_wanted: bool) -> None:
    """Undo a customer's last restore to TIME: what stood before comes back."""
    if at_text is None or confirmed != name:
        raise click.UsageError(f"say --at TIME, as it was restored, and --yes-restore {name}")
    at = parse_past(at_text)
    work = work_at(place_of_tenant(name), at)
    words = ("restore", "undo", name, "--at", run_name(work.at))
    kept = f"{name} may be frozen until the same command again, which needs no copy, has ended"
    verdict = held(kept, lambda: work.task(f"undo-{name}", *words))
    text = f"{name} has again what stood before: {sum(verdict.get('rows', {}).values())} rows."
    if verdict.get("already"):
        text = f"{name} got back what stood before already, at {verdict['ended_at']}, and nothing was done now."
    print_result("restore", {**head(work), "tenant": name, "verdict": verdict}, text, json_wanted=json_wanted)


@restore.command()
@click.argument("stack")
@click.option("--expired", is_flag=True, help="Only a copy whose day is over.")
@report_errors
def end(*, stack: str, expired: bool) -> None:
    """Delete STACK's restored copy, where one stands."""
    place = place_of_stack(stack)
    work = work_at(place, datetime.now(UTC))
    deleted = guarded(work, lambda: {"deleted": work.end(expired_only=expired)})["deleted"]
    none = f"No copy {'that is past its day ' if expired else ''}stands beside {place.database}."
    print_text(f"{place.copy} is being deleted." if deleted else none)


def _drills(work: "Restore") -> list[dict[str, Any]]:
    from operations.restore import evidence

    return evidence.of(work).read(evidence.DRILLS)
