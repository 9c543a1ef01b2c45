"""Signals that end a command in order, whatever the code made of them that they met."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptible(*numbers: signal.Signals) -> Iterator[None]:
    """Have each of these signals end the block with KeyboardInterrupt; a second SIGTERM ends the process at once.

    A library may turn what a signal raises into an error of its own: pydantic's core makes a SchemaError of it where a
    model is being built. Such an error is the interruption, and leaves the block as KeyboardInterrupt too.

    Signals arrive in the main thread only; in another one, and for signals that are ignored, nothing is changed.
    """
    interrupted = False

    def interrupt(number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        if number == signal.SIGTERM:
            signal.signal(number, signal.SIG_DFL)
        raise KeyboardInterrupt

    handled = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    try:
        before = {number: signal.signal(number, interrupt) for number in handled}
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    except Exception as error:
        if interrupted:
            raise KeyboardInterrupt from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
