"""`workbuoy backups STACK|CUSTOMER --live`."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from operations.backups.vault_profile import VAULT_PROFILE
from operations.ending import CHECK_FAILED, JSON, print_json, print_text, report_errors
from operations.restore.running import place_of_stack, stack_of
from project.terminal import wrapped

if TYPE_CHECKING:
    from operations.backups.finding import Finding


@click.command()
@click.argument("name", metavar="STACK|CUSTOMER")
@click.option("--live", is_flag=True, help="Ask the account, which is what this command is for.")
@VAULT_PROFILE
@click.option("--this-account", is_flag=True, help="Leave copies out of reach to the account that keeps them.")
@JSON
@report_errors
def backups(*, name: str, live: bool, vault_profile: str | None, this_account: bool, json_wanted: bool) -> None:
    """Check that what STACK would be restored from is there and can be read, the worst first.

    Newest moment, snapshots and with whom they are shared, keys and the day on which they go, versions of files, the
    erasure ledger, and a restored copy that was left behind; exports, replicated files, copies in other regions, and a
    copy out of reach with its lock. What could not be asked counts as not good; the vault of a copy out of reach, which
    AWS lets its own account alone ask, is left out with --this-account, and named.
    """
    if vault_profile and this_account:
        raise click.UsageError("--vault-profile looks into the other account, which --this-account leaves out.")
    if not live:
        raise click.UsageError(f"add --live: this asks the account. What is declared: workbuoy locate {name}")
    import boto3

    from operations.backups.finding import BackupTarget
    from operations.backups.look import look
    from project.files import find_project
    from project.silos import residency_of

    project = find_project(Path.cwd())
    stack = name if name in project.stacks() else stack_of(name)
    place = place_of_stack(stack)
    session, now = boto3.Session(), datetime.now(UTC)
    where = BackupTarget(
        session=session,
        stack=stack,
        region=place.tasks.region,
        database=place.database,
        bucket=place.tasks.bucket,
        now=now,
        residency=tuple(residency_of(project, stack)),
        vault=place.vault,
        copies_vault_arn=place.copies_vault_arn,
        vault_session=boto3.Session(profile_name=vault_profile) if vault_profile else None,
        this_account=this_account,
    )
    found = look(where)
    if json_wanted:
        shown = [{"what": one.what, "state": one.state.name.lower(), "found": one.found} for one in found]
        print_json("backups", {"stack": stack, "lookedAt": now.isoformat(timespec="seconds"), "findings": shown})
    else:
        _print(stack, found)
    sys.exit(0 if all(one.state.well for one in found) else CHECK_FAILED)


def _print(stack: str, found: "list[Finding]") -> None:
    bad = sum(not one.state.well for one in found)
    print_text(f"{stack}: {bad} of {len(found)} findings are not good" if bad else f"{stack} can be brought back")
    for one in found:
        mark = "  " if one.state.well else "! "
        print_text("\n".join(wrapped(one.found, f"{mark}{one.what + ':':17} ", " " * 20)))
