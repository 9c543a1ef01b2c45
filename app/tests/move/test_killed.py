"""Either place's command may be killed (SIGKILL) at any call to the bucket or the database: the same command goes on.

By default at the first call of each kind that writes: before a call that reads, everything is as it was after the write
before it. WORKBUOY_EVERY_CALL=1 kills at every single call.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
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
WRITES = (
    "PutObject",
    "CopyObject",
    "DeleteObject",
    "CreateMultipartUpload",
    "CompleteMultipartUpload",
    "UploadPart",
)
_OWN = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{8,}|\d+")  # ids, digests and numbers in a key


class Killer:
    """Strikes once at each kind of call that writes, whichever process makes it; with EVERY at one call after another.

    What was struck stands in a file, since a process that dies remembers nothing.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "struck"
        self._file.touch()
        self._at = 0

    @property
    def struck(self) -> list[str]:
        """Every kind, in the order in which it was struck."""
        return self._file.read_text().splitlines()

    def aim(self) -> None:
        """One call further; before the next process begins."""
        self._at += 1

    def count(self) -> Callable[[str], None]:
        """To be asked at each call of a process: it dies there, or goes on."""
        made, known = 0, set(self.struck)

        def called(kind: str) -> None:
            nonlocal made
            made += 1
            if made == self._at if EVERY else _writes(kind) and kind not in known:
                with self._file.open("a") as file:
                    file.write(f"{kind}\n")
                os.kill(os.getpid(), signal.SIGKILL)

        return called


def _writes(kind: str) -> bool:
    return kind.startswith((*WRITES, "insert", "update", "delete", "copy"))


def _kind_of_request(operation: str, arguments: dict[str, Any]) -> str:
    return f"{operation} {_OWN.sub('*', str(arguments.get('Key', '')))}"


def _kind_of_statement(statement: Any) -> str:
    text = statement if isinstance(statement, str) else statement.as_string(None)
    return " ".join(text.lower().split()[:4])


def _watch(called: Callable[[str], None]) -> None:
    """This process's calls, from now on."""

    def before(real: Callable[..., Any], kind_of: Callable[..., str], takes: int) -> Callable[..., Any]:
        def method(self: Any, *arguments: Any, **named: Any) -> Any:
            called(kind_of(*arguments[:takes]))
            return real(self, *arguments, **named)

        return method

    BaseClient._make_api_call = before(BaseClient._make_api_call, _kind_of_request, 2)
    for name in ("execute", "executemany", "copy"):
        setattr(psycopg.Cursor, name, before(getattr(psycopg.Cursor, name), _kind_of_statement, 1))


def started(work: Callable[[], object], killer: Killer | None = None) -> int:
    """The id of a process that does it, and dies where the killer strikes."""
    process = os.fork()
    if process:
        return process
    try:
        scene._client.cache_clear()  # no connection is shared with the parent
        if killer is not None:
            _watch(killer.count())
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


def until_done(work: Callable[[], object], killer: Killer) -> None:
    """Begin again and again, killed each time but the last."""
    killer._at = 1
    while not ended(started(work, killer)):
        killer.aim()


@pytest.fixture
def killer(tmp_path: Path) -> Killer:
    return Killer(tmp_path)


@contextmanager
def receiving(two: Two) -> Iterator[None]:
    """A receiver in a process of its own, which is killed in the end whatever it does."""
    process = started(lambda: two.receive(wait=60))
    try:
        yield
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def test_sending_and_receiving_killed_at_any_call_go_on(
    two: Two, killer: Killer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "ROWS_AT_ONCE", 5)
    monkeypatch.setattr(sending, "AT_ONCE", {"attachments": 3, "attachment_chunks": 2})
    until_done(two.send, killer)
    rows(two.source, "update things set body = 'changed meanwhile' where title like 'acme plain'")
    until_done(two.send, killer)
    until_done(two.receive, killer)
    two.cut_over()
    same(two)
    print(len(killer.struck), "kills")
    assert (
        {
            "insert into copies (tenant_id,",  # by the sender, and by the receiver
            "delete from row_changes where",
            "update copies set number",
            "PutObject imports/acme/manifest.json",
            "PutObject imports/acme/receipt.json",
            'insert into "things"',
        }
        <= {
            one if not one.startswith('insert into "') else " ".join(one.split()[:3]) for one in killer.struck
        }
    )


def test_a_cut_over_killed_at_any_call_ends_in_one_place(two: Two, killer: Killer) -> None:
    """Each time in the other direction: what was handed over goes back the same way."""
    way = two
    two.send()
    two.receive()
    while True:
        killer.aim()
        fill(way.source, NAME, things=3, objects=1, chunks=1)
        sender = way

        def work(sender: Two = sender) -> object:
            return cut_over(sender.source, NAME, *place(sender.target), within_seconds=60)

        with receiving(way):
            done = ended(started(work, killer))
        assert not (serves(way.source) and serves(way.target)), f"served twice: {killer.struck[-1:]}"
        if not serves(way.target):
            way.cut_over()
        assert (serves(way.source), serves(way.target)) == (False, True)
        same(way)
        way.compare()
        if done:
            break
        way = way.back
    print(len(killer.struck), "kills")
    assert {"insert into freezes (tenant_id,", "update copies set part", "update copies set number"} <= {
        *killer.struck
    }


def test_a_receiver_killed_while_it_is_waited_for_leaves_the_tenant_served(two: Two, killer: Killer) -> None:
    way = two
    two.send()
    two.receive()
    while True:
        killer.aim()
        fill(way.source, NAME, things=3, objects=1, chunks=1)
        receiver = way
        process = started(lambda receiver=receiver: receiver.receive(wait=60), killer)  # type: ignore[misc]
        try:
            cut_over(way.source, NAME, *place(way.target), within_seconds=1.5)
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
        way = way.back
    print(len(killer.struck), "kills")
    assert {"delete from freezes where", "update copies set part", "PutObject imports/acme/receipt.json"} <= {
        *killer.struck
    }
