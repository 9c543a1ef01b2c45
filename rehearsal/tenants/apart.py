"""Stacks that nothing later asks about, stood up by two processes, each with half of them in its copy of one moto.

What one moto would refuse because another stack has it already must not pass because the two stand apart: so names,
ids and what else no two may have are compared afterwards. Where any is there twice, or the second process came to no
end, its half is stood up once more beside ours, and moto says what it has to say.
"""

import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection

from rehearsal.kinds import KINDS
from rehearsal.result import Rehearsal
from rehearsal.tenants.result import StoodUp
from rehearsal.tenants.stand import Standing

Place = tuple[str, str]  # a stack and the customer whose it is
_Half = tuple[list[StoodUp], set[int]]

FEWEST = 8  # below it the second process costs more than it spares


def worth_it(places: Sequence[Place]) -> bool:
    """Whether there is enough to do, a second core, and a way to copy this process."""
    fork = "fork" in multiprocessing.get_all_start_methods()
    return len(places) >= FEWEST and fork and len(_cores()) > 1


def stand_in_two(standing: Standing, places: Sequence[Place]) -> list[StoodUp]:
    """Each stack in short, in the order of the places. Raises as `Standing.further` does."""
    ours, theirs = places[::2], places[1::2]
    with _Beside(standing, theirs) as beside:
        here, claimed = _stand(standing, ours)
        there = beside.half()
    if there is None or claimed & there[1]:
        there = _stand(standing, theirs)
    stood = {one.stack: one for one in (*here, *there[0])}
    return [stood[stack] for stack, _ in places]


def claims(rehearsal: Rehearsal) -> Iterator[tuple[str, ...]]:
    """What no second stack may have: its resources' ids and names, or what their kinds say instead."""
    for one in rehearsal.resources:
        kind = KINDS.get(one.type)
        if kind is None:
            continue
        if kind.unique:
            yield (one.type, *(str(one.outputs.get(name)) for name in kind.unique))
            continue
        yield (one.type, "", one.id)
        if kind.name is not None:
            yield (one.type, kind.name.field, str(one.outputs.get(kind.name.field)))


def _stand(standing: Standing, places: Iterable[Place]) -> _Half:
    stood, claimed = [], set[int]()
    for stack, tenant in places:
        in_short, whole = standing.further(stack, tenant)
        stood.append(in_short)
        claimed.update(map(hash, claims(whole)))  # texts have one hash in a process and in its copies
        del whole  # before the next one, which lets go of what this one left behind
    return stood, claimed


class _Beside:
    """A copy of this process that stands up stacks. Use as a context: at its end the copy is gone."""

    def __init__(self, standing: Standing, places: Sequence[Place]) -> None:
        context = multiprocessing.get_context("fork")
        self._receiver, self._sender = context.Pipe(duplex=False)
        self._process = context.Process(target=_answer, args=(standing.quiet(), places, self._sender), daemon=True)

    def __enter__(self) -> "_Beside":
        self._process.start()
        self._sender.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._receiver.close()
        self._process.kill()
        self._process.join()

    def half(self) -> _Half | None:
        """What came of its half, waited for; None where it came to no end."""
        try:
            found: _Half = self._receiver.recv()
        except EOFError:
            return None
        return found


def _answer(standing: Standing, places: Sequence[Place], sender: Connection) -> None:
    """In the copy. Whatever goes wrong here goes wrong again where it is reported."""
    from moto.moto_api._internal import mock_random

    mock_random.seed()  # else both processes make up the same ids
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # what our own handlers clear away is the original's
    with suppress(Exception):
        sender.send(_stand(standing, places))


def _cores() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
