"""SQL in the service's environment, which has a Postgres driver; this one has none."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rehearsal.service.processes import NotToBeHadError
from rehearsal.service.surroundings import Owner

TIMEOUT_SECONDS = 60
Statement = tuple[str, Sequence[Any] | Mapping[str, Any]]

_PROGRAM = """
import json, sys
import psycopg
from psycopg import errors

connections = {}

def connected(login):
    place = tuple(login[name] for name in ("host", "port", "database", "user", "password"))
    if place not in connections:  # each transaction begins as a new session would: what it sets ends with it
        connections[place] = psycopg.connect(host=login["host"], port=login["port"], dbname=login["database"],
            user=login["user"], password=login["password"], connect_timeout=10, prepare_threshold=None)
    return connections[place]

def run(one):
    try:
        connection = connected(one["login"])
    except psycopg.OperationalError as error:
        last = str(error).strip().splitlines()[-1].rpartition("FATAL:")[2].strip()
        return {"refused": "authentication failed" in last, "why": last}
    try:
        for name, value in one["claims"].items():
            connection.execute("select set_config(%s, %s, true)", [name, value])
        if one["role"]:
            connection.execute("set local role " + one["role"])
        done = [connection.execute(statement, values) for statement, values in one["statements"]][-1]
        answer = {"rows": done.rowcount, "found": done.fetchall() if one["fetches"] else []}
        if one["keeps"]:
            connection.commit()
        return answer
    except errors.InsufficientPrivilege as error:
        return {"refused": True, "why": str(error).splitlines()[0]}
    except psycopg.Error as error:
        return {"refused": False, "why": str(error).splitlines()[0]}
    finally:
        connection.rollback()

for line in sys.stdin:
    print(json.dumps([run(one) for one in json.loads(line)]), flush=True)
"""


@dataclass(frozen=True, kw_only=True)
class Work:
    """Statements of one transaction as one login; rolled back unless it `keeps`.

    `claims` are the settings by which row-level security judges, `role` is the group that a login acts as.
    """

    login: Owner
    statements: Sequence[Statement]
    claims: dict[str, str] = field(default_factory=dict)
    role: str = ""
    keeps: bool = False
    fetches: bool = False  # what the last statement returns


@dataclass(frozen=True, kw_only=True)
class SqlAnswer:
    """How many rows the last statement concerned; or None, whether the server refused it, and why."""

    rows: int | None = None
    found: Sequence[Sequence[Any]] = ()
    refused: bool = False
    why: str = ""


Ask = Callable[[Sequence[Work]], list[SqlAnswer]]
"""Do some work in order. Raises NotToBeHadError where nobody does it."""


@contextmanager
def asking(app: Path) -> Iterator[Ask]:
    """One process for all work: importing the driver takes longer than most of what it is asked."""
    command = [str(app / ".venv" / "bin" / "python"), "-c", _PROGRAM]
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    except OSError as error:
        raise NotToBeHadError(f"the databases could not be asked: {type(error).__name__}") from None
    try:
        yield partial(_answers, process)
    finally:
        process.kill()  # it has nothing to finish
        process.communicate()


def _answers(process: subprocess.Popen[str], work: Sequence[Work]) -> list[SqlAnswer]:
    if not work:
        return []
    assert process.stdin  # noqa: S101
    assert process.stdout  # noqa: S101
    late = threading.Timer(TIMEOUT_SECONDS, process.kill)
    late.start()
    try:
        with suppress(BrokenPipeError):  # why it has ended, it says itself
            process.stdin.write(f"{json.dumps([asdict(one) for one in work])}\n")
            process.stdin.flush()
        answer = process.stdout.readline()
    finally:
        late.cancel()
    if not answer:
        told = process.communicate()[1]
        last = (told.strip().splitlines() or ["no answer"])[-1]
        raise NotToBeHadError(f"the databases could not be asked: {last}")
    return [SqlAnswer(**one) for one in json.loads(answer)]
