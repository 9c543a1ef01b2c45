"""Commands as processes that stop before every call to the database or a bucket, to be looked at there or killed.

What a kill leaves is what others see at that moment: what is committed in the databases, and what lies in the buckets.
Before calls between which others see no difference it leaves the same, so a command is killed before the last of each
such row of calls, with the most under way for the server to roll back. Of several commands one acts at a time: whoever
would wait lets another act, so that the same calls come in the same order every time.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import psycopg
from botocore.client import BaseClient

from tests.conftest import copy
from tests.promotion.scene import client, with_bucket
from tests.test_login import superuser_url
from workbuoy_app import roles
from workbuoy_app.database_url import PostgresAddress
from workbuoy_app.devtools.embedded_postgres import SUPERUSER, Postgres
from workbuoy_app.move import cut_over, side, take
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.settings import Settings, StorageSettings

SLEEPS, GO, TIME_IS_UP = "sleeps", "go", "time is up"
ENDED, REFUSED = "ended", "refused: "
MUCH_LATER_SECONDS = 3600.0
Sides = tuple[Settings, ...]
Work = Callable[[Sides], object]


def kill_at_every_call(postgres: Postgres, sides: Sides, work: Work, after: Work, *others: Work) -> None:
    """Kill `work` wherever that leaves something of its own behind; `after` goes on, and says what must hold then.

    Each time from the state in which `sides` are now. `others`, which act at the same time, wait in vain.
    """

    def begun(stage: Stage) -> list[Actor]:
        return [Actor(stage.sides, partial(one, stage.sides)) for one in (work, *others)]

    beginning = Stage(postgres, sides)
    seen = beginning.again()
    made, last = last_calls(seen, *begun(seen))
    seen.drop()
    for number in last:
        stage = beginning.again()
        actors = begun(stage)
        call = killed_before(number, stage, *actors)
        for other in actors[1:]:
            other.give_up()
        try:
            after(stage.sides)
        except Exception as problem:
            problem.add_note(f"killed before call {number} of {made}: {call}")
            raise
        stage.drop()
    print(f"{made} calls, killed before {len(last)} of them")


class Actor:
    """A command in a process of its own. `stop` is the call that it stands before, or how it ended.

    `changes_objects` becomes true when it goes on with a call of S3.
    """

    def __init__(self, sides: Sides, work: Callable[[], object]) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self.stop = ""
        self.changes_objects = False
        self.process = os.fork()
        if self.process:
            theirs.close()
            return
        try:
            for one in sides:
                client(_storage(one)).close()  # no connection is shared with the parent
            _stop_before_calls(theirs)
            work()
            theirs.send(ENDED)
            os._exit(0)
        except PromotionRefused as refused:
            theirs.send(f"{REFUSED}{refused}")
            os._exit(0)
        except BaseException as problem:
            print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
            os._exit(1)

    @property
    def ended(self) -> bool:
        return self.stop == ENDED or self.stop.startswith(REFUSED)

    @property
    def sleeps(self) -> bool:
        return self.stop == SLEEPS

    def go_on(self, word: str = GO) -> None:
        """To the next stop."""
        if self.stop:
            self.changes_objects |= self.stop.startswith("s3 ")
            self._pipe.send(word)
        try:
            self.stop = self._pipe.recv()
        except EOFError:
            raise AssertionError("a command failed; its words are on standard error") from None
        if self.ended:
            os.waitpid(self.process, 0)

    def give_up(self) -> None:
        """Go on to the end, and wait in vain where it waits for another."""
        while not self.ended:
            self.go_on(TIME_IS_UP if self.sleeps else GO)

    def kill(self) -> None:
        """As the machine's kernel does it; the command never hears of it."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


def _stop_before_calls(pipe: Any) -> None:
    """This process's calls, from now on."""
    alone, skipped = threading.RLock(), [0.0]

    def stop(kind: str) -> None:
        pipe.send(kind)
        if pipe.recv() == TIME_IS_UP:
            skipped[0] += MUCH_LATER_SECONDS

    def before(real: Callable[..., Any], kind_of: Callable[..., str]) -> Callable[..., Any]:
        def method(self: Any, *arguments: Any, **named: Any) -> Any:
            with alone:  # objects are copied by several threads
                stop(kind_of(*arguments))
                return real(self, *arguments, **named)

        return method

    def sleep(_: float) -> None:
        with alone:
            stop(SLEEPS)

    clock = SimpleNamespace(sleep=sleep, monotonic=lambda: time.monotonic() + skipped[0])
    for module in (cut_over, roles, side, take):
        module.time = clock  # type: ignore[attr-defined]
    BaseClient._make_api_call = before(BaseClient._make_api_call, lambda operation, *_: f"s3 {operation}")
    for name in ("execute", "executemany", "copy"):
        setattr(psycopg.Cursor, name, before(getattr(psycopg.Cursor, name), _statement))


def _statement(statement: Any, *_: Any) -> str:
    return statement if isinstance(statement, str) else str(statement.as_string(None))


@dataclass
class Stage:
    """Databases and buckets, of which a copy can be made as long as nobody is connected to them."""

    postgres: Postgres
    sides: Sides
    _databases: list[psycopg.Connection[Any]] = field(default_factory=list)
    _rows: list[str] = field(default_factory=list)
    _rows_at: str = ""
    _objects: list[Any] = field(default_factory=list)

    def again(self) -> Stage:
        """The same once more, apart."""
        return Stage(self.postgres, tuple(map(self._copy, self.sides)))

    def _copy(self, settings: Settings) -> Settings:
        storage = _storage(settings)
        name = copy(self.postgres, _address(settings).database).rpartition("/")[2]
        made = replace(settings, database=replace(_address(settings), database=name))
        bucket = f"{name.replace('_', '-')}-{storage.region}"
        made = with_bucket(made, str(storage.endpoint), bucket, str(storage.region))
        s3 = client(storage)
        for found in s3.list_objects_v2(Bucket=storage.bucket).get("Contents", []):
            s3.copy_object(
                Bucket=bucket, Key=found["Key"], CopySource={"Bucket": storage.bucket, "Key": found["Key"]}
            )
        return made

    def state(self, *, objects: bool = True) -> tuple[Any, ...]:
        """What others see; without `objects` what lies in the buckets is taken to be as it was seen last."""
        if not self._databases:
            self._databases = [psycopg.connect(superuser_url(one), autocommit=True) for one in self.sides]
        if (now := _snapshot(self._databases[0])) != self._rows_at:  # else nothing was committed since
            self._rows, self._rows_at = [_rows_of(one) for one in self._databases], now
        if objects or not self._objects:
            self._objects = [_objects_of(one) for one in self.sides]
        return *self._rows, *self._objects

    def drop(self) -> None:
        """The databases go; buckets weigh nothing."""
        for one in self._databases:
            one.close()
        with psycopg.connect(self.postgres.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            for place in self.sides:
                connection.execute(f"drop database {_address(place).database} with (force)")


def _address(settings: Settings) -> PostgresAddress:
    assert isinstance(settings.database, PostgresAddress)
    return settings.database


def _storage(settings: Settings) -> StorageSettings:
    assert settings.storage is not None
    return settings.storage


def _snapshot(connection: psycopg.Connection[Any]) -> str:
    """Another one after each transaction of the server that has written and ended."""
    row = connection.execute("select pg_current_snapshot()::text").fetchone()
    assert row is not None
    return str(row[0])


def _rows_of(connection: psycopg.Connection[Any]) -> str:
    tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    every = " union all ".join(
        f"select '{one}' || row_to_json(t)::text as text from {one} t" for (one,) in tables
    )
    row = connection.execute(f"select string_agg(text, '\n' order by text) from ({every}) as rows").fetchone()
    return hashlib.sha256(str(row).encode()).hexdigest()


def _objects_of(settings: Settings) -> list[Any]:
    """Those under way too."""
    s3, where = client(_storage(settings)), {"Bucket": _storage(settings).bucket}
    uploads = s3.list_multipart_uploads(**where).get("Uploads", [])
    found = s3.list_objects_v2(**where).get("Contents", [])
    return [*((one["Key"], one["ETag"]) for one in found), *(one["UploadId"] for one in uploads)]


def calls(*actors: Actor) -> Iterator[str]:
    """Each time that the first of them stands before a call, which it makes when the next is asked for."""
    acting = list(actors)
    while acting:
        now = acting[0]
        now.go_on()
        if now.ended:
            acting.remove(now)
        elif now.sleeps:
            acting.append(acting.pop(0))
            if len(acting) == 1:
                time.sleep(0.01)  # the server has not noticed yet that somebody was killed
        elif now is actors[0]:
            yield now.stop


def last_calls(stage: Stage, *actors: Actor) -> tuple[int, list[int]]:
    """How many calls the first one makes, and the last before each moment at which others see something new."""
    states: list[Any] = []
    for _ in calls(*actors):
        states.append(stage.state(objects=any(one.changes_objects for one in actors)))
        for one in actors:
            one.changes_objects = False
    assert stage.state() != states[0], "nothing was seen to change, so that a kill would prove nothing"
    states.append(None)  # what the last of them leaves has an end, too
    return len(states) - 1, [n for n, (before, after) in enumerate(pairwise(states)) if before != after]


def killed_before(number: int, stage: Stage, *actors: Actor) -> str:
    """Kill the first one before that call; gives the call. Others see what they saw, for all that was under way."""
    for n, call in enumerate(calls(*actors)):
        if n == number:
            before = stage.state()
            actors[0].kill()
            assert stage.state(objects=False) == before  # a bucket rolls nothing back
            return call
    raise AssertionError(f"it ended before call {number}")
