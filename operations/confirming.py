"""Asking a person before something is changed."""

import sys

import click

from operations.ending import MISTAKE, fail


def require_person(what: str = "", *, say: str = "--yes") -> None:
    """Raises UsageError, with what to say in the place of an answer, where nobody can be asked."""
    if not sys.stdin.isatty():
        raise click.UsageError(f"Nobody is here to confirm{what and f' {what}'}: say {say}.")


def require_confirmation(question: str, what: str = "") -> None:
    """Ends the command unless somebody says yes. Raises UsageError where nobody can be asked."""
    require_person(what)
    if not click.confirm(question, err=True):
        fail(MISTAKE, "not confirmed; nothing was changed")
