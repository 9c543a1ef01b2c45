"""What goes wrong while the CLI runs, as one clear error; after Ctrl-C, as what remains."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pulumi.automation import CommandError

from operations.engine.cli import Cli
from operations.engine.errors import FailedError, InterruptedRunError
from operations.engine.events import Event, errors_of
from operations.engine.messages import IGNORED, explain, reasons_in


@contextmanager
def explained_by(
    stack: str, cli: Cli, remains: Callable[[], str] | None = None, events: list[Event] | None = None
) -> Iterator[None]:
    """Turn what the CLI says into EngineError.

    Args:
        stack: the stack's name.
        cli: what runs inside; it knows whether it was interrupted.
        remains: tells what the interrupted run left.
        events: what the engine reported, whose diagnostics say more than its output.
    """
    cli.interrupted = False
    try:
        yield
    except CommandError as error:
        if cli.interrupted:
            raise _interrupted(stack, cli, remains) from None
        explained = explain(stack, str(error))
        said = list(dict.fromkeys(why for one in errors_of(events or []) for why in reasons_in(one)))
        reasons = tuple(why for why in said if why not in IGNORED)
        if type(explained) is FailedError and reasons:
            explained = FailedError(f"{stack}: {reasons[0]}", "", reasons)
        raise explained from None
    if cli.interrupted:
        raise _interrupted(stack, cli, remains)


def _interrupted(stack: str, cli: Cli, remains: Callable[[], str] | None) -> InterruptedRunError:
    cli.interrupted = False
    left = remains() if remains else "nothing was begun"
    return InterruptedRunError(f"{stack}: interrupted; {left}", f"`workbuoy review {stack}` shows what is still to do")


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
