"""Everything that `workbuoy rehearse` does with a stack, in one moto."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facts import tokens as t
from project.files import Project
from project.silos import residency_of, retiring_on
from rehearsal.result import Rehearsal
from rehearsal.run import Options, no_collector, rehearse_with_base

if TYPE_CHECKING:
    from rehearsal.service.leaving import Leaving
    from rehearsal.service.processes import Programs
    from rehearsal.service.restoring_stack import WholeStack


@dataclass(frozen=True, kw_only=True)
class ServiceOptions:
    """How to try the service.

    With `in_browser` a person works in its web interface too (`rehearsal.service.person`). With `in_image` it runs in
    the built image under runc instead of in `app/.venv`. With `other`, a command line or an image's archive, that
    service is held to the contract of docs/other-image.md in the place of the bundled one. With `trying` its steps are
    taken while the service runs: customers and the stack are brought back, or a customer leaves. Over an older release
    only `in_image` has a meaning. `lent` is what `rehearsal.service.standing` keeps up, in the place of own servers.
    """

    in_image: bool = False
    in_browser: bool = False
    other: str = ""
    trying: "WholeStack | Leaving | None" = None
    lent: "Mapping[str, Any] | None" = None


def rehearse_whole(
    project: Project, stack: str, options: Options, service: ServiceOptions | None = None, since: str = ""
) -> Rehearsal:
    """Rehearse a stack, judge it by the policies, and try the service in it where that is asked for and declared.

    With `since` the stack of that revision stands first and is changed in place; the service is then deployed over
    that revision's, under traffic, and rolled back.

    Raises what `rehearsal.run.rehearse` raises, InputError for a revision that cannot be compared with or a command
    that is none, the errors of `policies`, and ImageError for an image that is missing, does not match the code or
    cannot be run. A service that cannot be tried for another reason is reported in the result.
    """
    if since:
        from rehearsal.change.run import stood_at  # few ask for it

        with stood_at(project, stack, since) as stood:
            over_it = ServiceOptions(in_image=service.in_image) if service is not None else None
            return rehearse_whole(project, stack, replace(options, stood=stood), over_it)
    app = project.root / "app"
    if options.declare_only or service is None or not (service.other or app.is_dir()):
        return judged(rehearse_with_base(project, stack, options), project, options)
    from rehearsal.cloud import running  # declaring only must not import moto
    from rehearsal.service.run import rehearse_service
    from rehearsal.service.standing import Borrowed
    from rehearsal.service.surroundings import Surroundings

    with no_collector(), ExitStack() as contexts:
        programs = contexts.enter_context(image_programs(project.root)) if service.in_image else None
        if service.other:
            from rehearsal.service.other import other_programs, rehearse_other  # few ask for it

            others = contexts.enter_context(other_programs(service.other))
        surroundings = contexts.enter_context(
            Borrowed(app, service.lent)
            if service.lent is not None
            else Surroundings(app, archiving=service.trying is not None)
        )
        moto = contexts.enter_context(running())
        rehearsal = judged(rehearse_with_base(project, stack, options, moto), project, options)
        if not rehearsal.stands or not any(one.type == t.TASK_DEFINITION for one in rehearsal.resources):
            return rehearsal
        cloud = moto.cloud(rehearsal.account, rehearsal.region)
        options.progress.phase("trying the service")
        notify, before = options.progress.phase, options.stood
        if service.other:
            tried = rehearse_other(rehearsal, cloud, surroundings, others, program=service.other, notify=notify)
        elif before is not None and before.folder is not None and (before.folder / "app").is_dir():
            from rehearsal.service.release import rehearse_release  # few ask for it

            tried = rehearse_release(
                rehearsal,
                cloud,
                surroundings,
                former_app=before.folder / "app",
                former=before.graph,
                programs=programs,
                notify=notify,
            )
        else:
            from rehearsal.service.person import spend_a_day

            day = [("a person in Chromium", spend_a_day)] if service.in_browser else []
            further = service.trying.steps() if service.trying is not None else day
            tried = rehearse_service(rehearsal, cloud, surroundings, programs=programs, notify=notify, further=further)
        seconds = {**rehearsal.seconds, "trying the service": tried.seconds}
        return replace(rehearsal, service=tried, seconds=seconds)


@contextmanager
def image_programs(root: Path) -> Iterator["Programs"]:
    """The image of this checkout, laid out. Raises ImageError."""
    from rehearsal.image import image_of, unpacked

    with unpacked(image_of(root)) as laid_out:
        yield laid_out


def judged(rehearsal: Rehearsal, project: Project, options: Options) -> Rehearsal:
    """The same with the policies' verdict on its graph."""
    from policies.retiring import with_retirement
    from policies.runner import check  # a tenth of a second that a mistake must not pay for
    from rehearsal.as_graph import graph_of

    options.progress.phase("asking the policies")
    began = time.perf_counter()
    regions = residency_of(project, rehearsal.stack) or [rehearsal.region]
    settings = with_retirement(None, retiring=retiring_on(project, rehearsal.stack) is not None)
    report = check(graph_of(rehearsal).resources, rehearsal.stack, settings, allowed_regions=regions)
    seconds = {**rehearsal.seconds, "asking the policies": time.perf_counter() - began}
    return replace(rehearsal, policies=report, seconds=seconds)
