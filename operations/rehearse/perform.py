"""The rehearsal itself, as it was asked for."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.problems import ProblemsError
from operations.ending import NOT_MADE, fail, warn
from operations.rehearse.progress import progress

if TYPE_CHECKING:
    from project.files import Project
    from rehearsal.result import Rehearsal
    from rehearsal.run import Options
    from rehearsal.service.leaving import Leaving
    from rehearsal.service.restoring_stack import WholeStack
    from rehearsal.whole import ServiceOptions


@dataclass(frozen=True, kw_only=True)
class RehearseOptions:
    """What to rehearse and how.

    `tenants` are those that stand beside, `other` is another service's command, `lent` what stays up for several.
    """

    stack: str
    declare_only: bool = False
    with_service: bool = True
    in_image: bool = False
    other: str = ""
    in_browser: bool = False
    restore: bool = False
    leave: bool = False
    since: str = ""
    tenants: tuple[str, ...] = ()
    move_to: str = ""
    with_matrix: bool = True
    quiet: bool = False
    lent: "Mapping[str, Any] | None" = None


def rehearsed(requested: RehearseOptions) -> "Rehearsal":
    """What a rehearsal finds, of the project that the current folder stands in.

    Raises what `rehearsal.whole.rehearse_whole` raises, but for ImageError, which ends the command.
    """
    from project.accounts import find_account_problems
    from project.files import find_project
    from rehearsal.image.archive import ImageError
    from rehearsal.run import Options, Quiet
    from rehearsal.scratch import scratch
    from rehearsal.whole import rehearse_whole

    try:
        with (
            nullcontext() if requested.declare_only else scratch(in_memory=not requested.in_image),
            nullcontext(Quiet()) if requested.quiet else progress() as shown,
        ):
            options = Options(declare_only=requested.declare_only, progress=shown)
            project = find_project(Path.cwd())
            if problems := find_account_problems(project, requested.stack):
                raise ProblemsError(problems)
            if requested.in_browser:
                _require_browser(project.root / "app", in_image=requested.in_image)
            if requested.tenants:
                return _with_tenants(requested, project, options)
            return rehearse_whole(project, requested.stack, options, _service(requested), requested.since)
    except ImageError as error:
        fail(error.code, str(error))


def _with_tenants(requested: RehearseOptions, project: "Project", options: "Options") -> "Rehearsal":
    from operations.rehearse.leaving import Commands  # these import boto3
    from rehearsal.service.leaving import Leaving
    from rehearsal.tenants.leaving.run import rehearse_leaving
    from rehearsal.tenants.moving.before import followed_by
    from rehearsal.tenants.moving.run import rehearse_move
    from rehearsal.tenants.whole import rehearse_tenants

    names, in_image = requested.tenants, requested.in_image

    def leave() -> "Rehearsal":
        return rehearse_leaving(project, requested.stack, names, options, Commands(), in_image=in_image, pool=Leaving())

    if requested.move_to:
        moved = rehearse_move(project, requested.stack, requested.move_to, names, options)
        return followed_by(moved, leave) if requested.leave else moved
    if requested.leave:
        return leave()
    return rehearse_tenants(
        project,
        requested.stack,
        names,
        options,
        with_service=requested.with_service,
        with_matrix=requested.with_matrix,
        in_image=in_image,
    )


def _service(options: RehearseOptions) -> "ServiceOptions | None":
    from rehearsal.whole import ServiceOptions

    if not options.with_service:
        return None
    return ServiceOptions(
        in_image=options.in_image,
        in_browser=options.in_browser,
        other=options.other,
        trying=_trying(options),
        lent=options.lent,
    )


def _trying(options: RehearseOptions) -> "WholeStack | Leaving | None":
    if options.restore:
        from rehearsal.service.restoring_stack import WholeStack  # few ask for it

        return WholeStack()
    if options.leave:
        from rehearsal.service.leaving import Leaving  # few ask for it

        return Leaving()
    return None


def _require_browser(app: Path, *, in_image: bool) -> None:
    from rehearsal.service.person import missing  # few ask for it

    if problem := missing(app, in_image=in_image):
        fail(NOT_MADE, problem)


def priced(result: "Rehearsal") -> "Rehearsal":
    """The same with what a change costs a month."""
    if result.change is None:
        return result
    from operations.review.since import monthly_difference  # few ask for it

    return replace(result, change=replace(result.change, monthly=monthly_difference(result.change.steps)))


def warn_of_capacity(stack: str) -> None:
    """Limits that are nearly met, of the base stack that this one is or stands on."""
    from infra.tenants.files import capacity_warnings
    from project.files import find_project
    from project.silos import base_of

    project = find_project(Path.cwd())
    for warning in capacity_warnings(project.root, base_of(project, stack) or stack):
        warn(warning)
