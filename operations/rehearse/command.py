"""`workbuoy rehearse` on the command line."""

import sys
from dataclasses import replace
from pathlib import Path

import click

from operations.ending import CHECK_FAILED, INTERRUPTED, JSON, NOT_MADE, fail, report_errors
from operations.rehearse.fitting import arguments_of, given_options, require_fitting
from project.whole_file import require_writable

USUAL = "dev"


@click.command()
@click.argument("stack", required=False)
@JSON
@click.option("--all", "everything", is_flag=True, help="Rehearse every stack and account, two at once.")
@click.option("--declare-only", is_flag=True, help="Run the program and create nothing.")
@click.option(
    "--report",
    "report_file",
    metavar="FILE.html",
    type=click.Path(path_type=Path),
    help="Also write the report, one HTML page that needs nothing else, into this file.",
)
@click.option(
    "--policy-report",
    "policy_file",
    metavar="FILE.json",
    type=click.Path(path_type=Path),
    help="Also write every control's verdict on every resource into this file.",
)
@click.option(
    "--since",
    metavar="REV",
    help="First stand up what STACK was at a revision of git, then change it in place into what it is now.",
)
@click.option("--image", "in_image", is_flag=True, help="Run the service in the built image, under runc.")
@click.option(
    "--other",
    metavar="COMMAND",
    help="Try another service instead of the bundled one: its command, or its image's archive (docs/other-image.md).",
)
@click.option("--browser", "in_browser", is_flag=True, help="Also let a person work in the service, in Chromium.")
@click.option("--restore", is_flag=True, help="Damage one of two customers, and bring it back to the moment before.")
@click.option(
    "--leave",
    is_flag=True,
    help="Let a customer leave, and prove that it is gone; with --tenants also those with a stack.",
)
@click.option("--no-service", is_flag=True, help="Leave the service out: infrastructure only.")
@click.option(
    "--tenants",
    metavar="NAMES",
    help="Also stand up these customers' stacks (names with commas, or all), and try who can reach whom.",
)
@click.option(
    "--move",
    "move_to",
    metavar="BASE",
    help="With --tenants: they move to this base stack and back, under traffic, and are removed where they were.",
)
@click.option("--no-matrix", is_flag=True, help="With --tenants: only stand them up.")
@click.option("--watch", "watching", is_flag=True, help="Rehearse again whenever a file of the project is saved.")
@click.option("--verbose", is_flag=True, help="Also list every field that was not checked, by reason.")
@click.pass_context
@report_errors
def rehearse(
    context: click.Context,
    *,
    stack: str | None,
    json_wanted: bool,
    everything: bool,
    declare_only: bool,
    report_file: Path | None,
    policy_file: Path | None,
    since: str | None,
    in_image: bool,
    other: str | None,
    in_browser: bool,
    restore: bool,
    leave: bool,
    no_service: bool,
    tenants: str | None,
    move_to: str | None,
    no_matrix: bool,
    watching: bool,
    verbose: bool,
) -> None:
    """Stand up STACK (default: dev) on this machine and compare it with what the program declares.

    Then start the service in it, with the settings, secrets and permissions that the stack made, and try it.
    With --all every base stack, customer's stack and account; with --since those alone that the change touches.
    The project is the one found upward from the current folder. Nothing reaches a network and nothing is left behind.
    """
    require_fitting(given_options(context))
    _require_named(other, move_to, tenants)
    for file in filter(None, (report_file, policy_file)):
        require_writable(file)
    if everything:
        from operations.warm.every import rehearse_every  # few ask for it

        rehearse_every(since, report_file, with_service=not no_service, json_wanted=json_wanted)
    if watching:
        from operations.warm.watch import watch  # few ask for it

        watch(stack or USUAL, with_service=not no_service)
    from operations.rehearse import output, perform

    options = perform.RehearseOptions(
        stack=stack or USUAL,
        declare_only=declare_only,
        with_service=not no_service,
        in_image=in_image,
        other=other or "",
        in_browser=in_browser,
        restore=restore,
        leave=leave,
        since=since or "",
        tenants=_names(tenants),
        move_to=move_to or "",
        with_matrix=not no_matrix,
    )
    try:
        result = perform.rehearsed(options)
    except KeyboardInterrupt:
        fail(INTERRUPTED, "interrupted; nothing is left behind")
    perform.warn_of_capacity(options.stack)
    result = replace(perform.priced(result), arguments=arguments_of(context, options.stack))
    try:
        output.print_result(result, json_wanted=json_wanted, verbose=verbose)
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stdout = None
    if report_file is not None:
        output.write_report(result, report_file)
    if policy_file is not None:
        output.write_policy_report(result, policy_file)
    if result.incomplete:
        fail(NOT_MADE, f"incomplete: {result.incomplete}")
    sys.exit(0 if result.passed else CHECK_FAILED)


def _require_named(other: str | None, move_to: str | None, tenants: str | None) -> None:
    if move_to is not None and not (move_to.strip() and tenants):
        raise click.UsageError("--move BASE names where the customers of --tenants NAMES move to: say both")
    if other is not None and not other.strip():
        raise click.UsageError("--other tries one service in one stack: name it")


def _names(tenants: str | None) -> tuple[str, ...]:
    if tenants is None:
        return ()
    names = tuple(name.strip() for name in tenants.split(",") if name.strip())
    if not names or ("all" in names and len(names) > 1):
        raise click.UsageError("--tenants takes names with commas between them, or all")
    return names
