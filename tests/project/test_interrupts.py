"""An interruption arrives as one, whatever the code that it met made of it."""

import signal
import threading

import pytest
from pydantic_core import SchemaError, SchemaValidator, core_schema

from project.interrupts import interruptible

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
        SchemaValidator(core_schema.literal_schema([Interrupted()]))
    assert isinstance(caught.value.__cause__, SchemaError)


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
