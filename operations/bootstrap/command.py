"""`workbuoy bootstrap`."""

from pathlib import Path

import click

from operations.ending import notify, plainly
from operations.help import Commands

ENVIRONMENT = click.Choice(["dev", "staging", "prod", "vault"])


@click.group(cls=Commands)
def bootstrap() -> None:
    """Give an account what it needs once: state, registry, trust in GitHub, roles, trail, budget.

    Run by a person who administers the account: docs/bootstrap.md.
    """


@bootstrap.command()
@click.argument("environment", type=ENVIRONMENT)
@plainly
def up(environment: str) -> None:
    """Bootstrap the account of ENVIRONMENT, or apply what has changed; Pulumi shows it all and asks first."""
    from operations.bootstrap.perform import bring_up, open_account  # noqa: PLC0415 help must not pay for it

    bring_up(open_account(Path.cwd(), environment), notify)
    notify(f"Next: workbuoy bootstrap adopt-state {environment}")


@bootstrap.command(name="adopt-state")
@click.argument("environment", type=ENVIRONMENT)
@plainly
def adopt(environment: str) -> None:
    """Move bootstrap's own state of ENVIRONMENT from this folder into the bucket that it made.

    Safe to repeat: what is in the bucket is never overwritten, and the folder's state stays until you delete it.
    """
    from operations.bootstrap.backends import bucket_backend, local_backend  # noqa: PLC0415
    from operations.bootstrap.perform import adopt_state, open_account  # noqa: PLC0415

    account = open_account(Path.cwd(), environment)
    local, lasting = (
        account.state(backend) for backend in (local_backend(account.folder), bucket_backend(account.settings))
    )
    adopt_state(local, lasting, notify)
    notify(f"Next: commit bootstrap/Pulumi.{environment}.yaml, which names the key now, and delete bootstrap/.pulumi")
