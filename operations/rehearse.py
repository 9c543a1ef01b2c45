"""`workbuoy rehearse`: a stack stood up in moto, read back, compared."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from infra.problems import ProblemsError
from operations.ending import (
    CHECK_FAILED,
    INTERRUPTED,
    JSON,
    NOT_MADE,
    doing,
    fail,
    plainly,
    print_json,
    print_text,
    tell,
    warn,
)
from project.terminal import can_rewrite_lines
from project.whole_file import require_writable

if TYPE_CHECKING:
    from rich.status import Status

    from rehearsal.result import Rehearsal
    from rehearsal.run import Progress


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
@click.option("--no-service", is_flag=True, help="Leave the service out: infrastructure only.")
@click.option(
    "--tenants",
    metavar="NAMES",
    help="Also stand up these customers' stacks (names with commas, or all), and try who can reach whom.",
)
@click.option("--no-matrix", is_flag=True, help="With --tenants: only stand them up.")
@click.option("--watch", "watching", is_flag=True, help="Rehearse again whenever a file of the project is saved.")
@click.option("--verbose", is_flag=True, help="Also list every field that was not checked, by reason.")
@plainly
def rehearse(
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
    no_service: bool,
    tenants: str | None,
    no_matrix: bool,
    watching: bool,
    verbose: bool,
) -> None:
    """Stand up STACK (default: dev) on this machine and compare it with what the program declares.

    Then start the service in it, with the settings, secrets and permissions that the stack made, and try it.
    With --all every base stack, customer's stack and account; with --since those alone that the change touches.
    The project is the one found upward from the current folder. Nothing reaches a network and nothing is left behind.
    """
    if everything:
        refused = (
            stack or declare_only or policy_file or in_image or watching or tenants is not None or other is not None
        )
        _every(since, report_file, allowed=not refused, with_service=not no_service, json_wanted=json_wanted)
    stack = stack or "dev"
    _refuse_beside("--since changes one stack in place", since, declare_only=declare_only, tenants=tenants)
    _refuse_beside(
        "--other tries one service in one stack",
        other,
        since=since,
        declare_only=declare_only,
        no_service=no_service,
        image=in_image,
        tenants=tenants,
    )
    if watching:
        alone = not (json_wanted or declare_only or report_file or policy_file or since or in_image)
        _watch(stack, alone=alone and tenants is None and other is None, with_service=not no_service)
    for file in filter(None, (report_file, policy_file)):
        require_writable(file)
    try:
        names = _names(tenants, declare_only)
        result = rehearsed(
            stack,
            names,
            declare_only=declare_only,
            with_service=not no_service,
            with_matrix=not no_matrix,
            in_image=in_image,
            since=since or "",
            other=other or "",
        )
    except KeyboardInterrupt:
        fail(INTERRUPTED, "interrupted; nothing is left behind")
    _warn_of_capacity(stack)
    result = _priced(result)
    try:
        _print(result, json_wanted, verbose)
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stdout = None
    if report_file is not None:
        write_report(result, report_file)
    if policy_file is not None:
        _policy_report(result, policy_file)
    if result.incomplete:
        fail(NOT_MADE, f"incomplete: {result.incomplete}")
    sys.exit(0 if result.passed else CHECK_FAILED)


def _refuse_beside(why: str, given: str | None, **others: object) -> None:
    """Raises UsageError for a value that is empty, or options that it leaves no room for."""
    if given is not None and not given.strip():
        raise click.UsageError(f"{why}: name it; the value is empty")
    beside = [f"--{name.replace('_', '-')}" for name, value in others.items() if value not in (None, False)]
    if given is not None and beside:
        raise click.UsageError(f"{why}: leave out {' and '.join(beside)}")


def _watch(stack: str, *, alone: bool, with_service: bool) -> NoReturn:
    if not alone:
        raise click.UsageError("--watch goes with STACK and --no-service alone")
    from operations.warm.watch import watch  # noqa: PLC0415 few ask for it

    watch(stack, with_service=with_service)


def _every(
    since: str | None, report_file: Path | None, *, allowed: bool, with_service: bool, json_wanted: bool
) -> NoReturn:
    if not allowed:
        raise click.UsageError("--all goes with --since, --no-service, --report and --json alone")
    if report_file is not None:
        require_writable(report_file)
    from operations.warm.every import rehearse_every  # noqa: PLC0415 few ask for it

    rehearse_every(since, report_file, with_service=with_service, json_wanted=json_wanted)


def _priced(result: "Rehearsal") -> "Rehearsal":
    """The same with what a change costs a month."""
    if result.change is None:
        return result
    from operations.review.since import monthly_difference  # noqa: PLC0415 few ask for it

    return replace(result, change=replace(result.change, monthly=monthly_difference(result.change.steps)))


def _warn_of_capacity(stack: str) -> None:
    """Limits that are nearly met, of the base stack that this one is or stands on."""
    from infra.tenants.files import capacity_warnings  # noqa: PLC0415 printing help must not pay for these
    from project.files import find_project  # noqa: PLC0415
    from project.silos import base_of  # noqa: PLC0415

    project = find_project(Path.cwd())
    for warning in capacity_warnings(project.root, base_of(project, stack) or stack):
        warn(warning)


def _names(tenants: str | None, declare_only: bool) -> tuple[str, ...]:
    if tenants is None:
        return ()
    names = tuple(name.strip() for name in tenants.split(",") if name.strip())
    if declare_only:
        raise click.UsageError("--tenants stands stacks up: leave out --declare-only")
    if not names or ("all" in names and len(names) > 1):
        raise click.UsageError("--tenants takes names with commas between them, or all")
    return names


def rehearsed(
    stack: str,
    tenants: tuple[str, ...] = (),
    *,
    with_service: bool,
    in_image: bool,
    declare_only: bool = False,
    with_matrix: bool = True,
    since: str = "",
    other: str = "",
    quiet: bool = False,
) -> "Rehearsal":
    """What `workbuoy rehearse` finds, of the project that the current folder stands in."""
    from project.accounts import find_account_problems  # noqa: PLC0415 printing help must not pay for these
    from project.files import find_project  # noqa: PLC0415
    from rehearsal.image.archive import ImageError  # noqa: PLC0415
    from rehearsal.run import Options, Quiet  # noqa: PLC0415
    from rehearsal.scratch import scratch  # noqa: PLC0415
    from rehearsal.whole import rehearse_whole  # noqa: PLC0415

    try:
        with nullcontext() if declare_only else scratch(), nullcontext(Quiet()) if quiet else progress() as shown:
            options = Options(declare_only=declare_only, progress=shown)
            project = find_project(Path.cwd())
            if problems := find_account_problems(project, stack):
                raise ProblemsError(problems)
            if tenants:
                from rehearsal.tenants.whole import rehearse_tenants  # noqa: PLC0415 it imports boto3

                return rehearse_tenants(
                    project,
                    stack,
                    tenants,
                    options,
                    with_service=with_service,
                    with_matrix=with_matrix,
                    in_image=in_image,
                )
            return rehearse_whole(
                project, stack, options, with_service=with_service, in_image=in_image, since=since, other=other
            )
    except ImageError as error:
        fail(error.code, str(error))


def _print(result: "Rehearsal", json_wanted: bool, verbose: bool) -> None:
    if json_wanted:
        from rehearsal.as_json import as_json  # noqa: PLC0415

        print_json("rehearse", as_json(result))
        return
    from rehearsal.summary import summary  # noqa: PLC0415

    print_text(summary(result, verbose=verbose))


def write_report(result: "Rehearsal", file: Path) -> None:
    from rehearsal.report import write  # noqa: PLC0415

    write(result, file, made_at=datetime.now(UTC), about=_about(result))
    tell(f"The report is in {file}")


def _about(result: "Rehearsal") -> list[tuple[str, str]]:
    """What the head of the report says beside the rehearsal itself: what it costs, and of which commit it is."""
    from operations.cost.estimate import estimate  # noqa: PLC0415
    from operations.cost.prices import read_prices  # noqa: PLC0415
    from operations.tenant.deployment.journal import UNKNOWN, version_of  # noqa: PLC0415
    from project.files import find_project  # noqa: PLC0415
    from rehearsal.as_graph import graph_of  # noqa: PLC0415

    cost = estimate(graph_of(result), read_prices())
    least = "at least " if cost.unpriced else ""
    commit = version_of(find_project(Path.cwd()).root, [])
    about = [("At rest", f"{least}{cost.usd_per_month:,.2f} USD a month")]
    head, _, changes = commit.partition("+")
    shown = head[:12] + (", and changes that are in no commit" if changes else "")
    return about if commit == UNKNOWN else [*about, ("Commit", shown)]


def _policy_report(result: "Rehearsal", file: Path) -> None:
    from project.whole_file import write_whole  # noqa: PLC0415

    verdicts = result.policies.as_json() if result.policies else {}
    write_whole(file, json.dumps(verdicts, indent=2, ensure_ascii=False) + "\n")
    tell(f"The policies' verdicts are in {file}")


class Plain:
    """A line when a phase begins."""

    def phase(self, name: str) -> None:
        """Report the phase."""
        doing(name)

    def resource(self, state: str, type_: str, name: str) -> None:
        """Nothing: a log has no use for a line a resource."""


class Live:
    """One line that changes: the phase, how many resources are through it, and the latest."""

    def __init__(self, status: "Status") -> None:
        self._status = status
        self._phase, self._count = "", 0

    def phase(self, name: str) -> None:
        """Begin to count anew."""
        self._phase, self._count = name, 0
        self._show("")

    def resource(self, state: str, type_: str, name: str) -> None:
        """One more."""
        self._count += 1
        self._show(f"  {self._count}  {type_.rsplit(':', 1)[-1]} {name}: {state}")

    def _show(self, rest: str) -> None:
        from rich.text import Text  # noqa: PLC0415

        self._status.update(Text(f"{self._phase}{rest}", no_wrap=True, overflow="ellipsis"))


@contextmanager
def progress() -> Iterator["Progress"]:
    """What fits where stderr leads."""
    if not can_rewrite_lines():
        yield Plain()
        return
    from rich.console import Console  # noqa: PLC0415 printing help must not pay for it

    with Console(stderr=True).status("") as status:
        yield Live(status)
