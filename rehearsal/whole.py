"""Everything that `workbuoy rehearse` does with a stack, in one moto."""

from contextlib import ExitStack
from dataclasses import replace

from rehearsal.program import Project
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse

TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"


def rehearse_whole(project: Project, stack: str, options: Options, *, with_service: bool) -> Rehearsal:
    """Rehearse a stack and, where it declares one and `with_service` asks for it, the service in what it made.

    Raises what `rehearsal.run.rehearse` raises. A service that cannot be tried here is told in the result.
    """
    app = project.root / "app"
    if options.declare_only or not with_service or not app.is_dir():
        return rehearse(project, stack, options)
    from rehearsal.cloud import running  # noqa: PLC0415 declaring only must not import moto
    from rehearsal.service.run import rehearse_service  # noqa: PLC0415
    from rehearsal.service.surroundings import Surroundings  # noqa: PLC0415

    with ExitStack() as contexts:
        surroundings = contexts.enter_context(Surroundings(app))
        moto = contexts.enter_context(running())
        rehearsal = rehearse(project, stack, options, moto)
        if not rehearsal.stands or not any(one.type == TASK_DEFINITION for one in rehearsal.resources):
            return rehearsal
        cloud = moto.cloud(rehearsal.account, rehearsal.region)
        options.progress.phase("trying the service")
        service = rehearse_service(rehearsal, cloud, surroundings, options.progress.phase)
        seconds = {**rehearsal.seconds, "trying the service": service.seconds}
        return replace(rehearsal, service=service, seconds=seconds)
