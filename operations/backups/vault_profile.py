"""The option of commands that look into the account that keeps copies out of reach: its own people alone may."""

import click

VAULT_PROFILE = click.option(
    "--vault-profile",
    metavar="PROFILE",
    help="A profile of AWS's configuration that may look at the copies out of reach.",
)
