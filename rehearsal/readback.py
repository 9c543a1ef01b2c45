"""After the program has ended: every resource read from moto again, and every declared field compared."""

import time
from collections.abc import Callable

from rehearsal.cloud import CloudError
from rehearsal.made import rehearsed
from rehearsal.mapper import Mapper
from rehearsal.result import FieldResult, Rehearsed, State


def read_back(mapper: Mapper, notify: Callable[[Rehearsed], None]) -> dict[str, Rehearsed]:
    """URN -> what became of it, in the order of creation.

    A resource that cannot be read, or is gone, has failed; that is never an error of the whole.
    """
    mapper.reader.forget_lists()
    found: dict[str, Rehearsed] = {}
    for urn, made in mapper.made.items():
        started = time.perf_counter()
        fields: tuple[FieldResult, ...] = ()
        if made.state is State.COMPARED:
            try:
                fields = mapper.reader.read_back(made)
            except (CloudError, LookupError) as fault:
                made.state, made.reason = State.FAILED, f"cannot be read back: {' '.join(str(fault).split())}"
        found[urn] = rehearsed(made, fields, (time.perf_counter() - started) * 1000)
        notify(found[urn])
    return found
