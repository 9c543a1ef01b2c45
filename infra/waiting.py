"""Pulumi's wait for a program's outputs: for all that are outstanding together.

Each time a single one is done, the SDK looks at every one that is not, which takes a fifth of a program with hundreds
of resources. Waiting for all of them, or for the first that fails, comes to the same. Private to the SDK, whose
version the lock pins.
"""

import asyncio
from types import SimpleNamespace
from typing import Any

from pulumi.runtime import stack

_STACK: Any = stack  # what is replaced there is private


def install() -> None:
    """Let programs of this process wait so."""
    if not isinstance(_STACK.asyncio, _Together):
        _STACK.asyncio = _Together(**{**vars(asyncio), "wait": _wait})


class _Together(SimpleNamespace):
    """asyncio as the SDK's module sees it."""


async def _wait(tasks: Any, **_: Any) -> Any:
    return await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
