"""A stack stood up once for many cases: each case has a fork of it to itself, with the service's servers lent to it."""

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from project.files import find_project
from rehearsal.cloud import Cloud, running
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse
from rehearsal.service.result import ServiceRehearsal
from rehearsal.service.run import rehearse_service
from rehearsal.service.standing import Borrowed, Standing
from tests.forked import FORKING, answer

Spoil = Callable[[Cloud, Rehearsal], object]


class StoodUp:
    """A stack in the moto of a process of its own, which forks for each case: no case sees another one's changes."""

    def __init__(self, stack: str, folder: Path, standing: Standing) -> None:
        self._standing, self._control = standing, standing.control
        self._here, there = FORKING.Pipe()
        self._keeper = FORKING.Process(target=_keep, args=(there, self._here, stack, folder, standing.app))
        self._keeper.start()
        there.close()

    def serve(self, spoil: Spoil) -> ServiceRehearsal:
        """The service tried in a fork, on an empty database; before it `spoil`, which is pickled, changes the cloud."""
        lent = self._standing.lend(self._control)
        assert lent is not None, "Postgres or the identity provider does not run"
        try:
            self._here.send_bytes(pickle.dumps((spoil, lent)))
            try:
                failed, found = pickle.loads(self._here.recv_bytes())  # noqa: S301 it is our own fork's
            except EOFError:
                raise AssertionError("the process of the stack is gone; what it said stands above") from None
        finally:
            self._standing.renew()
        assert isinstance(found, ServiceRehearsal), failed
        return found

    def end(self) -> None:
        """The keeper ends when nobody can ask it any more."""
        self._here.close()
        self._keeper.join()


@contextmanager
def stood_up(stack: str, folder: Path, standing: Standing) -> Iterator[StoodUp]:
    """A stack of a project for as long as the context lasts, with what its service needs."""
    one = StoodUp(stack, folder, standing)
    try:
        yield one
    finally:
        one.end()


def _keep(asked: Connection, others: Connection, stack: str, folder: Path, app: Path) -> None:
    others.close()  # or whoever asks could not tell us by closing it that nobody does any more
    with running() as moto:
        rehearsal = rehearse(find_project(folder), stack, Options(), moto)
        cloud = moto.cloud(rehearsal.account, rehearsal.region)
        while True:
            try:
                spoil, lent = pickle.loads(asked.recv_bytes())  # noqa: S301 it is the test's
            except EOFError:
                return
            borrowed = partial(Borrowed, app, lent)
            case = partial(_try, spoil, rehearsal, cloud, borrowed)
            fork = FORKING.Process(target=answer, args=(asked, case))
            fork.start()
            fork.join()
            if fork.exitcode:
                asked.send_bytes(pickle.dumps((f"the case's process ended with {fork.exitcode}", None)))


def _try(spoil: Spoil, rehearsal: Rehearsal, cloud: Cloud, borrowed: Callable[[], Borrowed]) -> ServiceRehearsal:
    spoil(cloud, rehearsal)
    return rehearse_service(rehearsal, cloud, borrowed())
