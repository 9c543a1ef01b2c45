"""Checks a graph through pulumi-policy's own analyzer, in process: levels, configuration and links are the SDK's.

The servicer is private to pulumi-policy, so its version is pinned in the lock and this module was written against
1.21.0. It deserialises every resource for every policy: right for a proof, slow for a loop; see policies.runner.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime import proto
from pulumi_policy import policy as sdk

from graph import Resource
from infra.environments import environment_of
from policies import pack
from policies.catalogue import catalogue
from policies.runner import sentinels
from policies.settings import Configuration, configured, with_regions

WRITTEN_FOR: Final = "1.21.0"
_LEVELS: Final = {proto.MANDATORY: "mandatory", proto.ADVISORY: "advisory"}


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that the analyzer said, as the engine would hear it."""

    control: str
    level: str
    urn: str
    message: str
    not_evaluated: bool


def analyze(
    resources: Sequence[Resource],
    environment: str,
    configuration: Configuration | None = None,
    *,
    allowed_regions: Sequence[str] = (),
) -> list[Diagnostic]:
    """What the engine would be sent about a graph. Raises as `policies.runner.check` does."""
    kind = environment_of(environment)
    merged = with_regions(configuration, allowed_regions)
    servicer: Any = sdk._PolicyAnalyzerServicer(
        pack.NAME, "0.0.1", pack.policies(kind, regions=allowed_regions), sdk.EnforcementLevel.ADVISORY
    )
    servicer.Configure(_configuration(kind, merged), None)
    diagnostics: list[Diagnostic] = []
    for resource in resources:
        response = servicer.Analyze(_resource_request(proto.AnalyzeRequest, resource, resources), None)
        diagnostics += _read(response, resource.urn)
    stack = [_resource_request(proto.AnalyzerResource, resource, resources) for resource in resources]
    diagnostics += _read(servicer.AnalyzeStack(proto.AnalyzeStackRequest(resources=stack), None), "")
    return diagnostics


def _configuration(environment: str, configuration: Configuration) -> Any:
    request = proto.ConfigureAnalyzerRequest()
    numbers = {"mandatory": proto.MANDATORY, "advisory": proto.ADVISORY, "disabled": proto.DISABLED}
    for name, found in configured(environment, configuration).items():
        if found.control.by != "policy":
            continue
        request.policyConfig[name].enforcementLevel = numbers[found.level]
        settings = {key: list(value) if isinstance(value, tuple) else value for key, value in found.settings.items()}
        request.policyConfig[name].properties.update(settings)
    return request


def _resource_request(kind: Any, resource: Resource, resources: Sequence[Resource]) -> Any:
    request = kind(
        type=resource.type,
        urn=resource.urn,
        name=resource.name,
        properties=_struct(sentinels(resource)),
        options=proto.AnalyzerResourceOptions(protect=resource.protect, parent=resource.parent),
    )
    provider = next((r for r in resources if r.urn in (resource.provider, resource.provider.rpartition("::")[0])), None)
    if provider:
        request.provider.CopyFrom(
            proto.AnalyzerProviderResource(
                type=provider.type,
                properties=_struct(sentinels(provider)),
                urn=provider.urn,
                name=provider.name,
            )
        )
    if kind is proto.AnalyzerResource:
        request.parent = resource.parent
        request.dependencies.extend(resource.dependencies)
        for path, urns in resource.property_dependencies.items():
            request.propertyDependencies[path].urns.extend(urns)
    return request


def _struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(dict(properties))
    return struct


def _read(response: Any, urn: str) -> Iterator[Diagnostic]:
    for found in response.diagnostics:
        title = f"{catalogue()[found.policyName].title} [{', '.join(catalogue()[found.policyName].ids)}]\n"
        unknown = found.message.startswith("can't run policy")
        yield Diagnostic(
            control=found.policyName,
            level=_LEVELS[found.enforcementLevel],
            urn=found.urn or urn,
            message=found.message.removeprefix(title),
            not_evaluated=unknown,
        )
