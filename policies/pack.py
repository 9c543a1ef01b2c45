"""The CrossGuard pack: one pulumi-policy policy a control, made from the catalogue and the rules."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from infra.environments import environment_of
from policies.catalogue import Control, catalogue
from policies.exemptions import exemption_for
from policies.judging import args_for, judge, sentence
from policies.rule import RULES, Rule
from policies.rules import (  # noqa: F401
    access,
    backups,
    database,
    encryption,
    network,
    observability,
    outsiders,
    placement,
    secrets,
    service,
    snapshots,
    storage,
    web_acl,
)
from policies.stack import Stack

NAME = "workbuoy"


def rules_of(control: Control) -> list[Rule]:
    return [rule for rule in RULES if rule.control == control.name]


@cache
def rules_covering(kind: str) -> Mapping[str, Sequence[Rule]]:
    """The rules that judge a type, by control."""
    found: dict[str, list[Rule]] = {}
    for rule in RULES:
        if rule.covers(kind):
            found.setdefault(rule.control, []).append(rule)
    return found


def policies(
    environment: str | None = None, *, regions: Sequence[str] | None = None, only: Sequence[str] | None = None
) -> list[Policy]:
    """The pack's policies with the levels of an environment, which the engine's own variables name by default."""
    stack = environment if environment is not None else os.environ.get("PULUMI_STACK", "prod")
    allowed = regions if regions is not None else configured_regions(os.environ.get("PULUMI_CONFIG"))
    controls = [c for c in catalogue().values() if c.by == "policy" and (only is None or c.name in only)]
    return [_policy(control, environment_of(stack), allowed) for control in controls]


def configured_regions(text: str | None) -> list[str]:
    """The regions that a stack's own settings allow: `residency` of `workbuoy:settings`.

    The engine hands a pack the stack's whole configuration as JSON, each value a text of its own.
    """
    settings = json.loads(text or "{}").get(f"{NAME}:settings") or "{}"
    parsed = json.loads(settings) if isinstance(settings, str) else settings
    return [str(region) for region in parsed.get("residency") or ()]


def _policy(control: Control, environment: str, regions: Sequence[str]) -> Policy:
    rules = rules_of(control)
    shared: dict[str, Any] = {
        "name": control.name,
        "description": f"{control.title} [{', '.join(control.ids)}]",
        "enforcement_level": EnforcementLevel(control.level_in(environment)),
        "config_schema": _schema(control),
        "severity": Severity(control.severity),
        "framework": PolicyComplianceFramework(name=NAME, reference=", ".join(control.ids)),
        "remediation_steps": control.fix,
    }
    settings = control.defaults()
    if "allowedRegions" in settings:
        settings["allowedRegions"] = list(regions)
    if any(rule.stack_wide for rule in rules):
        return StackValidationPolicy(validate=_stack_validation(control, rules, settings), **shared)
    return ResourceValidationPolicy(validate=_resource_validation(control, rules, settings), **shared)


def _schema(control: Control) -> PolicyConfigSchema | None:
    if not control.settings:
        return None
    return PolicyConfigSchema({name: s.schema_property() for name, s in control.settings.items()})


def _resource_validation(
    control: Control, rules: Sequence[Rule], settings: Mapping[str, Any]
) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        resource = PolicyResource(
            args.resource_type, args.props, args.urn, args.name, args.opts, args.provider, None, [], {}
        )
        merged = {**settings, **args.get_config()}
        for rule in rules:
            if rule.covers(args.resource_type) and not exemption_for(control.name, args.urn):
                reason = judge(
                    rule,
                    args_for(resource, merged),
                    lambda problem: report(sentence(control, args.name, problem), None),
                )
                if reason:
                    raise _not_evaluated([f"{args.name}: {reason}"])

    return validate


def _stack_validation(
    control: Control, rules: Sequence[Rule], settings: Mapping[str, Any]
) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        stack = Stack(args.resources)
        merged = {**settings, **args.get_config()}
        reasons: list[str] = []
        for resource in args.resources:
            for rule in rules:
                if not rule.covers(resource.resource_type) or exemption_for(control.name, resource.urn):
                    continue
                subject = args_for(resource, merged, stack, linked=True)

                def report_problem(problem: str, found: PolicyResource = resource) -> None:
                    report(sentence(control, found.name, problem), found.urn)

                reason = judge(rule, subject, report_problem)
                if reason:
                    reasons.append(f"{resource.name}: {reason}")
        if reasons:
            raise _not_evaluated(reasons)

    return validate


def _not_evaluated(reasons: Sequence[str]) -> UnknownValueError:
    """What makes the SDK say that it could not run the policy: once a policy, so it names every resource at once."""
    error = UnknownValueError(UNKNOWN_STRING_VALUE, [])
    error.message = "not evaluated: " + "; ".join(reasons)
    return error
