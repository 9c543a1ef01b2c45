"""How commands report and end: data on stdout, progress on stderr, one message a problem, a telling exit code."""

import json
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, NoReturn

import click

from graph.errors import InputError
from infra.problems import ProblemsError
from operations.engine.errors import EngineError, UnreachableError
from operations.outputs import number_of
from policies.errors import RuleError
from project.terminal import fit
from rehearsal.errors import ProgramError, RefusedError

MISTAKE, CHECK_FAILED, NOT_MADE, INTERRUPTED = 1, 3, 4, 130
CLOSED = 141
"""Whoever read the output went away: as other programs end in a shell, since what was not reached is no verdict."""
JSON = click.option("--json", "json_wanted", is_flag=True, help="Print the result as JSON on stdout (docs/json.md).")

Notify = Callable[[str], Any]
"""Takes one line of progress."""


def print_result(name: str, document: Mapping[str, Any], text: str, *, json_wanted: bool) -> None:
    """Print what a command came to, as a program or a person asked for it."""
    print_json(name, document) if json_wanted else print_text(text)


def print_text(text: object) -> None:
    """Print what a person reads, on stdout, within the terminal's columns; a line break is added where none ends it."""
    print_page(fit(str(text)))


def print_json(name: str, document: Mapping[str, Any]) -> None:
    """Print what a program reads, on stdout: an output of `operations.outputs` with its number."""
    click.echo(_as_text(name, {"schema": number_of(name), **document}))


def print_json_list(name: str, key: str, documents: Iterable[Mapping[str, Any]]) -> None:
    """The same of an output that is one list, each entry as soon as it is found."""
    click.echo(f'{{\n"schema": {number_of(name)},\n"{key}": [', nl=False)
    for number, one in enumerate(documents):
        click.echo(f"{',' if number else ''}\n{_as_text(name, one)}", nl=False)
    click.echo("\n]\n}")


def _as_text(_name: str, document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, default=str)


def print_page(text: str) -> None:
    """Print what goes into a file or to GitHub as it is: no line of it is broken."""
    click.echo(text, nl=not text.endswith("\n"))


def notify(line: str) -> None:
    """Report progress, on stderr; the engine's empty lines are left out."""
    if line.strip():
        click.echo(fit(line), err=True)


def doing(what: str) -> None:
    """Report what begins now."""
    notify(f"{what} ...")


def warn(line: str) -> None:
    """Say what a person should know and need not mend now."""
    notify(f"warning: {line}")


def report(*lines: str) -> None:
    """Say what is wrong, one message a problem, and go on."""
    for line in lines:
        click.echo(fit(f"error: {line}"), err=True)


def fail(code: int, *lines: str) -> NoReturn:
    """End with one message a problem."""
    report(*lines)
    sys.exit(code)


def report_errors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what a person can put right into messages and an exit code, and Ctrl-C into 130.

    A refusal of AWS's that the command itself does not explain is one line, too.
    """

    @wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        try:
            with _told_of_aws():
                return function(*args, **options)
        except InputError as error:
            fail(MISTAKE, *error.problems)
        except ProblemsError as error:
            fail(MISTAKE, *map(str, error.problems))
        except EngineError as error:
            fail(error.code, *error.lines)
        except RefusedError as refusal:
            fail(CHECK_FAILED, f"refused: {refusal}")
        except RuleError as broken:
            fail(NOT_MADE, f"a policy is broken: {broken}")
        except ProgramError as error:
            if error.__cause__ and not isinstance(error.__cause__, SyntaxError):  # whose line says everything
                click.echo("".join(traceback.format_exception(error.__cause__)), err=True, nl=False)
            fail(NOT_MADE, f"the program itself failed, which is a mistake in it: {error}")
        except KeyboardInterrupt:
            fail(INTERRUPTED, "interrupted")

    return run


@contextmanager
def _told_of_aws() -> Iterator[None]:
    """Raises UnreachableError in the place of boto3's errors."""
    try:
        yield
    except Exception as error:
        botocore = sys.modules.get("botocore.exceptions")  # importing it takes a third of a second
        if botocore is None or not isinstance(error, (botocore.BotoCoreError, botocore.ClientError)):
            raise
        raise UnreachableError(f"AWS refused or did not answer: {error}") from error
