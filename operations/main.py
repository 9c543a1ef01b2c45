"""The `workbuoy` command: one group, one file a subject."""

from typing import Final

import click

from operations.access.command import access
from operations.backups.command import backups
from operations.bootstrap.command import bootstrap
from operations.changed.command import changed
from operations.cost.command import cost
from operations.deploy.command import deploy, releases, rollout, smoke
from operations.doctor.command import doctor
from operations.drift.command import drift
from operations.engine.command import engine
from operations.evidence.command import evidence
from operations.examples import EXAMPLES
from operations.fleet.command import fleet
from operations.help import Commands, refuse_empty_texts, show_examples
from operations.image.command import image
from operations.local.command import local
from operations.locate.command import locate
from operations.monitor import monitor
from operations.person.command import person
from operations.pipeline.command import pipeline
from operations.rehearse.command import rehearse
from operations.restore.command import restore
from operations.restore.drills import drills
from operations.review.command import review
from operations.review.policies_command import policies
from operations.state.command import state
from operations.tenant.command import tenant

SECTIONS: Final = {
    "A stack: workbuoy VERB STACK": (rehearse, review, deploy, rollout, smoke, releases, drift, cost, monitor),
    "Anything else: workbuoy NOUN VERB": (
        *(tenant, person, fleet, restore, image, policies, state, bootstrap, engine),
    ),
    "This machine, this change, a customer's data": (
        *(doctor, local, changed, locate, backups, drills, evidence, access),
    ),
    "For workflows alone": (pipeline,),
}


@click.group(
    cls=Commands,
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.version_option(package_name="workbuoy-infrastructure", message="%(prog)s %(version)s")
def main() -> None:
    """Run Workbuoy's environments: rehearse them on this machine, before any account exists.

    \b
    workbuoy rehearse prod
        stand it up here, and try its service
    workbuoy review prod --since main
        what a change would do, before it is made
    workbuoy deploy prod --image DIGEST
        make it, wait for it, try it

    Each command's --help has examples. Exit codes: 0 fine, 1 a mistake in what was given, 2 wrong usage, 3 a check
    failed, 4 it could not be made. Completion for bash, zsh or fish: eval "$(_WORKBUOY_COMPLETE=bash_source workbuoy)".
    """


refuse_empty_texts(main)
show_examples(main, EXAMPLES)
