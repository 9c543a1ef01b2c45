"""Either place's command may be killed (SIGKILL) at any call to the bucket or the database: the same command goes on.

By default some of the calls; WORKBUOY_EVERY_CALL=1 kills at every one.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from botocore.client import BaseClient

from tests.move.scene import NAME, Two, place, serves
from tests.move.test_round_trip import same
from tests.promotion import scene
from tests.promotion.scene import fill, rows
from workbuoy_app.move import send as sending
from workbuoy_app.move.cut_over import cut_over

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="only POSIX forks and kills like this"),
]
EVERY = os.environ.get("WORKBUOY_EVERY_CALL") == "1"
STEP = 1 if EVERY else 11


def _die_at(call: int) -> None:
    """This process, at the n-th call."""
    made = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def method(self: Any, *arguments: Any, **named: Any) -> Any:
            nonlocal made
            made += 1
            if made == call:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(self, *arguments, **named)

        return method

    BaseClient._make_api_call = counted(BaseClient._make_api_call)  # type: ignore[method-assign]
    for name in ("execute", "executemany", "copy"):
        setattr(psycopg.Cursor, name, counted(getattr(psycopg.Cursor, name)))


def started(work: Callable[[], object], die_at: int = 0) -> int:
    """The id of a process that does it, and dies at that call."""
    process = os.fork()
    if process:
        return process
    try:
        scene._client.cache_clear()  # no connection is shared with the parent
        _die_at(die_at)
        work()
        os._exit(0)
    except BaseException as problem:
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
        os._exit(1)


def ended(process: int) -> bool:
    """Whether it came to its end; False where it was killed."""
    _, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "its words are on standard error"
    return not os.WIFSIGNALED(status)


def killed_until_done(work: Callable[[], object]) -> int:
    """Begin again and again, killed at the first call, the next, ...; gives how many kills it took."""
    call = 1
    while not ended(started(work, call)):
        call += STEP
    return call


@contextmanager
def receiving(two: Two) -> Iterator[None]:
    """A receiver in a process of its own, which is killed in the end whatever it does."""
    process = started(lambda: two.receive(wait=60))
    try:
        yield
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def test_sending_and_receiving_killed_at_any_call_go_on(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "ROWS_AT_ONCE", 5)
    monkeypatch.setattr(sending, "AT_ONCE", {"attachments": 3, "attachment_chunks": 2})
    kills = killed_until_done(two.send)
    rows(two.source, "update things set body = 'changed meanwhile' where title like 'acme plain'")
    kills += killed_until_done(two.send) + killed_until_done(two.receive)
    two.cut_over()
    same(two)
    print(kills // STEP, "kills")
    assert kills > STEP * 5


def test_a_cut_over_killed_at_any_call_ends_in_one_place(two: Two) -> None:
    """Each time in the other direction: what was handed over goes back the same way."""
    way, call, kills = two, 1, 0
    two.send()
    two.receive()
    while True:
        fill(way.source, NAME, things=3, objects=1, chunks=1)
        sender = way

        def work(sender: Two = sender) -> object:
            return cut_over(sender.source, NAME, *place(sender.target), within_seconds=60)

        with receiving(way):
            done = ended(started(work, call))
        assert not (serves(way.source) and serves(way.target)), f"served twice after a kill at call {call}"
        if not serves(way.target):
            way.cut_over()
        assert (serves(way.source), serves(way.target)) == (False, True)
        same(way)
        way.compare()
        if done:
            break
        way, call, kills = way.back, call + STEP, kills + 1
    print(kills, "kills")
    assert kills > 3


def test_a_receiver_killed_while_it_is_waited_for_leaves_the_tenant_served(two: Two) -> None:
    way, call, kills = two, 1, 0
    two.send()
    two.receive()
    while True:
        fill(way.source, NAME, things=3, objects=1, chunks=1)
        receiver = way
        process = started(lambda receiver=receiver: receiver.receive(wait=60), call)  # type: ignore[misc]
        try:
            cut_over(way.source, NAME, *place(way.target), within_seconds=2.0 if not EVERY else 1.5)
        except Exception as refused:
            told = str(refused)
        else:
            told = ""
        done = ended(process)
        assert not (serves(way.source) and serves(way.target))
        assert serves(way.source) or "opened it yet" in told or not told
        if not serves(way.target):
            way.cut_over()
        assert (serves(way.source), serves(way.target)) == (False, True)
        same(way)
        if done:
            break
        way, call, kills = way.back, call + STEP, kills + 1
    print(kills, "kills")
    assert kills > 3
