"""The pack under the engine, with what the SDK would do again for every policy done once.

pulumi-policy asks every policy about every resource, and reads and wraps the resource anew for each: nearly all of its
time, since few policies concern a type. Here the SDK's own servicer is given the policies that concern a resource's
type, and what one message becomes is kept: the functions that read one are pure, and no policy of ours changes what it
is given. All of this is private to pulumi-policy, whose version the lock pins; tests hold what is found to what is
found without it.
"""

from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from google.protobuf import json_format
from pulumi.runtime import proto
from pulumi_policy import policy

from policies.pack import rules_covering

_SDK: Any = policy  # what is replaced there is private
_Servicer: Any = _SDK._PolicyAnalyzerServicer


@contextmanager
def reading_once() -> Iterator[None]:
    """Keep what a message becomes, and ask the policies of its type alone, until the end of the block."""
    replaced = {
        "json_format": SimpleNamespace(MessageToDict=_once(json_format.MessageToDict, _once(_content, id))),
        "deserialize_properties": _once(_SDK.deserialize_properties, id),
        "unknown_checking_proxy": _once(_SDK.unknown_checking_proxy, id),
        "_PolicyAnalyzerServicer": ByType,
    }
    before = {name: getattr(_SDK, name) for name in replaced}
    vars(_SDK).update(replaced)
    try:
        yield
    finally:
        vars(_SDK).update(before)


class _ReadsOnce(_Servicer):  # type: ignore[misc]  # the SDK's is private
    """The SDK's servicer, which keeps what it reads of a resource for the next policy."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._get_provider_resource = _once(super()._get_provider_resource, id)
        self._get_resource_options = _once(super()._get_resource_options, id)


class ByType(_Servicer):  # type: ignore[misc]  # the SDK's is private
    """The SDK's servicer, which hands resources to one that has the policies of their types alone."""

    def __init__(self, name: str, version: str, policies: list[policy.Policy], *more: Any) -> None:
        super().__init__(name, version, policies, *more)
        self._make: Callable[[Any], Any] = lambda some: _ReadsOnce(name, version, some, *more)
        self._policies = policies
        self._configured: dict[str, Any] = {}
        self._made: dict[frozenset[str], Any] = {}

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802 the protocol's names
        self._keep("Configure", request)
        return super().Configure(request, context)

    def ConfigureStack(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._keep("ConfigureStack", request)
        return super().ConfigureStack(request, context)

    def Analyze(self, request: Any, context: Any) -> Any:  # noqa: N802
        servicer = self._of({request.type})
        return servicer.Analyze(request, context) if servicer else proto.AnalyzeResponse()

    def AnalyzeStack(self, request: Any, context: Any) -> Any:  # noqa: N802
        servicer = self._of({one.type for one in request.resources})
        return servicer.AnalyzeStack(request, context) if servicer else proto.AnalyzeResponse()

    def Remediate(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Nothing is read where no policy is configured to remediate."""
        levels = {self._get_enforcement_level(one) for one in self._policies}
        wanted = policy.EnforcementLevel.REMEDIATE in levels
        return super().Remediate(request, context) if wanted else proto.RemediateResponse()

    def _keep(self, method: str, request: Any) -> None:
        self._configured[method] = request
        self._made.clear()

    def _of(self, types: Set[str]) -> Any:
        """One that has the policies of these types, configured as this one is; None where no policy concerns them."""
        names = frozenset(name for kind in types for name in rules_covering(kind))
        if names not in self._made:
            some = [one for one in self._policies if one.name in names]
            servicer = self._make(some) if some else None
            for method, request in self._configured.items() if servicer else ():
                getattr(servicer, method)(request, None)
            self._made[names] = servicer
        return self._made[names]


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
