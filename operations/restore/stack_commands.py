"""`workbuoy restore stack` and `switch`: a whole database goes back to a moment, in two halves under two roles."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from operations.ending import JSON, fail, notify, print_result, print_text, report_errors, warn
from operations.restore.moment import parse, parse_past, run_name, shown
from operations.restore.printing import AT, EVIDENCE, PLAN, keep, print_plan
from operations.restore.running import attempted, begin, guarded, head, held, place_of_stack, region_of, tried, work_at
from project.whole_file import require_writable, write_whole

if TYPE_CHECKING:
    from infra.tenants.files import Tenants
    from infra.tenants.record import Tenant
    from operations.restore.instances import ReplacedInstance
    from operations.restore.steps import Restore, Step
    from operations.restore.switching import Switch

GOES_ON = "the same command again goes on, and with --back it goes back"


@click.command("stack")
@click.argument("stack")
@AT
@PLAN
@EVIDENCE
@JSON
@report_errors
def restore_stack(
    *, stack: str, at_text: str | None, plan: bool, evidence_file: Path | None, json_wanted: bool
) -> None:
    """Make a copy of STACK's whole database as of a moment fit to serve; once it serves, put its files in order.

    Until `workbuoy restore switch` nothing of what serves is changed. Say it once more after the switch.
    """
    from operations.restore import evidence
    from operations.restore.instances import Instances

    if at_text is None:
        raise click.UsageError("--at is needed: the moment before the damage, with its zone")
    at = parse_past(at_text)
    if evidence_file is not None:
        require_writable(evidence_file)
    place = place_of_stack(stack)
    work = work_at(place, at)
    instances = Instances(work.session, place.serving, notify)
    before: ReplacedInstance | None = guarded(work, lambda: {"before": instances.before()})["before"]
    if before is not None and before.at != run_name(at):
        instances.expect_switchable(at)
    if before is None:
        work, _ = begin(place, at)
    steps = work.steps_after_switch(before.switched) if before else work.steps_of_stack()
    known = _records()
    for text in (*_held(stack, known), *_on_the_way(stack, known)):
        warn(text)
    if plan:
        print_plan(head(work), work.shown_at, steps, json_wanted=json_wanted)
        return
    failed = tried(work, steps)
    document = evidence.of_stack(work, before, _came_since(work), failed[1] if failed else "")
    keep(work, evidence.RESTORES, document, evidence_file, failed)
    text = _after(work, before) if before else _ready(work, document)
    print_result("restore", document, text, json_wanted=json_wanted)


@click.command()
@click.argument("stack")
@AT
@click.option("--back", is_flag=True, help="Let what served before serve again.")
@click.option("--remove-old", metavar="INSTANCE", help="Delete what served before, once its day has come.")
@PLAN
@click.option("--yes-restore", "confirmed", metavar="STACK", help="The stack's name once more.")
@click.option(
    "--evidence",
    "evidence_file",
    metavar="FILE.json",
    type=click.Path(path_type=Path),
    help="Also write into FILE what was done, by whom, and how long nothing served.",
)
@JSON
@report_errors
def switch(
    *,
    stack: str,
    at_text: str | None,
    back: bool,
    remove_old: str | None,
    plan: bool,
    confirmed: str | None,
    evidence_file: Path | None,
    json_wanted: bool,
) -> None:
    """Let STACK serve from its restored copy, once `workbuoy restore stack` has made it; run by who deploys.

    The service stands still meanwhile. What served is kept under another name, protected, as the way back: --back.
    The database is never replaced: a review that would do so stops it.
    """
    if remove_old is None and at_text is None:
        raise click.UsageError("--at is needed: the moment to which the copy was made")
    if remove_old is None and not plan and confirmed != stack:
        raise click.UsageError(f"{stack} stands still meanwhile: say --yes-restore {stack} as well, or --plan")
    if evidence_file is not None:
        require_writable(evidence_file)
    switching = _switching(stack, at_text)
    if remove_old is not None:
        _remove_old(switching, remove_old)
        return
    _expect_possible(switching, back=back)
    steps = switching.steps_back() if back else switching.steps()
    document = {"stack": stack, "at": switching.at.isoformat(), "seconds": dict[str, float]()}
    if plan:
        print_plan(document, shown(switching.at), steps, json_wanted=json_wanted)
        return
    _take(switching, steps, document, evidence_file, back=back, json_wanted=json_wanted)


@click.command()
@click.argument("stack")
@click.option("--switched", metavar="TIME", required=True, help="Since when the database serves that serves now.")
@JSON
@report_errors
def files(*, stack: str, switched: str, json_wanted: bool) -> None:
    """After a switch back: put STACK's files in order.

    What no row of the database that serves now names and was there before TIME gets a delete marker; nothing is deleted
    for good.
    """
    since = parse_past(switched)
    work = work_at(place_of_stack(stack), since)
    if failed := tried(work, work.steps_after_switch(run_name(since))):
        fail(*failed)
    verdict = work.results["settle"]
    text = (
        f"{stack}: {verdict['files']} files, {verdict['again']} brought again, {verdict['marked']} marked as deleted."
    )
    print_result("restore", {**head(work), "verdict": verdict}, text, json_wanted=json_wanted)


def _take(
    switching: "Switch",
    steps: list["Step"],
    document: dict[str, Any],
    evidence_file: Path | None,
    *,
    back: bool,
    json_wanted: bool,
) -> None:
    from operations.engine.errors import EngineError
    from operations.engine.order import same_code
    from operations.restore.steps import take

    same_code(switching.opened, switching.opened.tags(), switching.project.root, notify)
    results: dict[str, Mapping[str, Any]] = {}
    found: list[ReplacedInstance | None] = []

    def all_of_them() -> None:
        notify(f"by {switching.by}")  # asked now: credentials may have ended when evidence is written
        take(steps, notify, document["seconds"], results)
        found.append(switching.instances.before())

    def keep_evidence(problem: str) -> None:
        if evidence_file is not None:
            from operations.restore import evidence

            steps = {"seconds": document["seconds"], "steps": {name: dict(one) for name, one in results.items()}}
            kept = evidence.of_switch(switching, steps, found[0] if found else None, problem, back=back)
            write_whole(evidence_file, evidence.as_text(kept))

    try:
        failed = attempted(GOES_ON, all_of_them)
    except EngineError as error:
        keep_evidence(str(error))
        raise
    keep_evidence(failed[1] if failed else "")
    if failed:
        fail(*failed)
    verdict = {
        "back": back,
        "serves": results["state"]["resourceId"],
        "stoppedAt": results["stop"]["at"],
        "changes": results["update"]["changes"],
    }
    text = _switched(switching, found[0], results["stop"]["at"])
    print_result("restore", {**document, "verdict": verdict}, text, json_wanted=json_wanted)


def _expect_possible(switching: "Switch", *, back: bool) -> None:
    def expect() -> Mapping[str, Any]:
        instances = switching.instances
        if back:
            instances.expect_way_back(stopped=switching.service.stopped())
        else:
            instances.expect_switchable(switching.at)
        return {}

    held("nothing was changed", expect)


def _switching(stack: str, at_text: str | None) -> "Switch":
    import boto3  # half a second

    from operations.engine.image import running_image  # imports Pulumi
    from operations.engine.stack import open_stack
    from operations.restore.places import switch_place
    from operations.restore.switching import Switch
    from project.files import find_project

    project = find_project(Path.cwd())
    at = parse_past(at_text) if at_text else datetime.now(UTC)
    opened = open_stack(project, stack, notify=notify)
    opened.require_free()
    opened.use(running_image(project, stack, opened.outputs))
    place = switch_place(stack, region_of(stack), opened.outputs())
    return Switch(
        project=project, opened=opened, session=boto3.Session(), place=place, at=at, notify=notify, show=notify
    )


def _remove_old(switching: "Switch", name: str) -> None:
    if name != switching.place.before:
        raise click.UsageError(f"what served before is called {switching.place.before}")
    snapshot = held("nothing else was changed", lambda: {"snapshot": switching.instances.remove_before()})["snapshot"]
    print_text(f"{name} is being deleted, with the final snapshot {snapshot}; its automated backups stay.")


def _records() -> "Tenants":
    from infra.tenants.files import read_tenants
    from project.files import find_project

    return read_tenants(find_project(Path.cwd()).root)


def _of_pool(stack: str, known: "Tenants") -> "list[Tenant]":
    return [one for one in known.tenants if one.isolation == "pool" and one.base == stack]


def _on_the_way(stack: str, known: "Tenants") -> Iterator[str]:
    """Customers whose data stand in another place, too: a copy does not know what was handed over since."""
    for tenant in known.tenants:
        places = {one.stack for one in tenant.everywhere}
        if stack in places and len(places) > 1:
            others = ", ".join(sorted(places - {stack}))
            yield (
                f"{tenant.name} is between {stack} and {others}. A copy from before the hand-over serves {tenant.name} "
                f"in both: where {others} serves, freeze it here as soon as this does, by a one-off task, "
                f"`workbuoy-app tenant freeze {tenant.name}`"
            )


def _held(stack: str, known: "Tenants") -> Iterator[str]:
    """What is lost of customers of a pool under a legal hold; a silo that is held keeps every version."""
    from infra.tenants.listing import FOLDER

    for one in _of_pool(stack, known):
        if one.dates.hold is not None:
            what = "what its files have had since ends here with the older versions: promote it first"
            yield f"{one.name} is held, and {what}"
    read = {one.path for one in known.tenants}
    for problem in known.problems:
        if problem.file not in read and str(problem.file).startswith(f"{FOLDER}/"):
            yield f"{problem}; whether a customer is held, it does not tell"


def _came_since(work: "Restore") -> list[str]:
    """Customers of the pool whom the copy does not know: they came after its moment."""
    verdict = work.results.get("check") or work.results.get("settle")
    if verdict is None:
        return []
    there = {one["tenant"] if isinstance(one, Mapping) else one for one in verdict["tenants"]}
    return sorted(one.name for one in _of_pool(work.place.tasks.stack, _records()) if one.name not in there)


def _ready(work: "Restore", document: Mapping[str, Any]) -> str:
    stack, ledger, checks = work.place.tasks.stack, document["ledger"], document["checks"]
    lines = [
        f"{work.place.copy} is fit to serve, as of {work.shown_at}: {checks['tenants']} customers, {checks['rows']} "
        f"rows, {checks['files']} files, {document['verdict']['again']} of them brought again.",
        f"Left out, as erased since: {ledger['tenantsErased']} customers, {ledger['membersErased']} members, "
        f"{ledger['personsErased']} persons; every session and token.",
    ]
    if since := document["cameSince"]:
        lines.append(f"Not in it, as they came later: {', '.join(since)}.")
    lines.append(
        f"What was written later is lost with the switch. Next, by who deploys:\n"
        f"  workbuoy restore switch {stack} --at {run_name(work.at)} --plan"
    )
    return "\n".join(lines)


def _after(work: "Restore", before: "ReplacedInstance") -> str:
    stack, verdict = work.place.tasks.stack, work.results["settle"]
    return (
        f"{stack} is as it was at {work.shown_at}: {verdict['files']} files, {verdict['again']} of them brought again, "
        f"{verdict['marked']} marked as deleted.\n{way_back(stack, before)}"
    )


def _switched(switching: "Switch", before: "ReplacedInstance | None", stopped: str) -> str:
    stack = switching.opened.name
    if before is None:
        return (
            f"{stack} serves from what served before. Next, by an operator, for its files:\n"
            f"  workbuoy restore files {stack} --switched {stopped}\n"
            f"{switching.place.copy} stands until `workbuoy restore end {stack}`."
        )
    return (
        f"{stack} serves from its restored copy. Next, by an operator, for its files:\n"
        f"  workbuoy restore stack {stack} --at {before.at}\n{way_back(stack, before)}"
    )


def way_back(stack: str, before: "ReplacedInstance") -> str:
    """What is kept, until when, and the commands for it."""
    return (
        f"{before.name} is what served before, protected. Back to it:\n"
        f"  workbuoy restore switch {stack} --at {before.at} --back\n"
        f"It is the way back until {shown(parse(before.kept_until))}; then:\n"
        f"  workbuoy restore switch {stack} --remove-old {before.name}"
    )
