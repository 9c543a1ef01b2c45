"""Signals that end a command in order, whatever the code made of them that they met."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
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


@contextmanager
def heeded(interrupt: Callable[[], object]) -> Iterator[None]:
    """Call this at each Ctrl-C and SIGTERM, in the place of what they do. In the main thread only."""

    def call(_number: int, _frame: FrameType | None) -> None:
        interrupt()

    before = {number: signal.signal(number, call) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Met:
    """The signals that a block met, and that which comes again since what it raised was swallowed."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.report = sys.unraisablehook
        self._swallowed = 0
        self._reporting = False
        self._again: _Again | None = None

    def interrupt(self, number: int, _frame: FrameType | None) -> None:
        if self._reporting:  # what is raised in the hook is swallowed too, and reported to nobody: it comes once more
            return
        self.send_no_more()
        self.numbers.append(number)
        if number == signal.SIGTERM:
            signal.signal(number, signal.SIG_DFL)
        raise KeyboardInterrupt

    def unraisable(self, swallowed: "sys.UnraisableHookArgs") -> None:
        if not self.numbers or not issubclass(swallowed.exc_type, KeyboardInterrupt):
            self.report(swallowed)
            return
        self._reporting = True
        try:
            self._swallowed += 1
            signal.signal(self.numbers[-1], self.interrupt)
            self._again = _Again(self.numbers[-1])
        finally:
            self._reporting = False

    def require_all_raised(self) -> None:
        """Raise KeyboardInterrupt for a signal that was swallowed and has not come again yet."""
        if self._swallowed and self._swallowed == len(self.numbers):
            raise KeyboardInterrupt

    def send_no_more(self) -> None:
        if self._again is not None:
            self._again.end()


class _Again:
    """Sends a signal to the thread that makes it, again and again, until it is ended."""

    def __init__(self, number: int) -> None:
        self._thread, self._number = threading.get_ident(), number
        self._ended = False
        self._sending = threading.RLock()  # a signal may come while it is being ended
        threading.Thread(target=self._send, daemon=True).start()

    def end(self) -> None:
        """None comes afterwards: whoever then has it end the process at once is not ended by it."""
        with self._sending:
            self._ended = True

    def _send(self) -> None:
        while not self._ended:
            time.sleep(_AGAIN_SECONDS)
            with self._sending:
                if not self._ended:
                    signal.pthread_kill(self._thread, self._number)
