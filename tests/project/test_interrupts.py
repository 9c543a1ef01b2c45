"""An interruption arrives as one, whatever the code that it met made of it."""

import signal
import sys
import threading
import time
from typing import Any

import pytest
from pydantic import TypeAdapter

from project.interrupts import heeded, interruptible

BUILD: Any = type(TypeAdapter(int).validator)  # pydantic's core, which builds what models are checked with
BOTH = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", BOTH)
def test_a_signal_ends_the_block_and_the_handlers_are_as_before(number: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in BOTH]
    with pytest.raises(KeyboardInterrupt), interruptible(*BOTH):
        signal.raise_signal(number)
    assert [signal.getsignal(each) for each in BOTH] == before


@pytest.mark.parametrize("number", BOTH)
def test_a_model_that_was_being_built_does_not_hide_the_signal(number: signal.Signals) -> None:
    class Interrupted:
        def __repr__(self) -> str:  # which pydantic's core asks for
            signal.raise_signal(number)
            return "never"

    with pytest.raises(KeyboardInterrupt) as caught, interruptible(*BOTH):
        BUILD({"type": "literal", "expected": [Interrupted()]})
    assert type(caught.value.__cause__).__name__ == "SchemaError"


@pytest.mark.parametrize("number", BOTH)
@pytest.mark.parametrize("times", [1, 3])
def test_a_signal_that_meets_code_which_cannot_raise_comes_again(number: signal.Signals, times: int) -> None:
    class Finalized:
        def __del__(self) -> None:
            finalized.append(self)
            if len(finalized) == 1:
                signal.raise_signal(number)
            time.sleep(60)  # where the signal that comes again meets the later ones

    def finalize() -> None:
        for _ in range(times):
            Finalized()
        time.sleep(60)

    finalized: list[Finalized] = []
    hook, begun = sys.unraisablehook, time.monotonic()
    with pytest.raises(KeyboardInterrupt), interruptible(*BOTH):
        finalize()
    assert time.monotonic() - begun < 60
    assert 1 <= len(finalized) <= times, "a busy machine lets it come between two of them"
    assert sys.unraisablehook is hook


def test_a_signal_that_comes_again_while_its_loss_is_still_being_reported_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Finalized:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def finalize() -> None:
        Finalized()
        time.sleep(60)

    start = threading.Thread.start

    def start_on_a_busy_machine(thread: threading.Thread) -> None:
        start(thread)
        time.sleep(0.1)

    monkeypatch.setattr(threading.Thread, "start", start_on_a_busy_machine)
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), interruptible(*BOTH):
        finalize()
    assert time.monotonic() - begun < 60


def test_such_a_signal_ends_a_block_that_ends_before_it_comes_again() -> None:
    class Finalized:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), interruptible(*BOTH):
        Finalized()


def test_an_error_that_cannot_be_raised_is_reported_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    class Finalized:
        def __del__(self) -> None:
            raise ValueError("ours")

    reported: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: reported.append(unraisable.exc_type))
    with interruptible(*BOTH):
        Finalized()
    assert reported == [ValueError]


def test_an_error_without_a_signal_stays_what_it_is() -> None:
    with pytest.raises(ValueError, match="ours"), interruptible(*BOTH):
        raise ValueError("ours")


def test_a_block_within_a_block_hands_the_interruption_on() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible(signal.SIGINT), interruptible(*BOTH):
        signal.raise_signal(signal.SIGINT)


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as below nohup
    try:
        with interruptible(*BOTH):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_nothing_is_changed() -> None:
    before, done = signal.getsignal(signal.SIGINT), []

    def run() -> None:
        with interruptible(*BOTH):
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert done == [before]


def test_each_signal_is_heeded_and_afterwards_does_what_it_did_before() -> None:
    heeded_signals: list[str] = []
    before = [signal.getsignal(each) for each in BOTH]
    with heeded(lambda: heeded_signals.append("one")):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
            signal.raise_signal(number)
    assert len(heeded_signals) == 3
    assert [signal.getsignal(each) for each in BOTH] == before
