"""Signals that end a command in order, whatever the code made of them that they met."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN_SECONDS = 0.01  # a moment, in which the code that swallowed a signal returns


@contextmanager
def interruptible(*numbers: signal.Signals) -> Iterator[None]:
    """Have each of these signals end the block with KeyboardInterrupt; a second SIGTERM ends the process at once.

    A library may turn what a signal raises into an error of its own: pydantic's core makes a SchemaError of it where a
    model is being built. Such an error is the interruption, and leaves the block as KeyboardInterrupt too. Where code
    cannot raise (a finalizer, a callback out of C or Rust) Python only reports what the signal raised as unraisable;
    the signal is sent again then.

    Signals arrive in the main thread only; in another one, and for signals that are ignored, nothing is changed.
    """
    met = _Met()
    handled = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    try:
        before = {number: signal.signal(number, met.interrupt) for number in handled}
    except ValueError:  # not in the main thread
        yield
        return
    sys.unraisablehook = met.unraisable
    try:
        yield
        met.require_all_raised()
    except Exception as error:
        if met.numbers:
            raise KeyboardInterrupt from error
        raise
    finally:
        met.send_no_more()
        sys.unraisablehook = met.report
        for number, handler in before.items():
            signal.signal(number, handler)


class _Met:
    """The signals that a block met, and those that come again since what they raised was swallowed."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.report = sys.unraisablehook
        self._again: list[threading.Timer] = []

    def interrupt(self, number: int, _frame: FrameType | None) -> None:
        self.numbers.append(number)
        if number == signal.SIGTERM:
            signal.signal(number, signal.SIG_DFL)
        raise KeyboardInterrupt

    def unraisable(self, swallowed: "sys.UnraisableHookArgs") -> None:
        if not self.numbers or not issubclass(swallowed.exc_type, KeyboardInterrupt):
            self.report(swallowed)
            return
        number = self.numbers[-1]
        signal.signal(number, self.interrupt)
        timer = threading.Timer(_AGAIN_SECONDS, signal.pthread_kill, (threading.main_thread().ident, number))
        self._again.append(timer)
        timer.start()

    def require_all_raised(self) -> None:
        """Raise KeyboardInterrupt for a signal that was swallowed and has not come again yet."""
        if self._again and len(self._again) == len(self.numbers):
            raise KeyboardInterrupt

    def send_no_more(self) -> None:
        for timer in self._again:
            timer.cancel()
            timer.join()
