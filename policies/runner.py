"""Checks a recorded graph with the pack's own rules, in process: no engine, no server.

The rules, the levels and the settings are the pack's. pulumi-policy's analyzer deserialises every resource again for
every policy, so a graph goes through it in seconds instead of milliseconds; `policies.analyzer` does that, and a test
proves that both find the same.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final, Literal

from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyProviderResource,
    PolicyResource,
    PolicyResourceOptions,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from graph import Mark, Masked, Resource, Unknown
from graph.marks import is_known
from infra.environments import environment_of
from policies.catalogue import SEVERITIES, Severity
from policies.errors import RuleError
from policies.exemptions import Exemption, exemption_for, exemptions
from policies.judging import args_for, judge, sentence
from policies.pack import rules_covering
from policies.settings import Configuration, Configured, EnforcedLevel, configured, with_regions
from policies.stack import Stack

Status = Literal["pass", "fail", "not evaluated", "exempt"]
NO_TIMEOUTS = PolicyCustomTimeouts(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict of one control on one resource; `message` says what is wrong, or why there is no verdict."""

    control: str
    ids: tuple[str, ...]
    severity: Severity
    level: EnforcedLevel
    urn: str
    status: Status
    message: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found, the most severe first; every control on every resource that it covers, passes included.

    `disabled` names the controls that the configuration left out.
    """

    environment: str
    findings: tuple[Finding, ...]
    unused_exemptions: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()

    def having(self, status: Status) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.status == status)

    @property
    def violations(self) -> tuple[Finding, ...]:
        """What stops a change."""
        return tuple(finding for finding in self.having("fail") if finding.level == "mandatory")

    @property
    def failed(self) -> bool:
        return bool(self.violations)


def check(
    resources: Sequence[Resource],
    environment: str,
    configuration: Configuration | None = None,
    *,
    allowed_regions: Sequence[str] = (),
    broken: list[RuleError] | None = None,
) -> Report:
    """Judge a graph as the pack would in `environment` (`prod`, or a stack's name such as `prod-acme`).

    `configuration` has the form of `--policy-pack-config`; `allowed_regions` is what residency allows, unless the
    configuration says so itself. Raises InputError for wrong settings and RuleError where a rule is broken; with
    `broken` that is put there instead, and says nothing of its control on its resource, and the other rules are asked.
    """
    kind = environment_of(environment)
    controls = configured(kind, with_regions(configuration, allowed_regions))
    stack = Stack(policy_resources(resources))
    findings = [finding for resource in stack.resources for finding in _findings(resource, stack, controls, broken)]
    order = {severity: position for position, severity in enumerate(SEVERITIES)}
    findings.sort(key=lambda f: (f.status != "fail", f.level != "mandatory", order[f.severity]))
    disabled = tuple(name for name, one in controls.items() if one.level == "disabled")
    return Report(kind, tuple(findings), _unused(findings, resources), disabled)


def _findings(
    resource: PolicyResource, stack: Stack, controls: Mapping[str, Configured], broken: list[RuleError] | None
) -> Iterator[Finding]:
    for name, rules in rules_covering(resource.resource_type).items():
        configured_control = controls[name]
        control, level = configured_control.control, configured_control.level
        if level == "disabled":
            continue
        fixed = (name, control.ids, control.severity, level, resource.urn)
        exempt = exemption_for(control.name, resource.urn)
        if exempt:
            yield Finding(*fixed, "exempt", exempt.reason)
            continue
        problems: list[str] = []
        try:
            reasons = [
                judge(
                    rule,
                    args_for(resource, configured_control.settings, stack, linked=rule.stack_wide),
                    problems.append,
                )
                for rule in rules
            ]
        except RuleError as error:
            if broken is None:
                raise
            broken.append(error)
            continue
        for problem in problems:
            yield Finding(*fixed, "fail", sentence(control, resource.name, problem), control.fix)
        for reason in filter(None, reasons):
            yield Finding(*fixed, "not evaluated", f"{resource.name}: {reason}", control.fix)
        if not problems and not any(reasons):
            yield Finding(*fixed, "pass")


def _unused(findings: Sequence[Finding], resources: Sequence[Resource]) -> tuple[str, ...]:
    if not resources:
        return ()
    used = {(finding.control, finding.message) for finding in findings if finding.status == "exempt"}
    projects = {resource.urn.split("::")[1] for resource in resources}
    return tuple(
        f"{control} on {exemption.urn}"
        for control, entries in exemptions().items()
        for exemption in entries
        if (control, exemption.reason) not in used and _concerns(exemption, projects)
    )


def _concerns(exemption: Exemption, projects: Set[str]) -> bool:
    """Whether an exemption could match here: one that names its project says nothing about another's."""
    parts = exemption.urn.split("::")
    named = parts[1] if len(parts) > 2 else "*"
    return "*" in named or named in projects


def policy_resources(resources: Sequence[Resource]) -> list[PolicyResource]:
    """The graph in pulumi-policy's own classes, parents and dependencies linked as its analyzer links them."""
    providers = {r.urn: r for r in resources if r.is_provider}
    found = {r.urn: _policy_resource(r, providers) for r in resources}
    for resource in resources:
        linked = found[resource.urn]
        linked.parent = found.get(resource.parent)
        linked.dependencies.extend(found[urn] for urn in resource.dependencies if urn in found)
        for path, urns in resource.property_dependencies.items():
            linked.property_dependencies[path] = [found[urn] for urn in urns if urn in found]
    return list(found.values())


def _policy_resource(resource: Resource, providers: Mapping[str, Resource]) -> PolicyResource:
    provider = providers.get(resource.provider) or providers.get(resource.provider.rpartition("::")[0])
    return PolicyResource(
        resource.type,
        with_unknowns(resource),
        resource.urn,
        resource.name,
        PolicyResourceOptions(
            resource.protect,
            list(resource.ignore_changes),
            None,
            list(resource.aliases),
            NO_TIMEOUTS,
            [],
            resource.parent,
        ),
        PolicyProviderResource(provider.type, provider.inputs, provider.urn, provider.name) if provider else None,
        None,
        [],
        {},
    )


IDENTITIES: Final = ("id", "arn", "name", "bucket", "identifier")
"""Outputs by which other resources name this one."""


def judged_properties(resource: Resource) -> dict[str, Any]:
    """What the program declares, and the outputs that others name the resource by.

    Other outputs are AWS's defaults or a rehearsal's inventions: a policy judges what the program says.
    """
    named = {key: resource.outputs[key] for key in IDENTITIES if resource.outputs.get(key)}
    return {**({"id": resource.id} if resource.id else {}), **named, **resource.inputs}


def with_unknowns(resource: Resource) -> Mapping[str, Any]:
    """The properties, with the SDK's sentinels and proxies where a value is unknown."""
    properties = judged_properties(resource)
    if is_known(properties):
        return properties
    proxied: Mapping[str, Any] = unknown_checking_proxy(sentinels(resource))
    return proxied


def sentinels(resource: Resource) -> dict[str, Any]:
    """The properties with the engine's sentinel in the place of every unknown value, a mask in a secret one's."""
    found: dict[str, Any] = _shown(judged_properties(resource))
    return found


def _shown(value: Any) -> Any:
    match value:
        case Unknown() | Masked():
            return UNKNOWN_STRING_VALUE
        case Mark():
            return str(value)
        case Mapping():
            return {key: _shown(item) for key, item in value.items()}
        case list() | tuple():
            return [_shown(item) for item in value]
    return value
