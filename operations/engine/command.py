"""`workbuoy engine install`."""

import click

from operations.ending import notify, report_errors
from operations.help import Commands


@click.group(cls=Commands)
def engine() -> None:
    """Pulumi's engine: the CLI and its provider plugins. A rehearsal needs none of it."""


@engine.command()
@report_errors
def install() -> None:
    """Install the Pulumi CLI of the SDK's version, by Pulumi's own installer, and the provider plugins.

    Both below ~/.pulumi; nothing on PATH is changed. What is here and fits is left alone.
    """
    from operations.engine.plugins import install_engine

    install_engine(notify)
    notify("Next: workbuoy doctor")
