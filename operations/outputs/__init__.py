"""What `--json` prints: each output has a number, which grows when a program that reads it would have to change.

The models stand in `operations.outputs.models`, which no command imports, and beside it; a rehearsal is printed by its
own, `rehearsed`. `docs/schemas/` holds the schema of every number that there was. A schema is never changed: what is
printed otherwise gets the next number.
"""

from collections.abc import Mapping
from typing import Final

_GROWN: Final[Mapping[str, int]] = {}
"""Outputs whose number is no longer 1."""


def number_of(name: str) -> int:
    """The number of an output as it is printed now."""
    return _GROWN.get(name, 1)
