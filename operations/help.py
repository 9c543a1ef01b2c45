"""Help and wrong usage: whole summaries, examples, commands by what they act on, and errors that begin alike."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import click

from operations.ending import CLOSED, INTERRUPTED, fail, notify, report

Sections = Mapping[str, Sequence[click.Command]]
"""Commands by the title that they stand under."""


class _Text(click.types.StringParamType):
    """Text that is not empty."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text: str = super().convert(value, param, ctx)
        return text or self.fail("is empty; name it, or leave it out", param, ctx)


class Commands(click.Group):
    """A group that lists each command's first sentence in full, under the titles of `sections` where it has any."""

    def __init__(self, *args: Any, sections: Sections | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._sections = sections or {}
        for command in chain.from_iterable(self._sections.values()):
            self.add_command(command)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """By sections, and within one in the order in which a person meets them."""
        return list(self.commands) if self._sections else super().list_commands(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        listed: Sections = self._sections or {"Commands": [self.commands[one] for one in self.list_commands(ctx)]}
        for title, commands in listed.items():
            rows = [(one.name or "", one.get_short_help_str(limit=1000)) for one in commands if not one.hidden]
            with formatter.section(title):
                formatter.write_dl(rows, col_max=16)

    def invoke(self, ctx: click.Context) -> Any:
        """As click does it, but for a reader of the output who went away, of which click makes a mistake."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            ctx.exit(CLOSED)

    def main(self, args: Any = None, prog_name: Any = None, **options: Any) -> Any:  # type: ignore[override]
        """As click does it, with errors that begin as all others do."""
        if not options.pop("standalone_mode", True):
            return super().main(args, prog_name, standalone_mode=False, **options)
        try:
            code = super().main(args, prog_name, standalone_mode=False, **options)
        except click.exceptions.NoArgsIsHelpError as bare:
            notify(bare.format_message())
            sys.exit(bare.exit_code)
        except click.UsageError as mistake:
            if mistake.ctx:
                notify(mistake.ctx.get_usage())
            report(mistake.format_message())
            if mistake.ctx:
                notify(f"Next: {mistake.ctx.command_path} --help")
            sys.exit(mistake.exit_code)
        except click.ClickException as error:
            fail(error.exit_code, error.format_message())
        except click.Abort:
            fail(INTERRUPTED, "interrupted")
        sys.exit(code if isinstance(code, int) else 0)


def every_command(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Each command that does something, with the words that call it."""
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from every_command(one, f"{path} {name}".strip())
    else:
        yield path, command


def refuse_empty_texts(root: click.Group) -> None:
    """Let no command take an empty text: it is a variable that nothing set, and to leave an option out says something
    else. What is empty by default may be empty.
    """
    for _, command in every_command(root):
        for one in command.params:
            if one.type is click.STRING and one.default != "":
                one.type = _Text()


def show_examples(root: click.Group, examples: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    """Put worked examples below the help of each command; a command without one raises KeyError."""
    for path, command in every_command(root):
        shown = "\n".join(f"  {line}\n      {meaning}" for line, meaning in examples[path])
        command.epilog = f"\b\nExamples:\n{shown}"
