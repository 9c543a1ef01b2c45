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


def rehearsed(asked: RehearseOptions) -> "Rehearsal":
    """What a rehearsal finds, of the project that the current folder stands in.

    Raises what `rehearsal.whole.rehearse_whole` raises, but for ImageError, which ends the command.
    """
    from project.accounts import find_account_problems  # noqa: PLC0415 printing help must not pay for these
    from project.files import find_project  # noqa: PLC0415
    from rehearsal.image.archive import ImageError  # noqa: PLC0415
    from rehearsal.run import Options, Quiet  # noqa: PLC0415
    from rehearsal.scratch import scratch  # noqa: PLC0415
    from rehearsal.whole import rehearse_whole  # noqa: PLC0415

    try:
        with (
            nullcontext() if asked.declare_only else scratch(in_memory=not asked.in_image),
            nullcontext(Quiet()) if asked.quiet else progress() as shown,
        ):
            options = Options(declare_only=asked.declare_only, progress=shown)
            project = find_project(Path.cwd())
            if problems := find_account_problems(project, asked.stack):
                raise ProblemsError(problems)
            if asked.in_browser:
                _require_browser(project.root / "app", in_image=asked.in_image)
            if asked.tenants:
                return _with_tenants(asked, project, options)
            return rehearse_whole(project, asked.stack, options, _service(asked), asked.since)
    except ImageError as error:
        fail(error.code, str(error))


def _with_tenants(asked: RehearseOptions, project: "Project", options: "Options") -> "Rehearsal":
    from operations.rehearse.leaving import Commands  # noqa: PLC0415 these import boto3
    from rehearsal.service.leaving import Leaving  # noqa: PLC0415
    from rehearsal.tenants.leaving.run import rehearse_leaving  # noqa: PLC0415
    from rehearsal.tenants.moving.before import followed_by  # noqa: PLC0415
    from rehearsal.tenants.moving.run import rehearse_move  # noqa: PLC0415
    from rehearsal.tenants.whole import rehearse_tenants  # noqa: PLC0415

    names, in_image = asked.tenants, asked.in_image

    def leave() -> "Rehearsal":
        return rehearse_leaving(project, asked.stack, names, options, Commands(), in_image=in_image, pool=Leaving())

    if asked.move_to:
        moved = rehearse_move(project, asked.stack, asked.move_to, names, options)
        return followed_by(moved, leave) if asked.leave else moved
    if asked.leave:
        return leave()
    return rehearse_tenants(
        project,
        asked.stack,
        names,
        options,
        with_service=asked.with_service,
        with_matrix=asked.with_matrix,
        in_image=in_image,
    )


def _service(asked: RehearseOptions) -> "ServiceOptions | None":
    from rehearsal.whole import ServiceOptions  # noqa: PLC0415 printing help must not pay for it

    if not asked.with_service:
        return None
    return ServiceOptions(
        in_image=asked.in_image,
        in_browser=asked.in_browser,
        other=asked.other,
        trying=_trying(asked),
        lent=asked.lent,
    )


def _trying(asked: RehearseOptions) -> "WholeStack | Leaving | None":
    if asked.restore:
        from rehearsal.service.restoring_stack import WholeStack  # noqa: PLC0415 few ask for it

        return WholeStack()
    if asked.leave:
        from rehearsal.service.leaving import Leaving  # noqa: PLC0415 few ask for it

        return Leaving()
    return None


def _require_browser(app: Path, *, in_image: bool) -> None:
    from rehearsal.service.person import missing  # noqa: PLC0415 few ask for it

    if said := missing(app, in_image=in_image):
        fail(NOT_MADE, said)


def priced(result: "Rehearsal") -> "Rehearsal":
    """The same with what a change costs a month."""
    if result.change is None:
        return result
    from operations.review.since import monthly_difference  # noqa: PLC0415 few ask for it

    return replace(result, change=replace(result.change, monthly=monthly_difference(result.change.steps)))


def warn_of_capacity(stack: str) -> None:
    """Limits that are nearly met, of the base stack that this one is or stands on."""
    from infra.tenants.files import capacity_warnings  # noqa: PLC0415 printing help must not pay for these
    from project.files import find_project  # noqa: PLC0415
    from project.silos import base_of  # noqa: PLC0415

    project = find_project(Path.cwd())
    for warning in capacity_warnings(project.root, base_of(project, stack) or stack):
        warn(warning)
