"""The group `workbuoy tenant`: one file a subject, each imported when it runs."""

import click

from operations.help import Commands
from operations.tenant.create_command import create
from operations.tenant.handover.command import export, link
from operations.tenant.leave_commands import destroy, retire
from operations.tenant.move.command import move
from operations.tenant.promotion.command import promote
from operations.tenant.read_commands import check, list_tenants, show
from operations.tenant.remains_command import remains
from operations.tenant.stack_commands import deploy, preview


@click.group(cls=Commands)
def tenant() -> None:
    """Create customers, deploy their stacks, inspect them, and remove them.

    A customer is one reviewed file, tenants/NAME.yaml. A silo has a stack of its own; a pool tenant is rows and
    objects in its base stack.
    """


for subcommand in (
    *(create, list_tenants, show, check, preview, deploy),
    *(promote, move, export, link, retire, destroy, remains),
):
    tenant.add_command(subcommand)
