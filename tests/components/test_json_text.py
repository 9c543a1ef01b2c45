"""JSON with outputs in it is what Pulumi's own function makes of it."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi import Output

from components.json_text import json_text

SCALARS = st.none() | st.booleans() | st.integers() | st.text()
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner), max_leaves=20
)


def with_outputs(value: Any, number: list[int]) -> Any:
    """Every third leaf comes later; each second one of these is secret."""
    if isinstance(value, dict):
        return {key: with_outputs(one, number) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(with_outputs(one, number) for one in value)
    number[0] += 1
    if number[0] % 3:
        return value
    return Output.secret(value) if number[0] % 2 else Output.from_input([value])


async def text_and_secrecy(output: Output[str]) -> tuple[Any, bool]:
    return await output.future(), await output.is_secret()


@given(DOCUMENTS)
def test_it_is_the_text_that_pulumi_gives_and_as_secret(document: Any) -> None:
    async def both() -> None:
        given = with_outputs(document, [0])
        assert await text_and_secrecy(json_text(given)) == await text_and_secrecy(Output.json_dumps(given))

    asyncio.run(both())


@pytest.mark.parametrize("known", [True, False])
def test_what_is_not_known_yet_leaves_the_whole_unknown(known: bool) -> None:
    async def is_known() -> bool:
        async def value(of: Any) -> Any:
            return of

        later = Output(value(set()), value("x"), value(known))
        return await json_text({"a": [later, "b"]}).is_known()

    assert asyncio.run(is_known()) is known


def test_what_is_awaited_is_an_input_too() -> None:
    async def text() -> str | None:
        async def later() -> str:
            return "x"

        return await json_text({"a": later()}).future()

    assert asyncio.run(text()) == '{"a": "x"}'
