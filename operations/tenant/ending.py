"""How the commands of customers end: as all commands, and Ctrl-C with a line of its own."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from operations.ending import INTERRUPTED, fail
from operations.ending import plainly as _plainly

NAME = click.argument("name")


def plainly(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what a person can mend into clear lines and an exit code, and Ctrl-C into 130."""
    told = _plainly(function)

    @wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return told(*args, **options)
        except KeyboardInterrupt:
            fail(INTERRUPTED, "interrupted")

    return run


def tell(line: str) -> None:
    """Progress, on stderr."""
    click.echo(line, err=True)
