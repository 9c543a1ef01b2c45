"""`workbuoy deploy`, `rollout`, `releases` and `smoke`. What they do is imported when they run."""

from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import click

from operations.confirming import require_confirmation
from operations.ending import (
    CHECK_FAILED,
    INTERRUPTED,
    JSON,
    MISTAKE,
    fail,
    notify,
    print_json,
    print_result,
    print_text,
    report_errors,
)

if TYPE_CHECKING:
    from operations.engine.reviewed import Reviewed
    from operations.engine.stack import EngineStack
    from operations.engine.state import State
    from project.files import Project


@click.command()
@click.argument("stack")
@click.option("--image", metavar="DIGEST", help="The image: sha256:..., or `deployed` for the one that runs now.")
@click.option("--create", is_flag=True, help="Make the stack where the backend does not know it.")
@click.option("--message", help="Kept with the update in the stack's history.")
@click.option(
    "--refresh/--no-refresh",
    default=None,
    help="Look first for what was changed outside the program. By default where customers' data are: prod and staging.",
)
@click.option(
    "--plan/--no-plan",
    default=True,
    help="Hold the update to the review by the engine's own plan; without it, by a second preview.",
)
@click.option("--older", is_flag=True, help="Also where a newer commit than this one is deployed.")
@click.option("--yes", is_flag=True, help="Do not ask before the update.")
@JSON
@report_errors
def deploy(
    *,
    stack: str,
    image: str | None,
    create: bool,
    message: str | None,
    refresh: bool | None,
    plan: bool,
    older: bool,
    yes: bool,
    json_wanted: bool,
) -> None:
    """Deploy STACK: review, update, wait for the rollout, try the service; go back to the last good image if need be.

    What the review refuses is not deployed unless a waiver accepts it; nothing is deployed over drift that weakens a
    safeguard, opens access, grants more or runs other code, and none over a newer commit. The update does no more than
    what the review showed. Exits with 3 where something failed, also when the last good image runs again.
    """
    from infra.placeholders import IMAGE_VARIABLE
    from operations.deploy.architecture import unfit_images
    from operations.deploy.perform import as_json, as_markdown
    from operations.deploy.perform import deploy as perform
    from operations.engine.image import image_variables
    from operations.engine.order import head_of, note, refuse_older, to_note
    from operations.engine.reviewed import plan_file
    from operations.engine.stack import open_stack
    from operations.review.judging import guards_customers

    project = _project()
    opened = open_stack(project, stack, create=create, notify=notify)
    stood = opened.require_free()
    tags = opened.tags()
    commit = head_of(project.root) if older else refuse_older(opened, tags, project.root, notify)
    opened.use(image_variables(stack, image, lambda: stood.outputs))
    if guards_customers(stack) if refresh is None else refresh:
        _refuse_dangerous_drift(opened, json_wanted=json_wanted)
    with plan_file(wanted=plan) as file:
        reviewed = _reviewed(opened, project, file, stood, json_wanted=json_wanted)
        if unfit := unfit_images(reviewed.plan, opened.place, notify):
            fail(CHECK_FAILED, *(f"{stack}: {one}; nothing was changed" for one in unfit))
        if not yes:
            require_confirmation(f"Update {stack}?", f"the update of {stack}")
        digest = opened.variables.get(IMAGE_VARIABLE)
        if (reviewed.left != () or to_note(tags, commit, digest)) and opened.state().fingerprint != stood.fingerprint:
            fail(CHECK_FAILED, f"{stack}: somebody changed it since the review; nothing was changed here: deploy anew")
        note(opened, tags, commit, digest)
        try:
            record = perform(opened, notify, before=stood.outputs, message=message, reviewed=reviewed)
        except KeyboardInterrupt:
            fail(
                INTERRUPTED, f"{stack}: interrupted while waiting for the service; `workbuoy rollout {stack}` waits on"
            )
    print_result("deploy", as_json(record), as_markdown(record), json_wanted=json_wanted)
    if record.outcome != "deployed":
        fail(CHECK_FAILED, f"{stack}: {record.outcome}: {record.steps[-1].name}")


@click.command()
@click.argument("stack")
@click.option("--timeout-minutes", default=20, show_default=True, type=click.IntRange(1, 120))
@JSON
@report_errors
def rollout(*, stack: str, timeout_minutes: int, json_wanted: bool) -> None:
    """Wait until the service of STACK runs what was declared.

    Success is the PRIMARY deployment running the declared task definition with its rollout COMPLETED; a steady
    state that ECS reached by rolling back is a failure. Exits with 3 where it does not come to that.
    """
    from operations.deploy import rollout as waiting

    opened = _opened(stack)
    target = waiting.target_of(stack, opened.outputs())
    waiting.wait(stack, target, waiting.client_of(opened.place), notify=notify, timeout_seconds=timeout_minutes * 60)
    if json_wanted:
        print_json("rollout", {"stack": stack, "taskDefinition": target.task_definition_arn, "completed": True})
    else:
        print_text(f"{stack}: every task runs {target.task_definition_arn.rpartition('/')[2]}")
        notify(f"Next: workbuoy smoke {stack}")


@click.command()
@click.argument("stack")
@JSON
@report_errors
def releases(*, stack: str, json_wanted: bool) -> None:
    """List the images that the service of STACK has run, newest first, to roll back to.

    Times are UTC. `workbuoy deploy STACK --image DIGEST` puts one of them back.
    """
    from operations.deploy import releases as listing
    from operations.deploy.rollout import client_of, target_of

    opened = _opened(stack)
    ecs = client_of(opened.place)
    found = listing.releases(stack, target_of(stack, opened.outputs()), ecs)
    rows = [
        {
            "digest": one.digest,
            "declaredAt": one.declared_at and one.declared_at.astimezone(UTC).isoformat(timespec="seconds"),
            "taskDefinition": one.task_definition,
            "runs": one.runs,
        }
        for one in found
    ]
    if json_wanted:
        print_json("releases", {"stack": stack, "releases": rows})
        return
    for row in rows:
        print_text(
            f"{row['declaredAt'] or 'at an unknown time'}  {row['taskDefinition']}{'  runs now' if row['runs'] else ''}"
        )
        print_text(f"  {row['digest']}")
    notify(f"Next: workbuoy deploy {stack} --image DIGEST")


@click.command()
@click.argument("stack")
@click.option("--timeout-seconds", default=120, show_default=True, type=click.IntRange(1, 3600))
@JSON
@report_errors
def smoke(*, stack: str, timeout_seconds: int, json_wanted: bool) -> None:
    """Try the service of STACK from here: /healthz and /readyz at its public address, over TLS.

    A stack with a host name needs no Pulumi CLI; the address of another is known to the engine alone. Exits with 3
    where one of them does not answer 200.
    """
    from operations.deploy import smoke as trying

    url = trying.configured_url(_project(), stack) or trying.url_of(stack, _opened(stack).outputs())
    answers = trying.smoke(stack, url, notify=notify, timeout_seconds=timeout_seconds)
    if json_wanted:
        rows = [{"path": one.path, "status": one.status, "milliseconds": one.milliseconds} for one in answers]
        print_json("smoke", {"stack": stack, "url": url, "answers": rows})
    else:
        for one in answers:
            print_text(f"{url}{one.path}: {one.status} in {one.milliseconds} ms")


def _project() -> "Project":
    from project.files import find_project

    return find_project(Path.cwd())


def _opened(stack: str) -> "EngineStack":
    from operations.engine.stack import open_stack

    return open_stack(_project(), stack, notify=notify)


def _reviewed(
    opened: "EngineStack", project: "Project", file: Path | None, stood: "State", *, json_wanted: bool
) -> "Reviewed":
    """What the review found, shown; ends where it failed or stops."""
    from operations.review import perform as reviewing
    from operations.review.engine import preview_opened

    notify(f"Previewing {opened.name} with the policies of this project ...")
    reviewed = preview_opened(opened, project, file, stood)
    found = reviewing.review(reviewed.plan, project.root / "waivers")
    (notify if json_wanted else print_text)(reviewing.markdown_text(found))
    if found.failed:
        fail(MISTAKE, *reviewing.failures(found))
    if found.stops:
        fail(CHECK_FAILED, f"{reviewing.stopping(found)}; nothing was changed")
    return reviewed


def _refuse_dangerous_drift(opened: "EngineStack", *, json_wanted: bool) -> None:
    """End where something was weakened, opened or granted beside the program; a deployment would leave it so."""
    from operations.drift.look import look
    from operations.drift.text import as_markdown
    from operations.engine.messages import some

    looked = look(opened, notify)
    if not looked.any:
        return
    (notify if json_wanted else print_text)(as_markdown(opened.name, looked.found, taken=looked.taken))
    dangerous = [one.name for one in looked.found if one.dangers]
    if dangerous:
        fail(
            CHECK_FAILED,
            f"{opened.name}: dangerous drift of {some(dangerous)}; nothing was changed; "
            f"`workbuoy drift {opened.name} --put-back` first",
        )
