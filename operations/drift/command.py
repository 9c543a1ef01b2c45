"""`workbuoy drift`."""

from pathlib import Path

import click

from operations.confirming import require_person
from operations.ending import CHECK_FAILED, JSON, NOT_MADE, fail, notify, print_result, print_text, report_errors
from operations.review.command import FILE
from project.terminal import count


@click.command()
@click.argument("stack")
@click.option("--put-back", is_flag=True, help="Make the cloud what the program says: refresh, review, update.")
@click.option("--keep", is_flag=True, help="Say what to write into which file, and take it into the state.")
@click.option("--account", is_flag=True, help="Report what was added in the account that STACK does not declare.")
@click.option("--yes", is_flag=True, help="With --put-back or --keep: do not ask before each step.")
@click.option(
    "--plan/--no-plan",
    default=True,
    help="With --put-back or --keep: hold the update to its review by the engine's own plan, or by a second preview.",
)
@JSON
@click.option("--markdown", type=FILE, help="Also write the finding as Markdown into this file.")
@report_errors
def drift(
    *,
    stack: str,
    put_back: bool,
    keep: bool,
    account: bool,
    yes: bool,
    plan: bool,
    json_wanted: bool,
    markdown: Path | None,
) -> None:
    """Report what was changed in STACK outside the program, by reading it again; or put it back, or keep it.

    Without --put-back and --keep it writes nothing, not even the state. What a review would stop comes first. Exits
    with 3 where something drifted, or still differs; with 4 where --account may not read something.
    """
    if put_back or keep:
        if (put_back and keep) or account or json_wanted or markdown:
            raise click.UsageError("--put-back and --keep each go alone, with --yes and --no-plan at most.")
        _act(stack, keep=keep, yes=yes, plan=plan)
        return
    if account:
        _look_into_account(stack, json_wanted=json_wanted, markdown=markdown)
        return
    from operations.drift.look import look
    from operations.drift.text import as_json, as_markdown
    from operations.engine.stack import open_stack
    from project.files import find_project
    from project.whole_file import write_whole

    result = look(open_stack(find_project(Path.cwd()), stack, notify=notify), notify)
    text = as_markdown(stack, result.found, taken=result.taken)
    if markdown:
        write_whole(markdown, text)
    print_result("drift", as_json(stack, result.found, taken=result.taken), text, json_wanted=json_wanted)
    if result.any:
        raise SystemExit(CHECK_FAILED)


def _look_into_account(stack: str, *, json_wanted: bool, markdown: Path | None) -> None:
    from operations.drift.account.look import as_markdown, look_into_account
    from operations.drift.text import as_json
    from operations.engine.stack import open_stack
    from project.files import find_project
    from project.whole_file import write_whole

    project = find_project(Path.cwd())
    compared = look_into_account(project, open_stack(project, stack, notify=notify), notify)
    text = as_markdown(stack, compared)
    if markdown:
        write_whole(markdown, text)
    document = {**as_json(stack, compared.added), "unread": list(compared.unread)}
    print_result("drift-account", document, text, json_wanted=json_wanted)
    if compared.unread:
        fail(
            NOT_MADE,
            f"{stack}: {count(len(compared.unread), 'question')} refused by AWS, so what stands there is not known",
        )
    if compared.added:
        raise SystemExit(CHECK_FAILED)


def _act(stack: str, *, keep: bool, yes: bool, plan: bool) -> None:
    if not yes:
        require_person(f"what is done to {stack}")
    from operations.drift.keep import advice
    from operations.drift.put_back import Run
    from operations.engine.stack import open_stack
    from project.files import find_project

    project = find_project(Path.cwd())
    run = Run(
        project=project,
        opened=open_stack(project, stack, notify=notify),
        confirmed=lambda question: yes or click.confirm(question, err=True),
        notify=notify,
        show=print_text,
        plan=plan,
    )
    if keep:
        run.keep(lambda found: advice(project, stack, found, notify))
    else:
        run.put_back()
