"""How commands report and end: progress on stderr, one clear line a problem, an exit code that means something."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

import click

from graph.errors import InputError
from infra.problems import ProblemsError
from operations.engine.errors import EngineError
from policies.errors import PolicyError, RuleError

MISTAKE, CHECK_FAILED, NOT_MADE, INTERRUPTED = 1, 3, 4, 130
JSON = click.option("--json", "json_wanted", is_flag=True, help="Print the result as JSON on stdout.")

Tell = Callable[[str], Any]
"""Takes one line of progress."""


def tell(line: str) -> None:
    """Report progress, on stderr; the engine's empty lines are left out."""
    if line.strip():
        click.echo(line, err=True)


def stop(code: int, message: str) -> NoReturn:
    """End with a message as it stands."""
    click.echo(message, err=True)
    sys.exit(code)


def fail(code: int, *lines: str) -> NoReturn:
    """End with one clear line a problem."""
    for line in lines:
        click.echo(f"error: {line}", err=True)
    sys.exit(code)


def plainly(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what a person can put right into clear lines and an exit code, and Ctrl-C into 130."""

    @wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except (InputError, PolicyError) as error:
            fail(MISTAKE, *error.problems)
        except ProblemsError as error:
            fail(MISTAKE, *map(str, error.problems))
        except EngineError as error:
            fail(error.code, *error.lines)
        except RuleError as error:
            fail(NOT_MADE, str(error))
        except KeyboardInterrupt:
            fail(INTERRUPTED, "interrupted")

    return run
