"""Cases in forks of this process, which share what it has stood up and change it for nobody else."""

import multiprocessing
import pickle
import traceback
from collections.abc import Callable
from functools import partial, wraps
from multiprocessing.connection import Connection
from typing import Any, TypeVar

FORKING = multiprocessing.get_context("fork")
Found = TypeVar("Found")


def in_a_fork(case: Callable[[], Found]) -> Found:
    """What a case gives back, which is pickled. Raises AssertionError with the stack of whatever it raises."""
    here, there = FORKING.Pipe(duplex=False)
    fork = FORKING.Process(target=answer, args=(there, case))
    fork.start()
    there.close()
    try:
        failed, found = pickle.loads(here.recv_bytes())  # noqa: S301 it is our own fork's
    except EOFError:
        raise AssertionError("the case's process is gone; what it said stands above") from None
    finally:
        fork.join()
    if failed:
        raise AssertionError(failed)
    result: Found = found
    return result


def answer(asked: Connection, case: Callable[[], object]) -> None:
    """In the fork: what became of the case, as why it failed and what it gave back."""
    try:
        sent = pickle.dumps(("", case()))
    except BaseException:
        sent = pickle.dumps((traceback.format_exc(), None))
    asked.send_bytes(sent)


def forked(test: Callable[..., None]) -> Callable[..., None]:
    """A test that runs in a fork, with the fixtures that were made before it."""

    @wraps(test)
    def run(**fixtures: Any) -> None:
        in_a_fork(partial(test, **fixtures))

    return run
