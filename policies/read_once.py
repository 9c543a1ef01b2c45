"""The pack under the engine, with each resource read once in the place of once for each policy.

pulumi-policy turns a resource's message into values and wraps them anew for every policy that it asks, which is two
thirds of its time. The three functions that do so are pure, and no policy of ours changes what it is given, so what one
message becomes is kept. They are private to pulumi-policy, whose version the lock pins; a test holds what is found to
what is found without this.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from google.protobuf import json_format
from pulumi_policy import policy

_SDK: Any = policy  # what is replaced there is private


@contextmanager
def reading_once() -> Iterator[None]:
    """Keep what a message becomes until the end of the block."""
    before = (_SDK.json_format, _SDK.deserialize_properties, _SDK.unknown_checking_proxy)
    _SDK.json_format = SimpleNamespace(MessageToDict=_once(json_format.MessageToDict, _content))
    _SDK.deserialize_properties = _once(_SDK.deserialize_properties, id)
    _SDK.unknown_checking_proxy = _once(_SDK.unknown_checking_proxy, id)
    try:
        yield
    finally:
        _SDK.json_format, _SDK.deserialize_properties, _SDK.unknown_checking_proxy = before


def _content(message: Any) -> bytes:
    content: bytes = message.SerializeToString(deterministic=True)
    return content


def _once(function: Callable[..., Any], key_of: Callable[[Any], Any]) -> Callable[..., Any]:
    kept: dict[Any, tuple[Any, Any]] = {}

    def of(value: Any, *more: Any) -> Any:
        key = (key_of(value), more)
        if key not in kept:
            kept[key] = value, function(value, *more)  # what was given is kept too, so that its identity stays its own
        return kept[key][1]

    return of
