"""Which options of `workbuoy rehearse` go together."""

import shlex
from collections.abc import Collection, Mapping
from typing import Final

import click

_ABOUT_ONE: Final = frozenset(
    {
        "--policy-report",
        "--image",
        "--tenants",
        "--no-matrix",
        "--declare-only",
        "--verbose",
        "--other",
        "--browser",
        "--restore",
        "--leave",
        "--move",
    }
)
_NO_TRIAL: Final = frozenset({"--tenants", "--declare-only", "--no-service"})
_STORIES: Final = frozenset({"--restore", "--leave"})

Exclusions = Mapping[str, tuple[str, frozenset[str]]]
"""An option -> what it does, and what has no place beside it."""

LEAVES_OUT: Final[Exclusions] = {
    "--all": ("rehearses each stack by itself", _ABOUT_ONE | {"STACK", "--watch"}),
    "--watch": ("rehearses one stack on each save", _ABOUT_ONE | {"--json", "--report", "--since"}),
    "--since": ("changes one stack in place", frozenset({"--declare-only", "--tenants"})),
    "--other": (
        "tries one service in one stack",
        _NO_TRIAL | _STORIES | {"--since", "--image", "--browser"},
    ),
    "--browser": ("tries one stack's service", _NO_TRIAL | _STORIES | {"--since"}),
    "--restore": ("runs the service of one stack", _NO_TRIAL | {"--since", "--leave"}),
    "--leave": (
        "runs the service of each customer who leaves",
        frozenset({"--since", "--declare-only", "--no-service", "--no-matrix"}),
    ),
    "--move": (
        "tries who reaches whom while customers move",
        frozenset({"--image", "--since", "--declare-only", "--no-service", "--no-matrix"}),
    ),
    "--tenants": ("stands stacks up", frozenset({"--declare-only"})),
}

_ABOUT_OUTPUT: Final = frozenset({"--json", "--report", "--policy-report", "--verbose"})


def require_fitting(given: Collection[str], exclusions: Exclusions = LEAVES_OUT) -> None:
    """Raises UsageError, with everything to leave out, for options that exclude each other."""
    for option, (does, others) in exclusions.items():
        if option in given and (excluded := [one for one in given if one in others]):
            raise click.UsageError(f"{option} {does}: leave out {' and '.join(excluded)}")


def given_options(context: click.Context) -> list[str]:
    """What stands on the command line, options by their names and arguments as `--help` calls them."""
    return [
        parameter.make_metavar(context).strip("[]") if isinstance(parameter, click.Argument) else parameter.opts[0]
        for parameter in context.command.params
        if context.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
    ]


def arguments_of(context: click.Context, stack: str) -> str:
    """What to type for the same rehearsal of a stack; where its output goes is left out."""
    words, options = [stack], {one.opts[0]: one for one in context.command.params if isinstance(one, click.Option)}
    for name in given_options(context):
        if name in options and name not in _ABOUT_OUTPUT:
            words += [name] if options[name].is_flag else [name, str(context.params[options[name].name or ""])]
    return shlex.join(words)
