"""How the commands of customers end: one clear line a problem, and an exit code."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from operations.review.command import fail
from operations.review.command import plainly as _plainly

__all__ = ["AS_JSON", "CHECK_FAILED", "INTERRUPTED", "MISTAKE", "NAME", "fail", "plainly", "tell"]

MISTAKE, CHECK_FAILED, INTERRUPTED = 1, 3, 130

NAME = click.argument("name")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")


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
