"""JSON of what may hold outputs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from inspect import isawaitable
from typing import Any

from pulumi import Input, Output


def json_text(document: Any) -> Output[str]:
    """What `Output.json_dumps` gives for mappings, sequences and inputs in them, in one step for all of the outputs.

    Pulumi's makes an output of every value, known or not: of 40 for a policy of one statement, three wait for anything.
    """
    return Output.all(*_inputs(document)).apply(lambda values: json.dumps(_filled(document, iter(values))))


def _inputs(value: Any) -> Iterator[Input[Any]]:
    if _comes_later(value):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _inputs(one)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            yield from _inputs(one)


def _filled(value: Any, values: Iterator[Any]) -> Any:
    if _comes_later(value):
        return next(values)
    if isinstance(value, Mapping):
        return {key: _filled(one, values) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_filled(one, values) for one in value]
    return value


def _comes_later(value: Any) -> bool:
    return isinstance(value, Output) or isawaitable(value)
