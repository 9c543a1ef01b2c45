"""Options that several commands of `workbuoy fleet` have, and what they make of them."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeAlias

import click

from operations.ending import report_errors

Function: TypeAlias = Callable[..., Any]
Decorator: TypeAlias = Callable[[Function], Function]

IMAGE = click.option("--image", metavar="DIGEST", required=True, help="The image that goes out: sha256:...")
OUTPUT = click.option("--github-output", is_flag=True, help="Also write each wave's matrix into $GITHUB_OUTPUT.")
_ENVIRONMENT = click.option(
    "--environment", default="prod", show_default=True, help="Whose customers' own stacks: prod, staging or dev."
)
_PROFILE = click.option(
    "--journal-profile",
    metavar="PROFILE",
    envvar="WORKBUOY_JOURNAL_PROFILE",
    help="A profile of AWS's configuration that may use the journal, where you are signed in to another account. "
    "[default: $WORKBUOY_JOURNAL_PROFILE]",
)


def of_environment(*options: Decorator, journal: bool = True) -> Decorator:
    """A command about one environment's customers: its function is given `where` (`operations.fleet.where.Where`)."""

    def declare(function: Function) -> Function:
        @wraps(function)
        def placed(*, environment: str, journal_profile: str | None = None, **given: Any) -> Any:
            from operations.fleet.where import Where
            from project.files import find_project

            root = find_project(Path.cwd()).root
            return function(where=Where(root=root, environment=environment, profile=journal_profile), **given)

        wrapped: Function = _ENVIRONMENT(report_errors(placed))
        own: list[Decorator] = [*options, _PROFILE] if journal else [*options]
        for option in reversed(own):
            wrapped = option(wrapped)
        return wrapped

    return declare
