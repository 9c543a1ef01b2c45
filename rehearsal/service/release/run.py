"""One rehearsal of a deployment: the service of a revision, then the working tree's, then the revision's again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from graph import Graph
from rehearsal.cloud import Cloud
from rehearsal.result import Rehearsal
from rehearsal.service.declared import NoServiceError, as_before, declared_service
from rehearsal.service.processes import Programs
from rehearsal.service.release.change import Change
from rehearsal.service.release.migration import new_revisions
from rehearsal.service.result import ServiceRehearsal
from rehearsal.service.run import opened_trial, take
from rehearsal.service.surroundings import Surroundings

_LOCK = "requirements.lock"


def rehearse_release(
    rehearsal: Rehearsal,
    cloud: Cloud,
    surroundings: Surroundings,
    *,
    former_app: Path,
    former: Graph | None = None,
    programs: Programs | None = None,
    notify: Callable[[str], object] = lambda _: None,
) -> ServiceRehearsal:
    """Deploy the working tree's service over a revision's, under traffic, and roll it back.

    Args:
        rehearsal: the stack as the working tree makes it; moto must still be running.
        cloud: the account in moto.
        surroundings: Postgres and identity provider, begun.
        former_app: the folder `app/` of the revision.
        former: the stack as the revision made it; by default the service had the variables that it has now.
        programs: how to run the coming release's commands; by default from its package.
        notify: called with the name of each step as it begins.
    """
    try:
        declared = declared_service(rehearsal)
    except NoServiceError as error:
        return ServiceRehearsal(incomplete=str(error))
    app = surroundings.app
    before, coming = (surroundings.programs.of_package(folder) for folder in (former_app, app))
    as_it_was = as_before(declared, former) if former is not None else declared
    with opened_trial(as_it_was, cloud, surroundings, programs=before) as trial:
        revisions = new_revisions(former_app, app)
        change = Change(trial, declared, programs or coming, coming, revisions)
        if (former_app / _LOCK).read_bytes() != (app / _LOCK).read_bytes():
            change.notes.append("the release before runs with today's dependencies, which its own lock does not name")
        found = take(change.steps(), trial, notify)
        return replace(found, notes=tuple(change.notes))
