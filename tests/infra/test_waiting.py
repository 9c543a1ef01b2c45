"""A program's outputs are waited for together, and the first that fails ends the wait."""

import asyncio
from typing import Any

import pytest
from pulumi.runtime import stack
from pulumi.runtime.settings import SETTINGS

from infra import waiting

STACK: Any = stack


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(STACK, "asyncio", asyncio)
    waiting.install()


def run(*outputs: object, never: bool = False) -> list[object]:
    """Let the SDK wait for outputs; what came of them, in the order in which they were done."""
    done: list[object] = []

    async def one(value: object) -> None:
        await asyncio.sleep(0)
        if isinstance(value, Exception):
            raise value
        if value == "makes another":
            SETTINGS.outputs.add(asyncio.ensure_future(one("another")))
        done.append(value)

    async def program() -> None:
        SETTINGS.outputs.clear()
        SETTINGS.outputs |= {asyncio.ensure_future(one(value)) for value in outputs}
        if never:
            SETTINGS.outputs.add(asyncio.ensure_future(asyncio.Event().wait()))
        await stack.wait_for_rpcs()

    asyncio.run(program())
    return done


def test_outputs_that_others_make_meanwhile_are_waited_for_too() -> None:
    assert set(run("first", "makes another")) == {"first", "makes another", "another"}


def test_the_first_that_fails_ends_the_wait_though_another_never_ends() -> None:
    with pytest.raises(ValueError, match="no such zone"):
        run("first", ValueError("no such zone"), never=True)


def test_it_is_installed_once() -> None:
    before = STACK.asyncio
    waiting.install()
    assert STACK.asyncio is before
