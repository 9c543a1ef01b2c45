"""`workbuoy fleet`. What its commands do is imported when they run."""

from typing import TYPE_CHECKING

import click

from operations.confirming import require_confirmation
from operations.ending import (
    CHECK_FAILED,
    INTERRUPTED,
    JSON,
    fail,
    notify,
    print_json,
    print_text,
    warn,
)
from operations.fleet.options import IMAGE, OUTPUT, of_environment
from operations.fleet.standing_command import cells, look, page, print_run, status
from operations.help import Commands
from operations.reason import REASON

if TYPE_CHECKING:
    from operations.fleet.where import Where


@click.group(cls=Commands)
def fleet() -> None:
    """Roll a release out to many customers' own stacks, in waves, by any number of runners.

    What is done stands in a journal beside the engine's state, so any runner or laptop goes on where another stopped.
    """


@fleet.command()
@of_environment(IMAGE, OUTPUT, JSON, journal=False)
def plan(*, image: str, where: "Where", github_output: bool, json_wanted: bool) -> None:
    """Show which customers get an image in which wave, and which runner deploys which.

    Nothing is written, and AWS is not asked.
    """
    from operations.fleet import text
    from operations.fleet.plan import plan_release
    from operations.workflow import write_outputs

    planned = plan_release(where.root, where.environment, image)
    if github_output:
        write_outputs(text.outputs([one.head for one in planned.shards], where.home))
    if json_wanted:
        print_json("fleet-plan", text.plan_json(planned))
        return
    print_text(text.plan_text(planned))
    notify(f"Next: workbuoy fleet start --image {image}")


@fleet.command()
@of_environment(IMAGE, OUTPUT)
def start(*, image: str, where: "Where", github_output: bool) -> None:
    """Begin the rollout of an image, or go on with the one of the very same plan. No customer is touched yet.

    One rollout at a time: another one must be finished or ended first.
    """
    from operations.engine.order import head_of
    from operations.fleet import text
    from operations.fleet.plan import plan_release
    from operations.workflow import write_outputs

    planned = plan_release(where.root, where.environment, image)
    journal = where.journal()
    run = journal.begin(planned, head_of(where.root) or "")
    heads = journal.planned(run.run).shards
    if github_output:
        write_outputs(text.outputs(heads, where.home))
    print_text(f"{run.called} is {run.state}, wave {run.wave}")
    for row in text.wave_rows(journal.planned(run.run).waves, heads):
        print_text(row)
    notify("Next: workbuoy fleet deploy --shard NAME, for each shard of the wave; then workbuoy fleet next")


@fleet.command()
@of_environment(
    click.option("--shard", "name", metavar="NAME", required=True, help="As `workbuoy fleet status` names them."),
    click.option(
        "--others", is_flag=True, help="Then also shards of the wave, in the same account, that no runner has."
    ),
    click.option(
        "--timeout-minutes",
        default=45,
        show_default=True,
        type=click.IntRange(1, 120),
        help="The longest for one customer.",
    ),
    JSON,
)
def deploy(*, name: str, others: bool, timeout_minutes: int, where: "Where", json_wanted: bool) -> None:
    """Deploy the customers of one shard, and watch their stacks; those that are done are left alone.

    Exits with 3 where more failed than fleet.yaml allows, and with 130 where this did not come to its end: the same
    command goes on, anywhere.
    """
    from operations.fleet.runner import Runner

    runner = Runner.ready(where.root, where.journal(), timeout_minutes * 60, notify)
    results = [runner.do(name), *(runner.do_others(name) if others else ())]
    for one in results:
        print_run(runner.run, [one.record], json_wanted=json_wanted and one is results[0])
    lost = next((one for one in results if one.interrupted), None)
    if lost is not None:
        fail(INTERRUPTED, lost.lost or "interrupted; the same command goes on where this stopped")
    failed = [name for one in results for name, entry in one.record.customers.items() if entry.state == "failed"]
    if runner.too_many(failed):
        fail(CHECK_FAILED, f"{len(failed)} failed; the rollout is stopped: `workbuoy fleet status`")
    if failed:
        warn(f"{len(failed)} failed, which fleet.yaml allows")


@fleet.command("next")
@of_environment(
    click.option("--after", "wave", metavar="WAVE", help="Do nothing where the run has left this wave already.")
)
def go_on(*, wave: str | None, where: "Where") -> None:
    """Judge the wave that is done by the stop rule of fleet.yaml, and open the next one.

    Exits with 3 where the wave is not done, or the rule stops the rollout.
    """
    from operations.fleet.control import go_on as perform
    from operations.fleet.records import RUNNING
    from operations.fleet.runner import settings_of

    journal = where.journal()
    run = perform(journal, settings_of(journal).stop, wave)
    print_text(f"{run.called}: {run.state}, wave {run.wave}")
    if run.state in RUNNING:
        notify("Next: workbuoy fleet deploy --shard NAME, for each shard that `workbuoy fleet status` names")


@fleet.command()
@of_environment(
    click.option("--because", metavar="REASON", type=REASON, required=True, help="Shown to whoever asks why.")
)
def stop(*, because: str, where: "Where") -> None:
    """Stop a rollout: no runner begins another customer, and what has begun is finished."""
    run = where.journal().stop([because])
    print_text(f"{run.called}: {run.state}")
    notify("Next: workbuoy fleet resume, rollback or end")


@fleet.command()
@of_environment(
    click.option(
        "--accept",
        metavar="REASON",
        type=REASON,
        help="Let pass what the stop rule found in this wave; kept in the journal.",
    )
)
def resume(*, accept: str | None, where: "Where") -> None:
    """Resume a stopped rollout in its wave: customers that failed are done again, unless --accept lets them pass."""
    from operations.fleet.control import resume as perform

    run = perform(where.journal(), accept)
    print_text(f"{run.called}: {run.state}, wave {run.wave}, round {run.round}")
    notify("Next: workbuoy fleet deploy --shard NAME, for each shard that `workbuoy fleet status` names")


@fleet.command()
@of_environment(OUTPUT, click.option("--yes", is_flag=True, help="Do not ask."))
def rollback(*, where: "Where", github_output: bool, yes: bool) -> None:
    """Bring the customers of the present wave back to the image that ran before, by shards named NAME-back.

    Waves before it keep the new image.
    """
    from operations.fleet import text
    from operations.fleet.control import roll_back
    from operations.workflow import write_outputs

    journal = where.journal()
    run = journal.require()
    if not yes:
        require_confirmation(f"Bring wave {run.wave} of {run.called} back?")
    run = roll_back(journal)
    records = journal.wave(run)
    if github_output:
        write_outputs(text.outputs([one.head for one in records], where.home))
    print_text(text.run_text(run, records))
    if records:
        notify("Next: workbuoy fleet deploy --shard NAME-back, for each; then workbuoy fleet next")


@fleet.command()
@of_environment()
def end(*, where: "Where") -> None:
    """Abandon a stopped rollout, so that another one may begin. Nothing is brought back."""
    from operations.fleet.control import end as perform

    run = perform(where.journal())
    print_text(f"{run.called}: {run.state}; customers of its waves keep what they run")


for one in (cells, look, status, page):
    fleet.add_command(one)
