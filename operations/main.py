"""The `workbuoy` command: one group, one file a subject."""

import click

from operations.bootstrap.command import bootstrap
from operations.changed.command import changed, require_branch
from operations.cost.command import cost
from operations.deploy.command import deploy, releases, rollout, smoke
from operations.doctor.command import doctor
from operations.drift.command import drift
from operations.engine.command import engine
from operations.help import Commands
from operations.image.command import image
from operations.local.command import local
from operations.locate.command import locate
from operations.rehearse import rehearse
from operations.report.command import report
from operations.review.command import review
from operations.review.policies_command import policies
from operations.state.command import state
from operations.tenant.command import tenant


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(package_name="workbuoy-infrastructure", message="%(prog)s %(version)s")
def main() -> None:
    """Run Workbuoy's environments: rehearse them on this machine, before any account exists.

    \b
    workbuoy rehearse prod               stand it up here, and try its service
    workbuoy review prod                 what a change would do, before it is made
    workbuoy deploy prod --image DIGEST  make it, wait for it, try it
    workbuoy tenant create --help        a stack of its own for a customer

    Exit codes: 0 fine, 1 a mistake in what was given, 2 wrong usage, 3 a check failed, 4 it could not be made.
    """


main.add_command(rehearse)
main.add_command(review)
main.add_command(policies)
main.add_command(image)
main.add_command(changed)
main.add_command(require_branch)
main.add_command(report)
main.add_command(deploy)
main.add_command(rollout)
main.add_command(releases)
main.add_command(smoke)
main.add_command(drift)
main.add_command(doctor)
main.add_command(engine)
main.add_command(tenant)
main.add_command(bootstrap)
main.add_command(state)
main.add_command(locate)
main.add_command(cost)
main.add_command(local)
